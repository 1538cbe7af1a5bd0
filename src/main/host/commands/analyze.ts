import {
  type AnalysisResult,
  type AnalysisSummary,
  DEFAULT_DISTANCE,
  type DataMismatch,
  type DuplicateSummary,
} from '#shared/analysis.ts';
import { followJob } from './context.ts';
import { formatCount, formatRate, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { naturalNumber } from './values.ts';

interface AnalyzeOptions {
  readonly source?: string;
  readonly distance?: number;
}

/** analyze. */
export const registerAnalyzeCommand: Register = (program, action) => {
  program
    .command('analyze')
    .description('measure each image once, flag bad ones and find duplicates; a rerun continues')
    .option('--source <name>', 'one source only')
    .option(
      '--distance <bits>',
      `bits of 64 in which near duplicates may differ (default: that of the last search, or ${DEFAULT_DISTANCE})`,
      naturalNumber,
    )
    .action(
      action(async (context, options: AnalyzeOptions) => {
        const { source, distance } = options;
        const connection = await context.connect({ serves: true });
        const job = await connection.client.catalog.analyze.mutate({ source, distance });
        await followJob(context, connection, job);
        const result = (await connection.client.jobs.result.query({ id: job.id })) as AnalysisResult;
        context.result(result, resultText(result));
      }),
    );
};

function resultText(result: AnalysisResult): string {
  const { analyzed, skipped, failed, seconds, imagesPerSecond, errors, summary } = result;
  const rate = imagesPerSecond === null ? '' : `, ${formatRate(imagesPerSecond)} images/s`;
  return [
    `${formatCount(analyzed)} analyzed, ${formatCount(skipped)} before, ${formatCount(failed)} failed, in ${seconds.toFixed(1)} s${rate}.`,
    ...errors.slice(0, 20).map(({ path, reason }) => `  ${path}: ${reason}`),
    ...(errors.length > 20 ? [`  … and ${formatCount(failed - 20)} more.`] : []),
    analysisText(summary),
  ].join('\n');
}

/** What is known of the images' quality and duplicates. */
export function analysisText(summary: AnalysisSummary): string {
  const flags = summary.flags.filter(({ count }) => count > 0);
  const searches = [summary.exact, summary.near].filter((search) => search !== null);
  return [
    ...(flags.length === 0
      ? ['No image is flagged.']
      : [
          formatTable(
            ['flag', 'images'],
            flags.map(({ value, count }) => [value, count]),
          ),
        ]),
    ...searches.map(searchText),
  ].join('\n');
}

/** One search in a sentence. */
export function searchText({
  kind,
  distance,
  groups,
  images,
  leaks,
  contradictions,
  isCurrent,
}: DuplicateSummary): string {
  const name = kind === 'exact' ? 'Exact duplicates' : `Near duplicates (up to ${distance} bits)`;
  const note = isCurrent ? '' : ' Images were analyzed since: run `analyze` again.';
  return (
    `${name}: ${formatCount(groups)} groups of ${formatCount(images)} images; ${formatCount(leaks)} cross splits, ` +
    `${formatCount(contradictions)} contradict themselves.${note}`
  );
}

/** How labeled and unlabeled faces differ; nothing while one side was not analyzed. */
export function mismatchText({ labeled, unlabeled, measures }: DataMismatch): string[] {
  if (measures.length === 0) return [];
  const figures = ({ mean, deviation }: { mean: number; deviation: number }): string =>
    `${formatRate(mean)} ± ${formatRate(deviation)}`;
  return [
    '',
    formatTable(
      [
        'measure',
        `labeled (${formatCount(labeled)})`,
        `unlabeled (${formatCount(unlabeled)})`,
        'distance',
        'overlap',
        '',
      ],
      measures.map(({ measure, totalVariation, wasserstein, words, ...sides }) => [
        measure,
        figures(sides.labeled),
        figures(sides.unlabeled),
        formatRate(wasserstein),
        `${Math.round((1 - totalVariation) * 100)} %`,
        words,
      ]),
    ),
    'Distance: how far one must be moved to become the other (Wasserstein-1, in the measure’s unit).',
  ];
}
