import { type Command, InvalidArgumentError } from 'commander';
import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type {
  Distribution,
  FeedbackBatch,
  FlippedPage,
  PseudoLabel,
  RoundCalibration,
  RoundProblem,
} from '#shared/rounds.ts';
import type { Connection } from '../connection.ts';
import { findRun } from './find-run.ts';
import { formatCount, formatShare, formatTable } from './output.ts';
import type { Action, Register } from './register.ts';
import { addMapCommand } from './rounds-map.ts';
import { flipsText, roundText, roundsText, thresholdsText } from './round-text.ts';
import { naturalNumber, positiveInteger } from './values.ts';

/** Images of one question to the host. */
const LARGEST_PAGE = 500;

/** rounds list, show, flips, image, thresholds, calibration, distribution, feedback, map, delete. */
export const registerRoundsCommands: Register = (program, action) => {
  const rounds = program.command('rounds').description('rounds of pseudo labels: what they say, and what changed');
  addListCommands(rounds, action);
  addChangeCommands(rounds, action);
  addAuditCommands(rounds, action);
  addMapCommand(rounds, action);
};

function addListCommands(rounds: Command, action: Action): void {
  rounds
    .command('list')
    .description('all rounds, the newest first')
    .option('--source <name>', 'of this source')
    .option('--run <run>', 'of this run')
    .action(
      action(async (context, { source, run }: { source?: string; run?: string }) => {
        const connection = await context.connect();
        const runId = run === undefined ? undefined : (await findRun(connection, run)).id;
        const list = await connection.client.rounds.list.query({ source, run: runId });
        context.result(list, roundsText(list));
      }),
    );
  rounds
    .command('show')
    .description('one round')
    .argument('<round>', 'number or name')
    .option('--problems', 'also what could not be labeled', false)
    .action(
      action(async (context, { problems }: { problems: boolean }, name: string) => {
        const connection = await context.connect();
        const round = await roundOf(connection, name);
        const list = problems ? await connection.client.rounds.problems.query({ id: round.id }) : undefined;
        context.result(
          { ...round, ...(list && { errors: list }) },
          [roundText(round), ...(list ?? []).map(problemText)].join('\n'),
        );
      }),
    );
  rounds
    .command('delete')
    .description('a round, its labels and embeddings')
    .argument('<round>', 'number or name')
    .action(
      action(async (context, _options: object, name: string) => {
        const connection = await context.connect();
        const { id } = await roundOf(connection, name);
        context.result(await connection.client.rounds.remove.mutate({ id }), `Deleted round ${id}.`);
      }),
    );
}

interface FlipOptions {
  readonly images: boolean;
  readonly limit: number;
}

function addChangeCommands(rounds: Command, action: Action): void {
  rounds
    .command('flips')
    .description('how labels went from class to class between two rounds')
    .argument('<from>', 'number or name')
    .argument('<to>', 'number or name')
    .option('--images', 'also the images', false)
    .option('--limit <count>', 'images at most', positiveInteger, 100)
    .action(
      action(async (context, { images, limit }: FlipOptions, fromName: string, toName: string) => {
        const connection = await context.connect();
        const from = (await roundOf(connection, fromName)).id;
        const to = (await roundOf(connection, toName)).id;
        const flips = await connection.client.rounds.flips.query({ from, to });
        const flipped = images ? await flippedImages(connection, { from, to, limit }) : undefined;
        context.result(
          { ...flips, ...(flipped && { images: flipped }) },
          [flipsText(flips), ...(flipped === undefined ? [] : [flippedText(flipped)])].join('\n'),
        );
      }),
    );
  rounds
    .command('image')
    .description('what every round said of an image')
    .argument('<image>', 'its number')
    .action(
      action(async (context, _options: object, image: string) => {
        const connection = await context.connect();
        const labels = await connection.client.rounds.timeline.query({ image: imageNumber(image) });
        context.result(labels, timelineText(labels));
      }),
    );
  rounds
    .command('feedback')
    .description('the steps of a run whose feedback was the strongest, or the batch behind one')
    .requiredOption('--run <run>', 'the run')
    .option('--step <step>', 'the batch behind this step', naturalNumber)
    .action(
      action(async (context, { run, step }: { run: string; step?: number }) => {
        const connection = await context.connect();
        const { id } = await findRun(connection, run);
        if (step !== undefined) {
          const batch = await connection.client.rounds.feedbackBatch.query({ run: id, step });
          context.result(batch, batchText(batch));
          return;
        }
        const extremes = await connection.client.rounds.feedbackExtremes.query({ run: id });
        const rows = extremes.map((extreme) => [formatCount(extreme.step), extreme.feedback.toPrecision(4)]);
        context.result(extremes, formatTable(['step', 'feedback'], rows));
      }),
    );
}

function addAuditCommands(rounds: Command, action: Action): void {
  rounds
    .command('thresholds')
    .description('what thresholds of confidence would accept, and the resulting balance')
    .argument('<round>', 'number or name')
    .requiredOption('--at <thresholds>', 'one for all classes, or one for each, with commas', thresholdList)
    .action(
      action(async (context, { at }: { at: number[] }, name: string) => {
        const connection = await context.connect();
        const { id } = await roundOf(connection, name);
        const preview = await connection.client.rounds.thresholds.query({ id, thresholds: at });
        context.result(preview, thresholdsText(preview));
      }),
    );
  rounds
    .command('calibration')
    .description('how far confidence can be trusted, where true classes are known')
    .argument('<round>', 'number or name')
    .action(
      action(async (context, _options: object, name: string) => {
        const connection = await context.connect();
        const { id } = await roundOf(connection, name);
        const calibration = await connection.client.rounds.calibration.query({ id });
        context.result(calibration, calibrationText(calibration));
      }),
    );
  rounds
    .command('distribution')
    .description('classes of the labeled faces beside those of the round')
    .argument('<round>', 'number or name')
    .action(
      action(async (context, _options: object, name: string) => {
        const connection = await context.connect();
        const { id } = await roundOf(connection, name);
        const distribution = await connection.client.rounds.distribution.query({ id });
        context.result(distribution, distributionText(distribution));
      }),
    );
}

function roundOf(connection: Connection, round: string) {
  return connection.client.rounds.find.query({ round });
}

async function flippedImages(
  connection: Connection,
  { from, to, limit }: { from: number; to: number; limit: number },
): Promise<FlippedPage['images']> {
  const images: FlippedPage['images'] = [];
  let afterId: number | null = 0;
  while (afterId !== null && images.length < limit) {
    const size = Math.min(LARGEST_PAGE, limit - images.length);
    const page: FlippedPage = await connection.client.rounds.flipped.query({ from, to, afterId, limit: size });
    images.push(...page.images);
    afterId = page.nextAfterId;
  }
  return images;
}

/** Reads numbers from 0 to 1, with commas between them. */
function thresholdList(text: string): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (numbers.every((number) => number >= 0 && number <= 1)) return numbers;
  throw new InvalidArgumentError('It takes numbers from 0 to 1, such as 0.95 or 0.9,0.95,0.8,0.8,0.7,0.7,0.8.');
}

function imageNumber(text: string): number {
  const id = Number(text);
  if (Number.isSafeInteger(id) && id > 0) return id;
  throw new StudioError('usage', `“${text}” is no image’s number.`, {
    hint: '`query` lists images with their numbers.',
  });
}

const className = (label: number): string => EXPRESSIONS[label]!.name;

function problemText({ line, place, reason }: RoundProblem): string {
  return `${line === null ? '' : `line ${line} `}${place}: ${reason}`;
}

function flippedText(images: FlippedPage['images']): string {
  return formatTable(
    ['id', 'from', 'to', 'path'],
    images.map(({ image, from, to }) => [
      String(image.id),
      `${className(from.label)} ${from.confidence.toFixed(3)}`,
      `${className(to.label)} ${to.confidence.toFixed(3)}`,
      image.path,
    ]),
  );
}

function timelineText(labels: readonly PseudoLabel[]): string {
  if (labels.length === 0) return 'No round has a label of that image.';
  return formatTable(
    ['round', 'network', 'step', 'class', 'confidence', 'margin', 'name'],
    labels.map(({ round, network, step, label, confidence, margin, name }) => [
      String(round),
      network ?? '',
      step === null ? '' : formatCount(step),
      className(label),
      confidence.toFixed(3),
      margin.toFixed(3),
      name,
    ]),
  );
}

function batchText({ step, feedback, labeled, unlabeled }: FeedbackBatch): string {
  return [
    `Step ${formatCount(step)}: feedback ${feedback.toPrecision(4)}, over ${labeled.length} labeled and ${unlabeled.length} unlabeled images.`,
    formatTable(
      ['id', 'pseudo label', 'path'],
      unlabeled.map(({ id, image, weakLabel }) => [String(id), className(weakLabel), image?.path ?? '(gone)']),
    ),
  ].join('\n');
}

function calibrationText({ known, accuracy, ece, bins, perClass }: RoundCalibration): string {
  if (accuracy === null || ece === null) return 'The true class of no image of the round is known.';
  return [
    `Of ${formatCount(known)} images with a known class ${formatShare(accuracy)} are right; expected calibration error ${ece.toFixed(4)}.`,
    formatTable(
      ['confidence', 'images', 'mean', 'right'],
      bins
        .filter(({ count }) => count > 0)
        .map((bin) => [
          `${bin.lower.toFixed(2)}–${bin.upper.toFixed(2)}`,
          bin.count,
          bin.confidence.toFixed(3),
          formatShare(bin.accuracy),
        ]),
    ),
    formatTable(
      ['class', 'images', 'precision'],
      perClass.map(({ name, count, precision }) => [name, count, precision === null ? '' : formatShare(precision)]),
    ),
  ].join('\n');
}

function distributionText({ labeled, perClass, totalVariation }: Distribution): string {
  return [
    `Beside ${labeled}; total variation ${totalVariation.toFixed(3)}.`,
    formatTable(
      ['class', 'labeled', 'share', 'pseudo', 'share', 'difference'],
      perClass.map((ofClass) => [
        ofClass.name,
        ofClass.labeledCount,
        formatShare(ofClass.labeledShare),
        ofClass.pseudoCount,
        formatShare(ofClass.pseudoShare),
        `${ofClass.difference >= 0 ? '+' : ''}${(ofClass.difference * 100).toFixed(2)}`,
      ]),
    ),
  ].join('\n');
}
