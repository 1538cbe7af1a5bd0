import type { StudioEvent } from '#shared/events.ts';

export interface NumberedEvent {
  readonly id: number;
  readonly event: StudioEvent;
}

/** Kept for windows that reconnect; one that missed more than this asks for everything anew anyway. */
const HISTORY = 256;
/** A window that does not read for this many events is behind for good: its stream ends and it reconnects. */
const LISTENER_BACKLOG = 1024;

/** Publishes what happened in the host, numbered, so that a reconnecting window continues after the last one it saw. */
export class EventBus {
  readonly #listeners = new Set<(numbered: NumberedEvent) => void>();
  readonly #history: NumberedEvent[] = [];
  #lastId = 0;
  #catalogVersion = 0;

  /** Another number after each change of the catalog that was told. */
  get catalogVersion(): number {
    return this.#catalogVersion;
  }

  publish(event: StudioEvent): void {
    // A decision changes the labels of labeled images, and with them what lists are of.
    if (event.type === 'catalog.changed' || event.type === 'decisions.changed') this.#catalogVersion++;
    const numbered = { id: ++this.#lastId, event };
    this.#history.push(numbered);
    if (this.#history.length > HISTORY) this.#history.shift();
    for (const listener of this.#listeners) listener(numbered);
  }

  /** Events after `afterId` (0: only new ones), until `signal` aborts or the reader falls too far behind. */
  async *listen(afterId: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    const pending: NumberedEvent[] = afterId === 0 ? [] : this.#history.filter(({ id }) => id > afterId);
    let wake: () => void = () => undefined;
    const listener = (numbered: NumberedEvent): void => {
      pending.push(numbered);
      wake();
    };
    const onAbort = (): void => wake();
    this.#listeners.add(listener);
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted && pending.length < LISTENER_BACKLOG) {
        const next = pending.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
