import { statSync, writeFileSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { type SerializedStudioError, serializeError } from '#shared/errors.ts';
import { SPLITS, type Split } from '#shared/images.ts';
import type { FacePrediction, ImagePrediction, NetworkPrediction } from '#shared/prediction.ts';
import type { PredictRequest } from '#shared/requests.ts';
import { NETWORKS, type NetworkName } from '#shared/training.ts';
import { decodeImage } from '../../imaging/decode.ts';
import { encodePng } from '../../imaging/png.ts';
import { imageFolders, noImages } from '../../importers/image-files.ts';
import { heatOverlay, sideBySide, stacked } from '../../prediction/overlay.ts';
import { type Connection, errorOfClient } from '../connection.ts';
import { type CommandContext, followJob } from './context.ts';
import { modelOf } from './models.ts';
import { formatShare } from './output.ts';
import type { Register } from './register.ts';

interface PredictOptions {
  readonly run?: string;
  readonly checkpoint?: string;
  readonly network?: NetworkName[];
  readonly detect: boolean;
  readonly notebook: boolean;
  readonly explain?: string;
  readonly neighbors?: Split;
}

/** A picture that could not be predicted, among others that could. */
interface FailedPicture {
  readonly path: string;
  readonly faces: readonly [];
  readonly error: SerializedStudioError;
}

/** predict. */
export const registerPredictCommand: Register = (program, action) => {
  program
    .command('predict')
    .description('the expression on pictures, offline')
    .argument('<images...>', 'pictures, or folders of them')
    .option('--run <run>')
    .option('--checkpoint <path>', 'a checkpoint folder, a file of weights, or an imported network’s name')
    .addOption(
      new Option(
        '--network <network>',
        'which network; again for others side by side (default: the one validation chose)',
      ).argParser((name: string, earlier: NetworkName[] | undefined) => [...(earlier ?? []), networkName(name)]),
    )
    .option('--detect', 'look for faces, instead of taking the whole picture as one', false)
    .option('--notebook', 'prepare faces as the released notebook does', false)
    .option('--explain <file>', 'a PNG of where each network looked (Grad-CAM); for several pictures, one for each')
    .addOption(new Option('--neighbors <split>', 'the most alike labeled faces of a split').choices([...SPLITS]))
    .action(
      action(async (context, options: PredictOptions, ...places: (string | string[])[]) => {
        const paths = await picturesOf(places.flat().map((place) => resolve(place)));
        const connection = await context.connect({ serves: options.neighbors !== undefined });
        const request = await requestOf(connection, options);
        if (request.neighbors !== undefined) {
          const { model, networks, neighbors } = request;
          const job = await connection.client.prediction.indexNeighbors.mutate({ model, networks, place: neighbors });
          await followJob(context, connection, job);
        }
        const predictions: (ImagePrediction | FailedPicture)[] = [];
        for (const [index, path] of paths.entries()) {
          if (paths.length > 1) report(context, index, paths.length);
          try {
            const picture = { path };
            const prediction = await connection.client.prediction.predict.mutate({ ...request, picture });
            if (options.explain !== undefined) {
              await writeExplanation(prediction, fileFor(options.explain, path, paths.length));
            }
            predictions.push(prediction);
          } catch (thrown) {
            const error = errorOfClient(thrown);
            // The fault is the picture's: the others are still to be had.
            const isOfPicture =
              ['bad-input', 'corrupt', 'unsupported'].includes(error.code) && error.message.includes(path);
            if (paths.length === 1 || !isOfPicture) throw thrown;
            context.progress.line(error.message);
            process.exitCode = 1;
            predictions.push({ path, faces: [], error: serializeError(error) });
          }
        }
        context.result(predictions, predictions.map(predictionText).join('\n'));
      }),
    );
};

function networkName(text: string): NetworkName {
  const name = NETWORKS.find((known) => known === text);
  if (name === undefined) throw new InvalidArgumentError(`Allowed choices are ${NETWORKS.join(', ')}.`);
  return name;
}

async function requestOf(connection: Connection, options: PredictOptions): Promise<Omit<PredictRequest, 'picture'>> {
  const { run, checkpoint, network: networks, detect, notebook, explain, neighbors } = options;
  return {
    model: await modelOf(connection, { ...(run && { run }), ...(checkpoint && { checkpoint }) }),
    faces: detect ? 'detect' : 'picture',
    notebook,
    explain: explain !== undefined,
    ...(networks && { networks }),
    ...(neighbors && { neighbors: { split: neighbors } }),
  };
}

/** Folders in place of which their pictures come, those of folders in them too. @throws StudioError for a folder without any. */
async function picturesOf(places: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const place of places) {
    if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) {
      paths.push(place);
      continue;
    }
    const before = paths.length;
    for await (const { folders, images } of imageFolders(place)) {
      paths.push(...images.map((name) => join(place, ...folders, name)));
    }
    if (paths.length === before) throw noImages(place);
  }
  return paths;
}

function report({ progress }: CommandContext, done: number, total: number): void {
  progress.update({ label: 'Predict', done, total, unit: 'pictures', rate: null, secondsLeft: null });
}

/** For several pictures, each file is named by its picture as well. */
function fileFor(file: string, picture: string, pictures: number): string {
  if (pictures === 1) return resolve(file);
  const { dir, name, ext } = parse(resolve(file));
  return join(dir, `${name}-${parse(picture).name}${ext}`);
}

/** A row for each face, in it what each network looked at for the class it chose. */
async function writeExplanation({ path, faces }: ImagePrediction, file: string): Promise<void> {
  const image = await decodeImage({ path, encoding: 'file' }, { applyOrientation: true });
  const rows = faces.map(({ networks }) =>
    sideBySide(networks.map(({ maps, class: chosen }) => heatOverlay(image, maps!, chosen))),
  );
  writeFileSync(file, encodePng(stacked(rows)));
}

function predictionText(prediction: ImagePrediction | FailedPicture): string {
  if ('error' in prediction) return `${prediction.path}: ${prediction.error.message}`;
  const { path, faces, notices } = prediction;
  const lines = faces.flatMap((face) =>
    face.networks.map((network) => `${path}${placeText(face)}: ${networkText(network)}`),
  );
  return [...notices.map((notice) => `${path}: ${notice}`), ...lines].join('\n');
}

function placeText({ origin, box, score }: FacePrediction): string {
  if (origin === 'picture') return '';
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map(Math.round);
  return `, face ${width}×${height} at ${x},${y}${score === null ? '' : ` (${formatShare(score)})`}`;
}

function networkText({
  network,
  step,
  class: chosen,
  probabilities,
  calibrated,
  neighbors,
}: NetworkPrediction): string {
  const shares = Object.entries(calibrated?.probabilities ?? probabilities)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, probability]) => `${name} ${formatShare(probability)}`);
  const temperature = calibrated === null ? '' : `, calibrated at temperature ${calibrated.temperature.toFixed(2)}`;
  const near = neighbors === null ? '' : ` Most alike: ${neighbors.map((neighbor) => neighbor.class).join(', ')}.`;
  return `${chosen} (${shares.join(', ')}); ${network} at step ${step}${temperature}.${near}`;
}
