import { SPLITS } from '#shared/images.ts';
import type { Facets } from '#shared/query.ts';
import { QUALITIES, REVIEW_STATES, SIZE_CLASSES } from '#shared/filter.ts';
import type { Cell, CellTests } from './cells.ts';
import type { RoundCounts } from './round-choice.ts';

/** Counts of every facet, each under the tests of all others. @param sources names by id. @param complete as in the result. */
export function facetsOf(
  cells: readonly Cell[],
  tests: CellTests,
  sources: ReadonlyMap<number, string>,
  complete: boolean,
): Omit<Facets, 'round'> {
  const facets = Object.keys(tests) as (keyof CellTests)[];
  const counted = cells.filter(({ count }) => count > 0);
  const under = (facet?: keyof CellTests): Cell[] => {
    const others = facets.filter((other) => other !== facet);
    return counted.filter((cell) => others.every((other) => tests[other](cell)));
  };
  const bySource = countBy(under('sources'), ({ sourceId }) => sourceId);
  return {
    total: sumOf(under()),
    complete,
    sources: [...sources].flatMap(([id, value]) => (bySource.has(id) ? [{ value, count: bySource.get(id)! }] : [])),
    splits: ordered(
      countBy(under('splits'), ({ split }) => split),
      SPLITS,
    ),
    labels: byLabel(countBy(under('labels'), ({ label }) => label)),
    sizes: ordered(
      countBy(under('sizes'), ({ size }) => size),
      SIZE_CLASSES,
    ),
    qualities: ordered(
      countByEach(under('qualities'), ({ qualities }) => qualities),
      QUALITIES,
    ),
    reviewed: ordered(
      countBy(under('reviewed'), ({ reviewed }) => reviewed),
      REVIEW_STATES,
    ),
    excluded: ordered(
      countBy(under('excluded'), ({ excluded }) => excluded),
      [false, true],
    ),
  };
}

/** Counts of what a round says. */
export function roundFacetsOf({
  labels,
  confidence,
  margin,
}: RoundCounts): Pick<NonNullable<Facets['round']>, 'pseudoLabels' | 'confidence' | 'margin'> {
  const pseudoLabels = labels.flatMap((count, value) => (count === 0 ? [] : [{ value, count }]));
  return { pseudoLabels, confidence: [...confidence], margin: [...margin] };
}

const sumOf = (cells: readonly Cell[]): number => cells.reduce((sum, { count }) => sum + count, 0);

function countBy<Value>(cells: readonly Cell[], valueOf: (cell: Cell) => Value): Map<Value, number> {
  return new Map([...Map.groupBy(cells, valueOf)].map(([value, group]) => [value, sumOf(group)]));
}

/** Counts of values of which a cell may have several. */
function countByEach<Value>(cells: readonly Cell[], valuesOf: (cell: Cell) => readonly Value[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const cell of cells)
    for (const value of valuesOf(cell)) counts.set(value, (counts.get(value) ?? 0) + cell.count);
  return counts;
}

function ordered<Value>(
  counts: ReadonlyMap<Value, number>,
  order: readonly Value[],
): { value: Value; count: number }[] {
  return order.flatMap((value) => (counts.has(value) ? [{ value, count: counts.get(value)! }] : []));
}

/** Classes in their order, the images without one last. */
function byLabel(counts: ReadonlyMap<number | null, number>): { value: number | null; count: number }[] {
  const labels = [...counts.keys()].filter((label) => label !== null).sort((one, other) => one - other);
  return ordered(counts, [...labels, null]);
}
