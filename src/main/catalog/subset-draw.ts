import type { Grouping, SubsetRequest } from '#shared/catalog.ts';
import { RandomStream, permutation } from '#shared/random.ts';

/** A labeled image that may be drawn. */
export interface Candidate {
  readonly id: number;
  readonly label: number;
}

type Amount = Pick<SubsetRequest, 'perClass' | 'fraction' | 'balanced'>;

/** How many of each class are asked for. @param available images of each class. */
export function wantedCounts({ perClass, fraction = 1, balanced }: Amount, available: readonly number[]): number[] {
  if (perClass !== undefined) return available.map(() => perClass);
  if (!balanced) return available.map((count) => Math.round(count * fraction));
  const total = available.reduce((sum, count) => sum + count, 0) * fraction;
  const present = available.filter((count) => count > 0).length;
  return available.map((count) => (count === 0 ? 0 : Math.round(total / present)));
}

/**
 * The first `wanted[c]` of a random order of the images of each class, so that a larger draw of the same seed holds a smaller one. Partial
 * Fisher–Yates: the cost is that of what is drawn.
 */
export function drawImages(candidates: readonly Candidate[], wanted: readonly number[], seed: number): Candidate[] {
  const byLabel = Map.groupBy(candidates, ({ label }) => label);
  return wanted.flatMap((count, label) => {
    const order = [...(byLabel.get(label) ?? [])];
    const stream = new RandomStream(seed, 'subset', label);
    const drawn = Math.min(count, order.length);
    for (let position = 0; position < drawn; position++) {
      const other = position + stream.integer(order.length - position);
      [order[position], order[other]] = [order[other]!, order[position]!];
    }
    return order.slice(0, drawn);
  });
}

/**
 * Whole groups in a random order, each taken when it leads no class above what is wanted of it. What is drawn may therefore be somewhat less
 * than was asked for.
 */
export function drawGroups(
  groups: readonly (readonly Candidate[])[],
  wanted: readonly number[],
  seed: number,
): Candidate[] {
  const missing = [...wanted];
  const drawn: Candidate[] = [];
  for (const index of permutation(groups.length, seed, 'subset')) {
    const group = groups[index]!;
    const counts = new Map<number, number>();
    for (const { label } of group) counts.set(label, (counts.get(label) ?? 0) + 1);
    if ([...counts].some(([label, count]) => count > (missing[label] ?? 0))) continue;
    for (const [label, count] of counts) missing[label]! -= count;
    for (const candidate of group) drawn.push(candidate);
  }
  return drawn;
}

const KEPT: Readonly<Record<Grouping, string>> = {
  identity: ', people kept whole',
  duplicates: ', duplicates kept together',
};

/** The request's amount in words. */
export function ruleOf({
  perClass,
  fraction = 1,
  balanced,
  together,
}: Amount & Pick<SubsetRequest, 'together'>): string {
  const kept = together.map((grouping) => KEPT[grouping]).join('');
  if (perClass !== undefined) return `${perClass} of each class${kept}`;
  const percent = Number((fraction * 100).toPrecision(12)); // 0.07 × 100 is not 7
  return `${percent} % of the images${balanced ? ', balanced' : ''}${kept}`;
}
