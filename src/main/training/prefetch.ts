/**
 * Makes items 0, 1, 2, … a few ahead of their use.
 *
 * @param make makes an item; several are made at the same time. @param ahead how many are under way beyond the one taken.
 */
export class Prefetcher<Item> {
  readonly #make: (index: number) => Promise<Item>;
  readonly #ahead: number;
  readonly #pending = new Map<number, Promise<Item>>();

  constructor(make: (index: number) => Promise<Item>, ahead: number) {
    this.#make = make;
    this.#ahead = ahead;
  }

  /** Takes an item, which is to be asked for in ascending order, up to but not including `end`; rejects as `make` did. */
  take(index: number, end: number): Promise<Item> {
    for (let next = index; next <= index + this.#ahead && next < end; next++) {
      if (this.#pending.has(next)) continue;
      const item = this.#make(next);
      // A failure is told when the item is taken; until then it must not count as unhandled.
      item.catch(() => undefined);
      this.#pending.set(next, item);
    }
    const item = this.#pending.get(index);
    this.#pending.delete(index);
    if (item === undefined) throw new RangeError(`Item ${index} is not below the end ${end}.`);
    return item;
  }

  /** Waits until nothing is under way, and drops what was made. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#pending.values());
    this.#pending.clear();
  }
}
