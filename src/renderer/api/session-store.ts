import { z } from 'zod';

/** Opens the host to this window: the bearer token for requests, and a key that opens images only. */
const sessionSchema = z.object({ token: z.string().min(1), imageKey: z.string().min(1) });
export type Session = z.infer<typeof sessionSchema>;

export type SessionState =
  | { readonly status: 'signing-in' }
  | { readonly status: 'signed-in'; readonly session: Session }
  /** `reason` is set when an address was tried and refused. */
  | { readonly status: 'signed-out'; readonly reason: string | null };

const STORAGE_KEY = 'face2exp.session';

/** The one-time token in a printed address (`http://127.0.0.1:4000/#launch=abc`), in its fragment, or by itself; null when there is none. */
export function launchTokenOf(text: string): string | null {
  const match = /(?:^|#|&)launch=([A-Za-z0-9_-]+)/.exec(text.trim()) ?? /^([A-Za-z0-9_-]{20,})$/.exec(text.trim());
  return match?.[1] ?? null;
}

/** The parts of a browser that the session needs. */
export interface SessionHost {
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly fetch: typeof fetch;
}

/** Who this window is to the host. Kept per origin, so a reload or a second tab needs no new address. */
export class SessionStore {
  #state: SessionState = { status: 'signing-in' };
  readonly #listeners = new Set<() => void>();
  readonly #host: SessionHost;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  readonly state = (): SessionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The session in use. @throws Error when signed out; nothing that needs it is on the screen then. */
  current(): Session {
    if (this.#state.status !== 'signed-in') throw new Error('This window is not signed in.');
    return this.#state.session;
  }

  /**
   * Signs in as the window opens: with the launch token of its address, else with what was kept, else, in the desktop shell, with nothing,
   * since the shell adds the token itself.
   */
  async open(options: { launch: string | null; shell: boolean }): Promise<void> {
    const kept = this.#read();
    if (options.launch === null && !options.shell) {
      this.#set(kept === null ? { status: 'signed-out', reason: null } : { status: 'signed-in', session: kept });
      return;
    }
    const answer = await this.#exchange(options.launch === null ? {} : { launch: options.launch });
    if ('session' in answer) this.#keep(answer.session);
    // A used address in the browser's history is no reason to lose a session that still holds.
    else if (kept !== null) this.#set({ status: 'signed-in', session: kept });
    else this.#set({ status: 'signed-out', reason: answer.reason });
  }

  /** Signs in with an address a person pasted. */
  async signIn(address: string): Promise<void> {
    const launch = launchTokenOf(address);
    if (launch === null) {
      this.#set({
        status: 'signed-out',
        reason: 'That is not an address the studio printed: it has no “#launch=” part.',
      });
      return;
    }
    const answer = await this.#exchange({ launch });
    if ('session' in answer) this.#keep(answer.session);
    else this.#set({ status: 'signed-out', reason: answer.reason });
  }

  /** The host refused the session: a new host has a new token. */
  refused(): void {
    if (this.#state.status !== 'signed-in') return;
    this.#host.storage.removeItem(STORAGE_KEY);
    this.#set({ status: 'signed-out', reason: null });
  }

  async #exchange(body: { launch?: string }): Promise<{ session: Session } | { reason: string }> {
    try {
      const response = await this.#host.fetch('/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer: unknown = await response.json();
      if (response.ok) return { session: sessionSchema.parse(answer) };
      const refusal = z.object({ message: z.string() }).safeParse(answer);
      return { reason: refusal.success ? refusal.data.message : `The studio refused (${response.status}).` };
    } catch {
      return { reason: 'The studio does not answer. Is it still running?' };
    }
  }

  #keep(session: Session): void {
    this.#host.storage.setItem(STORAGE_KEY, JSON.stringify(session));
    this.#set({ status: 'signed-in', session });
  }

  #read(): Session | null {
    const text = this.#host.storage.getItem(STORAGE_KEY);
    if (text === null) return null;
    try {
      return sessionSchema.parse(JSON.parse(text));
    } catch {
      return null; // written by another version: as good as none
    }
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
