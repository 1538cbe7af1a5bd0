import { resolve } from 'node:path';
import { Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import type { EvaluateRequest } from '#shared/evaluation.ts';
import type { LabelChanges } from '#shared/label-changes.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import type { RunDetail } from '#shared/training.ts';
import type { Connection } from '../connection.ts';
import { readClassFile } from './class-file.ts';
import { comparisonText, seedText } from './comparison-text.ts';
import type { CommandContext } from './context.ts';
import { bootstrapOptions, followEvaluation, writePage } from './evaluate.ts';
import { findRun } from './find-run.ts';
import { labelChangesText } from './runs-labels.ts';
import { formatShare, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { positiveInteger } from './values.ts';

interface CompareOptions {
  readonly split?: Split;
  readonly source?: string;
  readonly map?: string;
  readonly seeds: boolean;
  readonly report?: string;
  readonly wrong: number;
  readonly bootstrap: number;
  readonly seed: number;
}

/** runs compare. */
export const registerCompareCommand: Register = (runs, action) => {
  const command = runs
    .command('compare')
    .description(
      'runs side by side: settings, best and label changes; with --split, also on the same images with McNemar’s test',
    )
    .argument(
      '[runs...]',
      'the first is compared with each other one; --seeds takes all finished runs when none is named',
    )
    .addOption(new Option('--split <split>').choices(SPLITS.filter((split) => split !== 'unlabeled')))
    .option('--source <name>', 'one source only')
    .option('--map <file>', 'lines of NAME,CLASS: what classes of the networks and of the data count as; - for none')
    .option('--seeds', 'group runs that differ by their seed alone, with means and 95 % intervals', false)
    .option('--wrong <number>', 'list so many images that only one of the two gets right', positiveInteger, 100)
    .option('--report <file>', 'write the comparison, a page in one file');
  for (const option of bootstrapOptions()) command.addOption(option);
  command.action(
    action(async (context, options: CompareOptions, ...names: (string | string[])[]) => {
      const wanted = names.flat();
      checkOptions(options, wanted);
      const { split, source } = options;
      const connection = await context.connect({ serves: options.seeds || split !== undefined });
      const details: RunDetail[] = [];
      for (const name of wanted) details.push(await findRun(connection, name));
      if (options.seeds) {
        const runs = details.length > 0 ? details.map(({ id }) => id) : await finishedRuns(connection);
        await evaluateMissing(context, connection, runs, { split: split ?? 'test', source });
        await compareSeeds(context, connection, { runs, split, source }, options.report);
      } else if (split === undefined) {
        const labelChanges = await changesOfLabels(connection, details);
        context.result(
          { runs: details.map(withoutHistory), labelChanges },
          [settingsText(details), ...labelChanges.map(labelChangesText)].join('\n\n'),
        );
      } else await compareOnSplit(context, connection, details, { ...options, split });
    }),
  );
};

function checkOptions({ seeds, split, report, source, map }: CompareOptions, names: readonly string[]): void {
  if (!seeds && names.length < 1) throw new StudioError('usage', 'Name the runs to compare.');
  if (!seeds && split !== undefined && names.length < 2) {
    throw new StudioError('usage', 'Name two runs or more to compare on a split.');
  }
  const needsSplit = [
    report !== undefined && '--report',
    source !== undefined && '--source',
    map !== undefined && '--map',
  ]
    .filter((flag) => flag !== false)
    .join(', ');
  if (!seeds && split === undefined && needsSplit !== '') {
    throw new StudioError('usage', `${needsSplit} needs the split on which to compare.`, { hint: 'Add --split test.' });
  }
  if (seeds && map !== undefined) throw new StudioError('usage', '--seeds goes without --map.');
}

async function compareOnSplit(
  context: CommandContext,
  connection: Connection,
  runs: readonly RunDetail[],
  options: CompareOptions & { readonly split: Split },
): Promise<void> {
  const { split, source, bootstrap: resamples, seed, wrong: limit } = options;
  const map = options.map === undefined ? undefined : await readClassFile(options.map);
  const request = { runs: runs.map(({ id }) => id), split, source, map, limit, resamples, seed };
  await evaluateMissing(context, connection, request.runs, { split, source, map });
  if (options.report === undefined) {
    const comparison = await connection.client.evaluation.compare.mutate(request);
    const labelChanges = await changesOfLabels(connection, runs);
    context.result(
      { ...comparison, labelChanges },
      [comparisonText(comparison), ...labelChanges.map(labelChangesText)].join('\n\n'),
    );
    return;
  }
  const { page, comparison } = await connection.client.evaluation.comparePage.mutate(request);
  const labelChanges = await changesOfLabels(connection, runs);
  await writePage(options.report, page);
  const place = resolve(options.report);
  const text = [comparisonText(comparison), ...labelChanges.map(labelChangesText)].join('\n\n');
  context.result({ ...comparison, labelChanges, report: place }, `${text}\nThe report is in ${place}.`);
}

/** The labels of the first run against those of each other one. */
function changesOfLabels(connection: Connection, runs: readonly RunDetail[]): Promise<LabelChanges[]> {
  const [first, ...others] = runs.map(({ id }) => id);
  return Promise.all(
    others
      .filter((id) => id !== first)
      .map((second) => connection.client.runs.labelChanges.query({ first: first!, second })),
  );
}

async function finishedRuns(connection: Connection): Promise<string[]> {
  const runs = await connection.client.runs.list.query();
  return runs.filter(({ status }) => status === 'finished').map(({ id }) => id);
}

/** Evaluates the networks that were not on this split, or on other images of it, with progress. */
async function evaluateMissing(
  context: CommandContext,
  connection: Connection,
  runs: readonly string[],
  place: Pick<EvaluateRequest, 'split' | 'source' | 'map'>,
): Promise<void> {
  for (const run of runs) {
    const request = { model: { run }, ...place };
    const current = await connection.client.evaluation.current.query(request);
    if (current === null) await followEvaluation(context, connection, request);
  }
}

async function compareSeeds(
  context: CommandContext,
  connection: Connection,
  request: { runs: string[]; split?: Split; source?: string },
  file: string | undefined,
): Promise<void> {
  const { evaluation: client } = connection.client;
  if (file === undefined) {
    const comparison = await client.compareSeeds.mutate(request);
    context.result(comparison, seedText(comparison));
    return;
  }
  const { page, comparison } = await client.compareSeedsPage.mutate(request);
  await writePage(file, page);
  const place = resolve(file);
  context.result({ ...comparison, report: place }, `${seedText(comparison)}\nThe report is in ${place}.`);
}

function withoutHistory({ id, name, status, step, best, config, evaluations }: RunDetail): object {
  return { id, name, status, step, best, config, evaluations };
}

function settingsText(runs: readonly RunDetail[]): string {
  const fields = Object.keys(runs[0]!.config) as (keyof RunDetail['config'])[];
  const different = fields.filter((field) => new Set(runs.map((run) => JSON.stringify(run.config[field]))).size > 1);
  const rows = [
    ['status', ...runs.map((run) => run.status)],
    ['step', ...runs.map((run) => `${run.step}/${run.totalSteps}`)],
    ['best accuracy', ...runs.map((run) => (run.best === null ? '–' : formatShare(run.best.accuracy)))],
    ['best mean class', ...runs.map((run) => (run.best === null ? '–' : formatShare(run.best.meanClassAccuracy)))],
    ...different.map((field) => [field, ...runs.map((run) => JSON.stringify(run.config[field]))]),
  ];
  return formatTable(['', ...runs.map((run) => run.id)], rows);
}
