import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import type { ImagePrediction } from '#shared/prediction.ts';
import type { ModelRequest } from '#shared/requests.ts';
import { type Evaluation, NETWORKS, type NetworkName } from '#shared/training.ts';
import { checkCheckpointFile } from '../../interchange/checkpoint-file.ts';
import type { Connection } from '../connection.ts';
import { formatCount, formatRate, formatShare, formatTable } from './output.ts';
import type { Register } from './register.ts';
import { findRun } from './find-run.ts';

interface ModelOptions {
  readonly run?: string;
  readonly checkpoint?: string;
  readonly network?: NetworkName;
}

/** evaluate, predict. */
export const registerModelCommands: Register = (program, action) => {
  const networkOption = (): Option =>
    new Option('--network <network>', 'which network (default: the one validation chose)').choices([...NETWORKS]);

  program
    .command('evaluate')
    .description('score a network on a split')
    .option('--run <run>')
    .option('--checkpoint <path>', 'a checkpoint folder, a file of weights, or an imported network’s name')
    .addOption(networkOption())
    .addOption(
      new Option('--split <split>').choices(SPLITS.filter((split) => split !== 'unlabeled')).makeOptionMandatory(),
    )
    .option('--source <name>', 'one source only')
    .action(
      action(async (context, options: ModelOptions & { split: Split; source?: string }) => {
        const connection = await context.connect({ serves: true });
        const model = await modelOf(connection, options);
        const evaluation = await connection.client.prediction.evaluate.mutate({
          model,
          split: options.split,
          source: options.source,
        });
        context.result(evaluation, evaluationText(evaluation));
      }),
    );

  program
    .command('predict')
    .description('the expression on pictures, offline')
    .argument('<images...>')
    .option('--run <run>')
    .option('--checkpoint <path>', 'a checkpoint folder, a file of weights, or an imported network’s name')
    .addOption(networkOption())
    .action(
      action(async (context, options: ModelOptions, ...images: (string | string[])[]) => {
        const connection = await context.connect();
        const model = await modelOf(connection, options);
        const predictions: ImagePrediction[] = [];
        for (const image of images.flat()) {
          predictions.push(
            await connection.client.prediction.predict.mutate({ model, picture: { path: resolve(image) } }),
          );
        }
        context.result(predictions, predictions.map(predictionText).join('\n'));
      }),
    );
};

async function modelOf(connection: Connection, options: ModelOptions): Promise<ModelRequest> {
  const network = options.network === undefined ? {} : { network: options.network };
  if ((options.run === undefined) === (options.checkpoint === undefined)) {
    throw new StudioError('usage', 'Name the network: either --run RUN or --checkpoint PATH.');
  }
  if (options.checkpoint !== undefined) return { checkpoint: await checkpointOf(options.checkpoint), ...network };
  return { run: (await findRun(connection, options.run!)).id, ...network };
}

/** A path, unless it can only be the name of an imported network. @throws StudioError, before TensorFlow is started, for a bad file. */
async function checkpointOf(place: string): Promise<string> {
  const path = resolve(place);
  if (!existsSync(path)) return /[\\/]/.test(place) ? path : place;
  if (statSync(path).isFile()) await checkCheckpointFile(path);
  return path;
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

function predictionText(prediction: ImagePrediction): string {
  const face = prediction.faces[0];
  if (face === undefined) return `${prediction.path}: no face.`;
  const others = Object.entries(face.probabilities)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, probability]) => `${name} ${formatShare(probability)}`);
  return `${prediction.path}: ${face.class} (${others.join(', ')}); ${prediction.network} at step ${prediction.step}.`;
}
