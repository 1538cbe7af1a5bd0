import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DataMismatch, MEASURES, type Measure, type MeasureMismatch } from '#shared/analysis.ts';
import type { MeasureHistogram } from '#shared/faces.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { CellTable } from './cells.ts';
import type { Connection } from './database.ts';
import type { ImageQuery } from './image-query.ts';

/** Rows read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;

/** Bounds of even bins. */
const even = (last: number, bins: number): number[] =>
  Array.from({ length: bins + 1 }, (_, index) => (last * index) / bins);
/** Bounds that each are √2 times the one before. */
const halfOctaves = (first: number, bins: number): number[] =>
  Array.from({ length: bins + 1 }, (_, index) => first * 2 ** (index / 2));

const BOUNDS: Readonly<Record<Measure, readonly number[]>> = {
  brightness: even(255, 32),
  contrast: even(128, 32),
  sharpness: halfOctaves(1, 28),
  colourfulness: even(128, 32),
  size: halfOctaves(16, 16),
};

type MeasuredRow = readonly [id: number, cell: number, ...values: number[]];

/** How far labeled and unlabeled images are apart in what can be measured. */
export class AnalysisMismatch {
  readonly #cells: CellTable;
  readonly #query: ImageQuery;
  readonly #rows;
  readonly #changes;
  #last: { readonly key: string; readonly mismatch: DataMismatch } | undefined;
  #lastSpread: { readonly key: string; readonly spread: MeasureHistogram[] } | undefined;

  constructor(connection: Connection, cells: CellTable, query: ImageQuery) {
    this.#cells = cells;
    this.#query = query;
    // The measures in the order of MEASURES.
    this.#rows = connection
      .prepare<[number, number], MeasuredRow>(
        `SELECT image_id, image.cell, brightness, contrast, sharpness, colourfulness, min(analysis.width, analysis.height)
         FROM analysis CROSS JOIN image ON image.id = analysis.image_id WHERE image_id > ? ORDER BY image_id LIMIT ?`,
      )
      .raw();
    this.#changes = connection.prepare<[], number>('SELECT total_changes()').pluck();
  }

  /**
   * Compares the labeled images of one filter with the images of another, as far as they are analyzed. Goes through all analyses, by slices
   * between which others get their turn. @throws StudioError 'not-found' for an unknown source.
   */
  async compare(
    labeled: ImageFilter = { splits: ['train'] },
    unlabeled: ImageFilter = { splits: ['unlabeled'] },
  ): Promise<DataMismatch> {
    const key = JSON.stringify([labeled, unlabeled, this.#changes.get()]);
    if (this.#last?.key === key) return this.#last.mismatch;
    const withLabel = this.#cells.matching(labeled).filter(({ label }) => label !== null);
    const sides = new Map([
      ...this.#cells.matching(unlabeled).map(({ id }) => [id, 1] as const),
      ...withLabel.map(({ id }) => [id, 0] as const),
    ]);
    const histograms = [0, 1].map(() => MEASURES.map((measure) => new Histogram(BOUNDS[measure])));
    const [ofLabeled, ofUnlabeled] = [this.#listedIds(labeled), this.#listedIds(unlabeled)];
    await this.#fill(sides, histograms, (id, side) => (side === 0 ? ofLabeled : ofUnlabeled)?.has(id) ?? true);
    const [first, second] = histograms as [Histogram[], Histogram[]];
    const counts = { labeled: first[0]!.count, unlabeled: second[0]!.count };
    const isEmpty = counts.labeled === 0 || counts.unlabeled === 0;
    const measures = isEmpty
      ? []
      : MEASURES.map((measure, index) => mismatchOf(measure, first[index]!, second[index]!));
    const mismatch = { ...counts, measures };
    this.#last = { key, mismatch };
    return mismatch;
  }

  /**
   * How the measures of the images of a filter are spread, as far as they are analyzed. Goes through all analyses as {@link compare}.
   * @throws StudioError as `ImageQuery.ids`.
   */
  async histograms(filter: ImageFilter): Promise<MeasureHistogram[]> {
    const key = JSON.stringify([filter, this.#changes.get()]);
    if (this.#lastSpread?.key === key) return this.#lastSpread.spread;
    const side = new Map(this.#cells.matching(filter).map(({ id }) => [id, 0] as const));
    const histograms = MEASURES.map((measure) => new Histogram(BOUNDS[measure]));
    const listed = this.#listedIds(filter);
    await this.#fill(side, [histograms], (id) => listed?.has(id) ?? true);
    const spread =
      histograms[0]!.count === 0
        ? []
        : MEASURES.map((measure, index) => {
            const { bounds, counts, mean } = histograms[index]!;
            return { measure, bounds: [...bounds], counts: [...counts], mean };
          });
    this.#lastSpread = { key, spread };
    return spread;
  }

  /** Images of a filter that its cells alone do not decide; null where they do. */
  #listedIds(filter: ImageFilter): ReadonlySet<number> | null {
    const { text, duplicates, similarTo, round } = filter;
    const isDecided = [text, duplicates, similarTo, round].every((part) => part === undefined);
    return isDecided ? null : new Set(this.#query.ids(filter));
  }

  /**
   * Goes through all analyses. @param sides which histograms the images of a cell count in.
   * @param isWanted whether one of them counts.
   */
  async #fill(
    sides: ReadonlyMap<number, number>,
    histograms: readonly (readonly Histogram[])[],
    isWanted: (id: number, side: number) => boolean,
  ): Promise<void> {
    for (let afterId = 0; ;) {
      const rows = this.#rows.all(afterId, SLICE);
      for (const [id, cell, ...values] of rows) {
        const side = sides.get(cell);
        if (side !== undefined && isWanted(id, side))
          values.forEach((value, index) => histograms[side]![index]!.add(value));
      }
      if (rows.length < SLICE) return;
      afterId = rows.at(-1)![0];
      await nextTurn();
    }
  }
}

class Histogram {
  readonly bounds: readonly number[];
  readonly #bins: number[];
  count = 0;
  #sum = 0;
  #squares = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#bins = Array.from({ length: bounds.length - 1 }, () => 0);
  }

  /** A value outside the bounds goes into the first or last bin. */
  add(value: number): void {
    let low = 0;
    let high = this.#bins.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.bounds[middle]! <= value) low = middle;
      else high = middle - 1;
    }
    this.#bins[low]!++;
    this.count++;
    this.#sum += value;
    this.#squares += value * value;
  }

  get counts(): readonly number[] {
    return this.#bins;
  }

  get shares(): number[] {
    return this.#bins.map((count) => count / this.count);
  }

  get mean(): number {
    return this.#sum / this.count;
  }

  get deviation(): number {
    return Math.sqrt(Math.max(0, this.#squares / this.count - this.mean ** 2));
  }
}

function mismatchOf(measure: Measure, labeled: Histogram, unlabeled: Histogram): MeasureMismatch {
  const { bounds } = labeled;
  const [first, second] = [labeled.shares, unlabeled.shares];
  const differences = first.map((share, index) => share - second[index]!);
  let ahead = 0;
  let wasserstein = 0;
  for (const [index, difference] of differences.entries()) {
    ahead += difference;
    wasserstein += Math.abs(ahead) * (bounds[index + 1]! - bounds[index]!);
  }
  const totalVariation = differences.reduce((sum, difference) => sum + Math.abs(difference), 0) / 2;
  const sideOf = ({ shares, mean, deviation }: Histogram) => ({ shares, mean, deviation });
  return {
    measure,
    bounds: [...bounds],
    labeled: sideOf(labeled),
    unlabeled: sideOf(unlabeled),
    totalVariation,
    wasserstein,
    words: wordsOf(measure, totalVariation, labeled.mean - unlabeled.mean),
  };
}

/** What one side is more of. */
const MORE: Readonly<Record<Measure, string>> = {
  brightness: 'brighter',
  contrast: 'richer in contrast',
  sharpness: 'sharper',
  colourfulness: 'more colourful',
  size: 'larger',
};

function wordsOf(measure: Measure, totalVariation: number, difference: number): string {
  if (totalVariation < 0.1) return 'Alike.';
  const degree = totalVariation < 0.25 ? 'somewhat' : totalVariation < 0.5 ? 'clearly' : 'very much';
  return `The ${difference > 0 ? 'labeled' : 'unlabeled'} faces are ${degree} ${MORE[measure]}.`;
}
