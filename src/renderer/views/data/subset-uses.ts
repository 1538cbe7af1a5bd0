import type { Subset } from '#shared/catalog.ts';

/** What a run learns from: a subset, `NAME` or `NAME@VERSION`, or a source. */
export interface RunUse {
  readonly id: string;
  readonly name: string;
  readonly labeled: string;
}

/** Runs that learn from a version of a subset. A run that names no version learned from the one that was the newest then; it counts to the newest now. */
export function runsUsing(
  { name, version }: Pick<Subset, 'name' | 'version'>,
  uses: readonly RunUse[],
  isNewest = true,
): readonly RunUse[] {
  return uses.filter(({ labeled }) => labeled === `${name}@${version}` || (isNewest && labeled === name));
}
