/** A picture that is decoded and ready to be drawn; `failed` when it cannot be had. */
export type Picture = ImageBitmap | 'failed';

const TOGETHER = 4;

/**
 * Pictures of faces, fetched and decoded before they are shown. What is wanted is said in the order of its urgency; what no longer is, is
 * forgotten.
 */
export class Pictures {
  #wanted: readonly number[] = [];
  #loading = 0;
  #version = 0;
  readonly #held = new Map<number, Picture>();
  readonly #under = new Set<number>();
  readonly #listeners = new Set<() => void>();
  readonly #load: (id: number) => Promise<ImageBitmap>;

  constructor(load: (id: number) => Promise<ImageBitmap>) {
    this.#load = load;
  }

  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get(id: number): Picture | undefined {
    return this.#held.get(id);
  }

  /** @param ids of all pictures that are wanted now, the most urgent first. */
  want(ids: readonly number[]): void {
    this.#wanted = ids;
    const kept = new Set(ids);
    for (const [id, picture] of this.#held) {
      if (kept.has(id)) continue;
      if (picture !== 'failed') picture.close();
      this.#held.delete(id);
    }
    this.#next();
  }

  /** Tries those again that could not be had. */
  retry(): void {
    for (const [id, picture] of this.#held) if (picture === 'failed') this.#held.delete(id);
    this.#next();
  }

  close(): void {
    this.want([]);
  }

  #next(): void {
    for (const id of this.#wanted) {
      if (this.#loading >= TOGETHER) return;
      if (this.#held.has(id) || this.#under.has(id)) continue;
      this.#loading++;
      this.#under.add(id);
      this.#load(id)
        .then(
          (picture) => this.#hold(id, picture),
          () => this.#hold(id, 'failed'),
        )
        .finally(() => {
          this.#loading--;
          this.#under.delete(id);
          this.#next();
        });
    }
  }

  #hold(id: number, picture: Picture): void {
    if (!this.#wanted.includes(id)) {
      if (picture !== 'failed') picture.close();
      return;
    }
    this.#held.set(id, picture);
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}
