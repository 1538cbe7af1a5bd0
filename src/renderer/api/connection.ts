/** The event stream as the window sees it; `lost` says when it tries again (milliseconds since 1970). */
export type ConnectionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  | { readonly status: 'lost'; readonly retryAt: number };

export interface StreamListener {
  onOpen(): void;
  onLost(): void;
}

/** Opens the stream once, without retries of its own, and returns how to close it. */
export type OpenStream = (listener: StreamListener) => () => void;

const FIRST_DELAY_MILLISECONDS = 500;
const LONGEST_DELAY_MILLISECONDS = 15_000;

/** Keeps one event stream open: each failed try doubles the wait before the next, and an open stream starts over. */
export class Connection {
  #state: ConnectionState = { status: 'connecting' };
  #failures = 0;
  #close: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #open: OpenStream;
  readonly #listeners = new Set<() => void>();

  constructor(open: OpenStream) {
    this.#open = open;
  }

  readonly state = (): ConnectionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Connects now; also what "Try now" does. */
  start(): void {
    this.#drop();
    if (this.#state.status === 'open') this.#set({ status: 'connecting' });
    let current = true;
    const close = this.#open({
      onOpen: () => {
        if (!current) return;
        this.#failures = 0;
        this.#set({ status: 'open' });
      },
      onLost: () => {
        if (!current) return;
        this.#drop();
        this.#retryLater();
      },
    });
    this.#close = () => {
      current = false;
      close();
    };
  }

  stop(): void {
    this.#drop();
    this.#failures = 0;
    this.#set({ status: 'connecting' });
  }

  #retryLater(): void {
    const delay = Math.min(LONGEST_DELAY_MILLISECONDS, FIRST_DELAY_MILLISECONDS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.start(), delay);
    this.#set({ status: 'lost', retryAt: Date.now() + delay });
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#close?.();
    this.#close = null;
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
