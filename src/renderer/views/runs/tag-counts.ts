import type { RunSummary } from '#shared/training.ts';

/** Every tag with how many runs have it, in the order of the alphabet. */
export function tagCounts(runs: readonly Pick<RunSummary, 'tags'>[]): (readonly [tag: string, count: number])[] {
  const byTag = Map.groupBy(
    runs.flatMap(({ tags }) => tags),
    (tag) => tag,
  );
  return [...byTag]
    .map(([tag, uses]) => [tag, uses.length] as const)
    .sort(([one], [other]) => one.localeCompare(other));
}
