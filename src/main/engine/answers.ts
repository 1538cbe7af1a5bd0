import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createFaceDetector, type FaceDetector } from '../prediction/face-detector.ts';
import { framingOf } from '../prediction/framing.ts';
import { type Inspector, inspectorOf } from '../prediction/inspector.ts';
import { type NeighborIndex, readNeighborIndex, writeFeatures } from '../prediction/neighbors.ts';
import { predictPicture } from '../prediction/predict.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import { predictImages } from '../training/evaluate.ts';
import { graphExecutor, type StepExecutor } from '../training/executor.ts';
import { Labeler } from '../training/label.ts';
import { disposeNetwork } from '../training/network.ts';
import { type TrainedNetwork, loadCheckpointNetwork } from '../training/trained-network.ts';
import type { EngineAnswers, EngineModel, EngineRequest } from './messages.ts';

/** Networks kept ready: the two or three a person compares; a ResNet-50 takes 100 MB. */
const KEPT_NETWORKS = 4;

/** By checkpoint, its time of writing, and network: a run that goes on writes new weights in the same place. */
const networks = new Map<string, ReadyNetwork>();

interface ReadyNetwork {
  readonly trained: TrainedNetwork;
  /** For predictions; an evaluation has a session of its own. */
  readonly executor: StepExecutor;
  readonly inspector: Inspector;
  /** From the first list of images to label on. */
  labeler: Labeler | null;
}

/** Answers one question of the host. @throws StudioError, which the host passes to whoever asked. */
export async function answer(
  request: EngineRequest,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<EngineAnswers[keyof EngineAnswers]> {
  const { runtime, library } = await loadTensorFlow();
  switch (request.kind) {
    case 'runtime':
      return runtime;
    case 'predict':
      return predict(request, library);
    case 'features': {
      const { trained } = await networkOf(request.model, library);
      return writeFeatures(trained, request.images, { ...request, library, onProgress });
    }
    case 'evaluate':
      return predictImages((await networkOf(request.model, library)).trained, request.images, {
        library,
        workers: request.workers,
        onProgress,
        signal,
      });
    case 'label': {
      const ready = await networkOf(request.model, library);
      const { trained, executor } = ready;
      ready.labeler ??= new Labeler(trained, executor, request);
      return { ...(await ready.labeler.label(request.images)), step: trained.step, classes: trained.classes };
    }
  }
}

async function predict(
  { models, question, explain, neighbors, cache }: Extract<EngineRequest, { kind: 'predict' }>,
  library: string,
): Promise<EngineAnswers['predict']> {
  const asked = await Promise.all(
    models.map(async (model, index) => {
      const { trained, inspector } = await networkOf(model, library);
      return { trained, inspector, explain, neighbors: neighbors && (await neighborIndexOf(neighbors[index]!)) };
    }),
  );
  if (question.faces === 'picture') return predictPicture(question, asked, null);
  const detector = await detectorOf(library);
  const framing = await framingOf(models[0]!.checkpoint, { detector, cache });
  return predictPicture(question, asked, { detector, framing });
}

let detecting: Promise<FaceDetector> | undefined;

/** Ready for as long as the engine lives: it is small. */
function detectorOf(library: string): Promise<FaceDetector> {
  detecting ??= createFaceDetector(graphExecutor(library, { allowGrowth: true })).catch((error: unknown) => {
    detecting = undefined;
    throw error;
  });
  return detecting;
}

/** By its files: what was asked for last, as it may take some hundred megabytes. */
let neighborIndexes = new Map<string, NeighborIndex>();

async function neighborIndexOf(files: readonly string[]): Promise<NeighborIndex> {
  const key = files.join('\n');
  const index = neighborIndexes.get(key) ?? (await readNeighborIndex(files));
  if (!neighborIndexes.has(key) && neighborIndexes.size >= KEPT_NETWORKS) neighborIndexes = new Map();
  neighborIndexes.set(key, index);
  return index;
}

async function networkOf({ checkpoint, network }: EngineModel, library: string): Promise<ReadyNetwork> {
  const written = await writtenAt(checkpoint);
  const key = `${checkpoint}\n${written}\n${network}`;
  const known = networks.get(key);
  if (known !== undefined) {
    networks.delete(key);
    networks.set(key, known);
    return known;
  }
  const trained = await loadCheckpointNetwork(checkpoint, network);
  const executor = graphExecutor(library, { allowGrowth: true });
  const ready: ReadyNetwork = { trained, executor, inspector: inspectorOf(executor, trained), labeler: null };
  networks.set(key, ready);
  const [oldest] = networks;
  if (networks.size > KEPT_NETWORKS && oldest !== undefined) await forget(...oldest);
  return ready;
}

async function forget(key: string, { trained, executor, labeler }: ReadyNetwork): Promise<void> {
  networks.delete(key);
  await labeler?.close();
  await executor.close();
  disposeNetwork(trained.network);
}

async function writtenAt(checkpoint: string): Promise<number> {
  const { mtimeMs } = await stat(join(checkpoint, 'state.json')).catch(() => stat(checkpoint));
  return mtimeMs;
}
