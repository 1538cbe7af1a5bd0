import type { CatalogStats } from '#shared/catalog.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import type { BarColumn } from '../../components/class-bars.tsx';
import { formatRatio } from '../../text/format.ts';
import { SPLIT_LABELS } from '../../text/words.ts';

/** Which images are shown; what is left out does not restrict. */
export interface FaceFilter {
  readonly source?: string;
  readonly split?: Split;
  /** Class index. */
  readonly label?: number;
}

export interface Facet<Value> {
  readonly value: Value;
  readonly count: number;
}

export interface Facets {
  readonly sources: readonly Facet<string>[];
  readonly splits: readonly Facet<Split>[];
  readonly classes: readonly Facet<number>[];
  /** Images under the whole filter. */
  readonly matching: number;
}

/** Each value of each facet, with how many images it has under the filters of the other facets. */
export function facetsOf(stats: CatalogStats, filter: FaceFilter): Facets {
  const { source, split, label } = filter;
  return {
    sources: stats.sources.map(({ name }) => ({
      value: name,
      count: countImages(stats, { split, label, source: name }),
    })),
    splits: SPLITS.filter((value) => (stats.splits[value]?.total ?? 0) > 0).map((value) => ({
      value,
      count: countImages(stats, { source, label, split: value }),
    })),
    classes: stats.classes.map((_, value) => ({ value, count: countImages(stats, { source, split, label: value }) })),
    matching: countImages(stats, filter),
  };
}

function countImages(stats: CatalogStats, { source, split, label }: FaceFilter): number {
  let count = 0;
  for (const { name, splits } of stats.sources) {
    if (source !== undefined && source !== name) continue;
    for (const candidate of SPLITS) {
      const counts = splits[candidate];
      if (counts === undefined || (split !== undefined && split !== candidate)) continue;
      count += label === undefined ? counts.total : (counts.counts[label] ?? 0);
    }
  }
  return count;
}

/** The labeled splits as columns of class bars, each with its imbalance. */
export function splitColumns(stats: CatalogStats): BarColumn<Split>[] {
  return SPLITS.flatMap((split): BarColumn<Split>[] => {
    const counts = stats.splits[split];
    if (counts === undefined || counts.counts.every((count) => count === 0)) return [];
    const note = counts.imbalanceRatio === null ? '' : formatRatio(counts.imbalanceRatio);
    return [{ key: split, label: SPLIT_LABELS[split], note, counts: counts.counts }];
  });
}
