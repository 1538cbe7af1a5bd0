/** What a decision makes stale at once, and what can wait. */
export interface Staleness {
  /** What is known of these images themselves; of all where it is null. */
  readonly images: (images: readonly number[] | null) => void;
  /** Counts and lists, which a single decision hardly changes and which take long on a large catalog. */
  readonly counts: () => void;
}

/**
 * Passes decisions on to what shows them: a face that was decided is looked at anew at once, counts and lists once in a while, so that a
 * reviewer who decides each second does not make every open place ask again each second.
 */
export class DecisionChanges {
  readonly #staleness: Staleness;
  readonly #interval: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param interval milliseconds between two looks at the counts. */
  constructor(staleness: Staleness, interval: number) {
    this.#staleness = staleness;
    this.#interval = interval;
  }

  /** @param images those that were decided; null where they are many. */
  note(images: readonly number[] | null): void {
    this.#staleness.images(images);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#staleness.counts();
    }, this.#interval);
  }
}
