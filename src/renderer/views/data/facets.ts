import type { CatalogStats } from '#shared/catalog.ts';
import type { SizeClass } from '#shared/filter.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import type { Facets } from '#shared/query.ts';
import type { BarColumn } from '../../components/class-bars.tsx';
import { formatRatio } from '../../text/format.ts';
import { SPLIT_LABELS } from '../../text/words.ts';

export interface Facet<Value> {
  readonly value: Value;
  readonly count: number;
}

/** With the values that are filtered by though no image has them, so that they can be taken out again. @param order of the values, if any. */
export function withSelected<Value>(
  facets: readonly Facet<Value>[],
  selected: readonly Value[] | undefined,
  order?: readonly Value[],
): readonly Facet<Value>[] {
  const missing = (selected ?? []).filter((value) => facets.every((facet) => facet.value !== value));
  if (missing.length === 0) return facets;
  const all = [...facets, ...missing.map((value) => ({ value, count: 0 }))];
  return order === undefined ? all : all.sort((one, other) => order.indexOf(one.value) - order.indexOf(other.value));
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

/** The same for the images of a filter. @param labels of each split, under the rest of the filter. @param classes how many there are. */
export function columnsOfFacets(
  labels: readonly { readonly split: Split; readonly facets: Facets }[],
  classes: number,
): BarColumn<Split>[] {
  return labels.flatMap(({ split, facets }): BarColumn<Split>[] => {
    const counts = Array.from({ length: classes }, () => 0);
    for (const { value, count } of facets.labels) if (value !== null && value < classes) counts[value] = count;
    const filled = counts.filter((count) => count > 0);
    if (filled.length === 0) return [];
    const note = filled.length < 2 ? '' : formatRatio(Math.max(...filled) / Math.min(...filled));
    return [{ key: split, label: SPLIT_LABELS[split], note, counts }];
  });
}

const SIZE_STARTS: readonly (readonly [SizeClass, number])[] = [
  ['below-48', 0],
  ['48-111', 48],
  ['112-223', 112],
  ['from-224', 224],
];

/** The classes of size that a stretch of pixels touches. */
export function sizesBetween(from: number, to: number): SizeClass[] {
  return SIZE_STARTS.flatMap(([size, start], index) => {
    const end = SIZE_STARTS[index + 1]?.[1] ?? Infinity;
    return start < to && from < end ? [size] : [];
  });
}
