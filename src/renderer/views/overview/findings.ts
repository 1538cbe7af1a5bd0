import type { CatalogStats } from '#shared/catalog.ts';
import { type Split } from '#shared/images.ts';
import { formatCount, formatRatio, plural } from '../../text/format.ts';
import { SPLIT_LABELS, expressionAt } from '../../text/words.ts';

/** Something about the data that training will suffer from, and where to see it. */
export interface Finding {
  readonly text: string;
  readonly action: string;
  readonly to:
    | { readonly place: 'faces'; readonly split: Split; readonly classIndex: number }
    | { readonly place: 'sources' }
    | { readonly place: 'import' };
}

/** From this ratio on, a plain network neglects its rarest class. */
const NOTABLE_IMBALANCE = 3;

/** What is wrong with the data of a workspace, worst first. */
export function findingsOf(stats: CatalogStats): Finding[] {
  return [...imbalance(stats), ...emptyClasses(stats), ...missingParts(stats), ...failures(stats)];
}

function imbalance({ splits }: CatalogStats): Finding[] {
  const train = splits.train;
  if (train === undefined || (train.imbalanceRatio ?? 1) < NOTABLE_IMBALANCE) return [];
  const largest = train.counts.indexOf(Math.max(...train.counts));
  const smallest = train.counts.indexOf(Math.min(...train.counts.filter((count) => count > 0)));
  return [
    {
      text: `Training images are unbalanced ${formatRatio(train.imbalanceRatio ?? 1)}: ${formatCount(train.counts[largest]!)} ${expressionAt(largest).label.toLowerCase()}, ${formatCount(train.counts[smallest]!)} ${expressionAt(smallest).label.toLowerCase()}.`,
      action: `Show ${expressionAt(smallest).label.toLowerCase()}`,
      to: { place: 'faces', split: 'train', classIndex: smallest },
    },
  ];
}

function emptyClasses({ splits }: CatalogStats): Finding[] {
  const train = splits.train;
  if (train === undefined || train.counts.every((count) => count === 0)) return [];
  return train.counts.flatMap((count, classIndex): Finding[] =>
    count > 0
      ? []
      : [
          {
            text: `No training image shows ${expressionAt(classIndex).label.toLowerCase()}.`,
            action: 'Import images',
            to: { place: 'import' },
          },
        ],
  );
}

function missingParts({ splits }: CatalogStats): Finding[] {
  const needed: readonly [Split, string][] = [
    ['train', 'nothing can be trained'],
    ['validation', 'the best checkpoint cannot be chosen'],
    ['unlabeled', 'Meta-Face2Exp has nothing to learn its pseudo labels on'],
  ];
  return needed.flatMap(([split, consequence]): Finding[] =>
    (splits[split]?.total ?? 0) > 0
      ? []
      : [
          {
            text: `There are no ${SPLIT_LABELS[split].toLowerCase()} images: ${consequence}.`,
            action: 'Import images',
            to: { place: 'import' },
          },
        ],
  );
}

function failures({ sources }: CatalogStats): Finding[] {
  return sources.flatMap(({ name, failed }): Finding[] =>
    failed === 0
      ? []
      : [
          {
            text: `${plural(failed, 'file')} of ${name} could not be read.`,
            action: 'Show them',
            to: { place: 'sources' },
          },
        ],
  );
}
