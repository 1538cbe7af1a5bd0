import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { toStudioError } from '#shared/errors.ts';
import {
  BOOTSTRAP_RESAMPLES,
  type EvaluateRequest,
  type EvaluationReport,
  type FittedTemperature,
  type WrongPage,
} from '#shared/evaluation.ts';
import { SPLITS } from '#shared/images.ts';
import type { ModelRequest } from '#shared/requests.ts';
import type { Evaluation } from '#shared/training.ts';
import type { Connection } from '../connection.ts';
import { readClassFile } from './class-file.ts';
import { pairText } from './comparison-text.ts';
import { clusterOf } from './cluster-options.ts';
import { type CommandContext, followJob } from './context.ts';
import { type ModelOptions, modelOf, networkOption } from './models.ts';
import { formatCount, formatRate, formatShare, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { naturalNumber, positiveInteger } from './values.ts';

interface EvaluateOptions extends ModelOptions {
  readonly split: EvaluateRequest['split'];
  readonly source?: string;
  readonly map?: string;
  readonly calibrate: boolean;
  readonly bootstrap: number;
  readonly seed: number;
  readonly wrong?: number;
  readonly against?: string;
  readonly report?: string;
  readonly cluster?: string;
  readonly workerTimeout?: string;
}

/** Options of the commands that give intervals. */
export const bootstrapOptions = (): readonly Option[] => [
  new Option('--bootstrap <resamples>', 'resamples of the intervals')
    .argParser(positiveInteger)
    .default(BOOTSTRAP_RESAMPLES),
  new Option('--seed <seed>', 'of the resamples').argParser(naturalNumber).default(0),
];

/** evaluate. */
export const registerEvaluateCommand: Register = (program, action) => {
  const command = program
    .command('evaluate')
    .description('score a network on a split, with intervals, calibration and a report')
    .option('--run <run>')
    .option('--checkpoint <path>', 'a checkpoint folder, a file of weights, or an imported network’s name')
    .addOption(networkOption())
    .addOption(
      new Option('--split <split>').choices(SPLITS.filter((split) => split !== 'unlabeled')).makeOptionMandatory(),
    )
    .option('--source <name>', 'one source only')
    .option('--map <file>', 'lines of NAME,CLASS: what classes of the network and of the data count as; - for none')
    .option('--calibrate', 'first fit the temperature on validation images and keep it beside the checkpoint', false)
    .option('--wrong <number>', 'list so many wrong images, the surest mistakes first', positiveInteger)
    .option('--against <evaluation>', 'another evaluation of the same images, by its id: McNemar’s test of the two')
    .option('--cluster <workers>', 'HOST:PORT,… of machines that predict side by side, or @FILE (see `worker`)')
    .option('--worker-timeout <seconds>', 'nothing heard of a worker for so long, and it is done without (10)')
    .option('--report <file>', 'write the report, a page in one file');
  for (const option of bootstrapOptions()) command.addOption(option);
  command.action(
    action(async (context, options: EvaluateOptions) => {
      const connection = await context.connect({ serves: true });
      const model = await modelOf(connection, options);
      const map = options.map === undefined ? undefined : await readClassFile(options.map);
      const { split, source, bootstrap: resamples, seed } = options;
      const { evaluation: client } = connection.client;
      const fitted = options.calibrate ? await calibrate(connection, { model, map, source }) : null;
      const evaluation = await followEvaluation(context, connection, {
        ...{ model, split, source, map },
        cluster: clusterOf(options),
      });
      const { id } = evaluation;
      const report = await client.report.query({ id, resamples, seed });
      const wrong = options.wrong === undefined ? null : await client.wrong.query({ id, limit: options.wrong });
      const pair =
        options.against === undefined
          ? null
          : await client.pair.query({ first: options.against, second: id, resamples, seed });
      if (options.report !== undefined) {
        await writePage(options.report, await client.page.query({ id, resamples, seed }));
      }
      context.result(
        {
          ...report,
          id,
          ...(fitted && { fitted }),
          ...(wrong && { wrong: wrong.rows }),
          ...(pair && { against: pair }),
          ...(options.report !== undefined && { report: resolve(options.report) }),
        },
        [
          ...(fitted === null ? [] : [fittedText(fitted)]),
          evaluationText(evaluation),
          reportText(report),
          ...(wrong === null ? [] : [wrongText(wrong)]),
          ...(pair === null ? [] : [pairText(pair, pair.first.id, id)]),
          `Kept as ${id}.`,
          ...(options.report === undefined ? [] : [`The report is in ${resolve(options.report)}.`]),
        ].join('\n'),
      );
    }),
  );
};

/** Evaluates as a job, with its progress; Ctrl-C cancels it. */
export async function followEvaluation(
  context: CommandContext,
  connection: Connection,
  request: EvaluateRequest,
): Promise<Evaluation & { id: string }> {
  const job = await connection.client.evaluation.start.mutate(request);
  await followJob(context, connection, job);
  return (await connection.client.jobs.result.query({ id: job.id })) as Evaluation & { id: string };
}

/** Writes a page that the studio made. @throws StudioError that names the file. */
export async function writePage(file: string, page: string): Promise<void> {
  await writeFile(resolve(file), page).catch((error: unknown) => {
    throw toStudioError(error);
  });
}

/** A run is calibrated on the images that chose its best network, a checkpoint on the validation split. */
async function calibrate(
  connection: Connection,
  request: { model: ModelRequest; map?: EvaluateRequest['map']; source?: string },
): Promise<FittedTemperature> {
  const { run } = request.model;
  const source = run === undefined ? request.source : await validationSource(connection, run);
  return connection.client.evaluation.calibrate.mutate({ ...request, source, split: 'validation' });
}

async function validationSource(connection: Connection, run: string): Promise<string | undefined> {
  const { validation } = (await connection.client.runs.get.query({ id: run })).request;
  return validation.includes(':') ? validation.slice(0, validation.lastIndexOf(':')) : undefined;
}

export function evaluationText(evaluation: Evaluation): string {
  const names = evaluation.perClass.map(({ name }) => name);
  return [
    `${evaluation.network} (step ${evaluation.step}) on ${formatCount(evaluation.count)} images of ${evaluation.split}: accuracy ${formatShare(evaluation.accuracy)}, ` +
      `mean class ${formatShare(evaluation.meanClassAccuracy)}, top-2 ${formatShare(evaluation.top2)}, ECE ${evaluation.ece.toFixed(4)}, ${formatRate(evaluation.imagesPerSecond)} images/s.`,
    formatTable(
      ['true \\ predicted', ...names, 'recall'],
      evaluation.confusion.map((row, index) => [
        names[index]!,
        ...row,
        formatShare(evaluation.perClass[index]!.recall),
      ]),
    ),
  ].join('\n');
}

function reportText(report: EvaluationReport): string {
  const { intervals, leftOut, calibrated } = report;
  const shares = (['accuracy', 'meanClassAccuracy', 'macroF1', 'top2'] as const).map((name) => [
    INTERVAL_NAMES[name],
    formatShare(report[name]),
    `[${intervals[name].map(formatShare).join(', ')}]`,
  ]);
  const plain = (['nll', 'brier'] as const).map((name) => [
    INTERVAL_NAMES[name],
    report[name].toFixed(4),
    `[${intervals[name].map((bound) => bound.toFixed(4)).join(', ')}]`,
  ]);
  const gone = Object.entries(leftOut).map(([name, count]) => `${formatCount(count)} of ${name}`);
  return [
    formatTable(['metric', 'value', '95 % interval'], [...shares, ...plain]),
    ...(gone.length === 0 ? [] : [`Left out, since the network tells no such class: ${gone.join(', ')}.`]),
    ...(report.failed === 0 ? [] : [`${formatCount(report.failed)} images could not be read.`]),
    ...(calibrated === null
      ? []
      : [
          `At temperature ${calibrated.temperature.temperature.toFixed(3)}: ECE ${calibrated.ece.toFixed(4)}, NLL ${calibrated.nll.toFixed(4)}.`,
        ]),
  ].join('\n');
}

const INTERVAL_NAMES = {
  accuracy: 'accuracy',
  meanClassAccuracy: 'mean class accuracy',
  macroF1: 'macro F1',
  top2: 'top-2 accuracy',
  nll: 'NLL, nats',
  brier: 'Brier score',
} as const;

function fittedText({
  temperature,
  count,
  split,
  eceBefore,
  eceAfter,
  nllBefore,
  nllAfter,
}: FittedTemperature): string {
  return `Temperature ${temperature.toFixed(3)}, fitted on ${formatCount(count)} images of ${split}: ECE ${eceBefore.toFixed(4)} → ${eceAfter.toFixed(4)}, NLL ${nllBefore.toFixed(4)} → ${nllAfter.toFixed(4)}.`;
}

function wrongText({ rows, total, count }: WrongPage): string {
  return [
    `${formatCount(total)} of ${formatCount(count)} images are wrong; the surest mistakes:`,
    formatTable(
      ['image', 'label', 'predicted', 'confidence', 'path'],
      rows.map(({ image, label, predicted, confidence, path }) => [
        String(image),
        label,
        predicted,
        formatShare(confidence),
        path ?? '–',
      ]),
    ),
  ].join('\n');
}
