import type { CatalogStats } from '#shared/catalog.ts';
import { formatCount } from '../../text/format.ts';
import { SPLIT_LABELS } from '../../text/words.ts';
import { EVALUATED_SPLITS, type EvaluatedSplit } from './search.ts';

/** A split that networks can be scored on. */
export interface LabeledSplit {
  readonly value: EvaluatedSplit;
  readonly label: string;
  readonly note: string;
}

/** Splits that hold labeled images, of all sources or of one. */
export function labeledSplits(stats: CatalogStats | undefined, source: string | undefined): LabeledSplit[] {
  const splits = source === undefined ? stats?.splits : stats?.sources.find(({ name }) => name === source)?.splits;
  return EVALUATED_SPLITS.flatMap((value) => {
    const count = splits?.[value]?.counts.reduce((sum, images) => sum + images, 0) ?? 0;
    return count === 0 ? [] : [{ value, label: SPLIT_LABELS[value], note: `${formatCount(count)} labeled` }];
  });
}
