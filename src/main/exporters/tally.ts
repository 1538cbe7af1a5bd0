import type { ExportedImage } from '#shared/export.ts';
import { DEFAULT_CLASS_COUNT, EXPRESSIONS } from '#shared/expressions.ts';
import { SPLITS, type Split } from '#shared/images.ts';

/** Images of a split: how many, and how many of each class. */
export interface SplitTally {
  readonly split: Split;
  readonly total: number;
  readonly counts: readonly number[];
}

/** Counts what a datasheet tells, image by image. */
export class Tally {
  images = 0;
  excluded = 0;
  withBox = 0;
  readonly #labels = new Map<Split, number[]>();
  readonly #totals = new Map<Split, number>();
  readonly #sources = new Map<string, number>();
  readonly #identities = new Map<string, number>();
  /** Shorter sides, pixels; absent where the size is not known. */
  readonly #sides = new Map<number, number>();

  add({ source, split, label, identity, reference, width, height, excluded }: ExportedImage): void {
    this.images++;
    if (excluded) this.excluded++;
    if (reference.box !== undefined) this.withBox++;
    raise(this.#totals, split);
    raise(this.#sources, source);
    if (identity !== null) raise(this.#identities, JSON.stringify([source, identity]));
    if (width !== null && height !== null) raise(this.#sides, Math.min(width, height));
    if (label === null) return;
    const counts = this.#labels.get(split) ?? EXPRESSIONS.map(() => 0);
    counts[label]!++;
    this.#labels.set(split, counts);
  }

  /** Splits that hold images, in their usual order; contempt is told where there is any. */
  get splits(): SplitTally[] {
    const hasContempt = [...this.#labels.values()].some((counts) => counts.at(-1)! > 0);
    const classes = hasContempt ? EXPRESSIONS.length : DEFAULT_CLASS_COUNT;
    return SPLITS.filter((split) => this.#totals.has(split)).map((split) => ({
      split,
      total: this.#totals.get(split)!,
      counts: (this.#labels.get(split) ?? EXPRESSIONS.map(() => 0)).slice(0, classes),
    }));
  }

  get sources(): ReadonlyMap<string, number> {
    return this.#sources;
  }

  /** People, and the images of the one with the most. */
  get identities(): { readonly count: number; readonly largest: number } {
    const largest = [...this.#identities.values()].reduce((most, count) => Math.max(most, count), 0);
    return { count: this.#identities.size, largest };
  }

  /** Smallest, median and largest shorter side in pixels; null when no size is known. */
  get sides(): { readonly smallest: number; readonly median: number; readonly largest: number } | null {
    const sides = [...this.#sides].sort(([one], [other]) => one - other);
    const known = sides.reduce((sum, [, count]) => sum + count, 0);
    if (known === 0) return null;
    let below = 0;
    const [median] = sides.find(([, count]) => (below += count) * 2 >= known)!;
    return { smallest: sides[0]![0], median, largest: sides.at(-1)![0] };
  }
}

function raise<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
