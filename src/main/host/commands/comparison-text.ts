import type { PairComparison, RunComparison, SeedComparison } from '#shared/evaluation.ts';
import { formatCount, formatShare, formatTable } from './output.ts';

/** Images on which two networks differ that a text lists; the JSON document has as many as asked for. */
const LISTED_IMAGES = 10;

const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(2)}`;
const interval = (bounds: readonly number[] | null, format: (value: number) => string): string =>
  bounds === null ? '' : ` [${bounds.map(format).join(', ')}]`;

export function comparisonText({ runs, split, settings, pairs }: RunComparison): string {
  const finals = runs.map(
    ({ run, evaluation: { network, step, accuracy, meanClassAccuracy, ece, nll, intervals } }) => [
      run,
      `${network}, ${step}`,
      `${formatShare(accuracy)}${interval(intervals.accuracy, formatShare)}`,
      `${formatShare(meanClassAccuracy)}${interval(intervals.meanClassAccuracy, formatShare)}`,
      ece.toFixed(4),
      nll.toFixed(4),
    ],
  );
  return [
    `On ${split}:`,
    formatTable(['run', 'network, step', 'accuracy [95 %]', 'mean class [95 %]', 'ECE', 'NLL'], finals),
    ...(settings.length === 0
      ? []
      : [
          formatTable(
            ['differing settings', ...runs.map(({ run }) => run)],
            settings.map(({ name, values }) => [name, ...values]),
          ),
        ]),
    ...pairs.map((pair, index) => pairText(pair, runs[0]!.run, runs[index + 1]!.run)),
  ].join('\n\n');
}

/** Two networks on the same images, by the names they go by. */
export function pairText(pair: PairComparison, first: string, second: string): string {
  const { mcNemar, accuracyDifference, count, differing } = pair;
  const p = mcNemar.pValue < 0.001 ? '< 0.001' : `= ${mcNemar.pValue.toFixed(3)}`;
  const test = mcNemar.method === 'exact' ? 'exact' : `χ² = ${mcNemar.statistic!.toFixed(2)}`;
  const classes = pair.perClass.map(({ name, support, recall, interval: reach, f1 }) => [
    name,
    support,
    formatShare(recall.first),
    formatShare(recall.second),
    `${points(recall.difference)}${interval(reach, points)}`,
    points(f1.difference),
  ]);
  const images = differing
    .slice(0, LISTED_IMAGES)
    .map((row) => [
      String(row.image),
      row.label,
      row.right === 'first' ? first : second,
      `${row.first.predicted} ${formatShare(row.first.confidence)}`,
      `${row.second.predicted} ${formatShare(row.second.confidence)}`,
    ]);
  return [
    `${second} against ${first}: accuracy ${points(accuracyDifference.value)} points${interval(accuracyDifference.interval, points)} on ${formatCount(count)} images; ` +
      `${formatCount(mcNemar.onlyFirst)} only ${first} gets right, ${formatCount(mcNemar.onlySecond)} only ${second}; McNemar ${test}, p ${p}.`,
    formatTable(['class', 'images', `recall ${first}`, `recall ${second}`, 'difference [95 %]', 'F1'], classes),
    ...(images.length === 0 ? [] : [formatTable(['image', 'label', 'right is', first, second], images)]),
  ].join('\n');
}

export function seedText({ split, groups }: SeedComparison): string {
  const settings = [...new Set(groups.flatMap((group) => Object.keys(group.settings)))];
  const mean = ({ mean: value, interval: reach }: SeedComparison['groups'][number]['accuracy']): string =>
    `${formatShare(value)}${interval(reach, formatShare)}`;
  return [
    `On ${split}, means over seeds with 95 % intervals by Student’s t (none for a single seed):`,
    formatTable(
      ['runs', 'seeds', 'accuracy', 'mean class', ...settings],
      groups.map((group) => [
        group.runs.map(({ run }) => run).join(', '),
        String(group.runs.length),
        mean(group.accuracy),
        mean(group.meanClassAccuracy),
        ...settings.map((name) => group.settings[name] ?? '–'),
      ]),
    ),
  ].join('\n');
}
