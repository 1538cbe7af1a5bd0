import type { AnalysisSummary, DuplicateSummary } from '#shared/analysis.ts';
import type { CatalogStats } from '#shared/catalog.ts';
import type { DuplicateFilter } from '#shared/filter.ts';
import { type Split } from '#shared/images.ts';
import { formatCount, formatRatio, plural } from '../../text/format.ts';
import { QUALITY_LABELS, SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import type { DataSearch } from '../data/search.ts';

/** Something about the data that training will suffer from, and where to see it. */
export interface Finding {
  readonly text: string;
  readonly action: string;
  readonly to:
    | { readonly place: 'faces'; readonly search: DataSearch }
    | { readonly place: 'sources' }
    /** Something to be done here, not a place. */
    | { readonly place: 'analysis' }
    | { readonly place: 'import' };
}

/** From this ratio on, a plain network neglects its rarest class. */
const NOTABLE_IMBALANCE = 3;

/** What is wrong with the data of a workspace, worst first. */
export function findingsOf(stats: CatalogStats, analysis: AnalysisSummary): Finding[] {
  return [
    ...missingParts(stats),
    ...emptyClasses(stats),
    ...imbalance(stats),
    ...duplicates(analysis.exact, 'exact'),
    ...duplicates(analysis.near, 'near'),
    ...quality(analysis),
    ...failures(stats),
    ...notAnalyzed(analysis),
  ];
}

/** The same picture where it must not be: in the images a network is scored on, or with another label. */
function duplicates(summary: DuplicateSummary | null, kind: 'exact' | 'near'): Finding[] {
  if (summary === null) return [];
  const what = kind === 'exact' ? 'the same picture' : 'nearly the same picture';
  const found = (count: number, text: string, filter: DuplicateFilter): Finding[] =>
    count === 0 ? [] : [{ text, action: 'Show them', to: { place: 'faces', search: { duplicates: filter } } }];
  return [
    ...found(
      summary.leaks,
      `${plural(summary.leaks, 'group')} of ${what} in several splits: what is trained on is scored on too.`,
      `${kind}-leak`,
    ),
    ...found(
      summary.contradictions,
      `${plural(summary.contradictions, 'group')} of ${what} with different labels.`,
      `${kind}-contradiction`,
    ),
  ];
}

function quality({ flags }: AnalysisSummary): Finding[] {
  const found = flags.filter(({ count }) => count > 0).toSorted((one, other) => other.count - one.count);
  if (found.length === 0) return [];
  const parts = found.map(({ value, count }) => `${formatCount(count)} ${QUALITY_LABELS[value].toLowerCase()}`);
  return [
    {
      text: `Pictures that show little: ${parts.join(', ')}.`,
      action: 'Show them',
      to: { place: 'faces', search: { quality: found.map(({ value }) => value).join(',') } },
    },
  ];
}

function notAnalyzed({ images, analyzed, failed }: AnalysisSummary): Finding[] {
  const left = images - analyzed - failed;
  if (left <= 0) return [];
  return [
    {
      text: `${plural(left, 'image')} not looked at yet: duplicates across splits and bad pictures among them are unknown.`,
      action: 'Look at them',
      to: { place: 'analysis' },
    },
  ];
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
      to: { place: 'faces', search: { split: 'train', class: expressionAt(smallest).name } },
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
