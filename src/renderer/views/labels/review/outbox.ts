import { z } from 'zod';
import { auditAnswerRequestSchema, decideRequestSchema } from '#shared/review.ts';

const keySchema = z.string().min(8);

/** What the window is to tell the host, one after the other. */
const keptActSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('decide'), key: keySchema, request: decideRequestSchema }),
  z.object({ kind: z.literal('answer'), key: keySchema, request: auditAnswerRequestSchema }),
  /** The next of a reviewer's own undo or redo list. */
  z.object({
    kind: z.literal('turn'),
    key: keySchema,
    turn: z.enum(['undo', 'redo']),
    reviewer: z.string().optional(),
    /** Key of the decision that is taken back or done again. */
    act: keySchema,
  }),
]);
export type KeptAct = z.infer<typeof keptActSchema>;

/** The host, as far as an outbox needs it. */
export interface Recipient {
  /** Every act carries its key: what arrives twice is done once. @returns the act's number in the log. */
  deliver(act: KeptAct): Promise<number>;
}

/** How an act ended: with its number in the log (null where it was there already), or refused for good. */
export type Outcome =
  | { readonly key: string; readonly batch: number | null }
  | { readonly key: string; readonly refusal: unknown; readonly act: KeptAct };

export interface OutboxState {
  /** Acts that the host has not confirmed. */
  readonly waiting: number;
  /** Why the last try failed; null while all goes well. */
  readonly problem: unknown;
}

export interface OutboxOptions {
  readonly storage: Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'>;
  /** Begins the names of its entries: another workspace has another one. */
  readonly prefix: string;
  readonly recipient: Recipient;
  /** Whether the same would be refused again however often it is sent. */
  readonly isFinal: (error: unknown) => boolean;
  /** Runs one delivery at a time over all windows of the browser. */
  readonly alone?: <Result>(run: () => Promise<Result>) => Promise<Result>;
}

const FIRST_DELAY_MILLISECONDS = 500;
const LONGEST_DELAY_MILLISECONDS = 8_000;

/**
 * Acts on their way to the host. Each lies in the browser's storage, an entry of its own, until the host has confirmed it: neither a reload nor a
 * host that dies loses one. They are sent in their order, one at a time, until they arrive; none counts twice.
 */
export class Outbox {
  #state: OutboxState = { waiting: 0, problem: null };
  #sequence = 0;
  #sending: string | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #options: OutboxOptions;
  readonly #listeners = new Set<() => void>();
  readonly #outcomeListeners = new Set<(outcome: Outcome) => void>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#state = { waiting: this.#entries().length, problem: null };
  }

  readonly state = (): OutboxState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Told of every act that ended. */
  onOutcome(listener: (outcome: Outcome) => void): () => void {
    this.#outcomeListeners.add(listener);
    return () => this.#outcomeListeners.delete(listener);
  }

  /** Keeps an act, and sends it as soon as those before it have arrived. */
  add(act: KeptAct): void {
    const order = `${String(Date.now()).padStart(14, '0')}.${String(this.#sequence++).padStart(6, '0')}`;
    this.#options.storage.setItem(`${this.#options.prefix}${order}.${act.key}`, JSON.stringify(act));
    this.#set({ waiting: this.#state.waiting + 1 });
    if (this.#state.problem === null) void this.flush();
  }

  /** Takes an act back that is not under way yet. @returns whether it was. */
  withdraw(key: string): boolean {
    const entry = this.#entries().find(({ act }) => act.key === key);
    // One that was tried may have arrived, whatever its answer said.
    if (entry === undefined || this.#sending === key || this.#tried.has(key)) return false;
    this.#options.storage.removeItem(entry.name);
    this.#set({ waiting: this.#state.waiting - 1 });
    return true;
  }

  readonly #tried = new Set<string>();

  /** Sends what waits, now. */
  async flush(): Promise<void> {
    if (this.#sending !== null) return;
    clearTimeout(this.#timer);
    for (let [entry] = this.#entries(); entry !== undefined; [entry] = this.#entries()) {
      const { name, act } = entry;
      this.#sending = act.key;
      this.#tried.add(act.key);
      try {
        const batch = await this.#alone(() => this.#deliver(name));
        this.#settle(name, { key: act.key, batch });
        this.#failures = 0;
        this.#set({ problem: null });
      } catch (error) {
        if (this.#options.isFinal(error)) {
          this.#settle(name, { key: act.key, refusal: error, act });
          continue;
        }
        const delay = Math.min(LONGEST_DELAY_MILLISECONDS, FIRST_DELAY_MILLISECONDS * 2 ** this.#failures++);
        this.#timer = setTimeout(() => void this.flush(), delay);
        this.#set({ problem: error });
        return;
      } finally {
        this.#sending = null;
      }
    }
  }

  /** Sends nothing any more; what waits stays where it is. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  async #deliver(name: string): Promise<number | null> {
    // Another window may have sent it while this one waited for its turn.
    const act = this.#read(name);
    if (act === null) return null;
    return this.#options.recipient.deliver(act);
  }

  #settle(name: string, outcome: Outcome): void {
    this.#options.storage.removeItem(name);
    this.#tried.delete(outcome.key);
    this.#set({ waiting: this.#entries().length });
    for (const listener of this.#outcomeListeners) listener(outcome);
  }

  /** In the order they were made. An entry that cannot be read is left alone. */
  #entries(): { readonly name: string; readonly act: KeptAct }[] {
    const { storage, prefix } = this.#options;
    const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
    return names
      .filter((name) => name.startsWith(prefix))
      .sort()
      .flatMap((name) => {
        const act = this.#read(name);
        return act === null ? [] : [{ name, act }];
      });
  }

  #read(name: string): KeptAct | null {
    const text = this.#options.storage.getItem(name);
    if (text === null) return null;
    try {
      return keptActSchema.parse(JSON.parse(text));
    } catch {
      return null; // written by another version of the studio, which may still read it
    }
  }

  #alone<Result>(run: () => Promise<Result>): Promise<Result> {
    return this.#options.alone === undefined ? run() : this.#options.alone(run);
  }

  #set(change: Partial<OutboxState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
