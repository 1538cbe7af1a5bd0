import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createFaceDetector, type FaceDetector } from '../prediction/face-detector.ts';
import { framingOf } from '../prediction/framing.ts';
import { type Inspector, inspectorOf } from '../prediction/inspector.ts';
import { type NeighborIndex, readNeighborIndex, writeFeatures } from '../prediction/neighbors.ts';
import { type AskedNetwork, predictPicture } from '../prediction/predict.ts';
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
const loads = new Map<string, Promise<ReadyNetwork>>();

interface ReadyNetwork {
  readonly trained: TrainedNetwork;
  /** For predictions; an evaluation has a session of its own. */
  readonly executor: StepExecutor;
  /** From the first picture on. */
  inspector: Inspector | null;
  /** From the first list of images to label on. */
  labeler: Labeler | null;
  /** Questions it is being asked: it is not let go meanwhile. */
  users: number;
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
    case 'features':
      return using([request.model], library, ([{ trained }]) =>
        writeFeatures(trained, request.images, { ...request, library, onProgress, signal }),
      );
    case 'evaluate':
      return using([request.model], library, ([{ trained }]) =>
        predictImages(trained, request.images, { library, workers: request.workers, onProgress, signal }),
      );
    case 'label':
      return using([request.model], library, async ([ready]) => {
        const { trained, executor } = ready;
        ready.labeler ??= new Labeler(trained, executor, request);
        return { ...(await ready.labeler.label(request.images)), step: trained.step, classes: trained.classes };
      });
  }
}

async function predict(
  { models, question, explain, neighbors, cache }: Extract<EngineRequest, { kind: 'predict' }>,
  library: string,
): Promise<EngineAnswers['predict']> {
  return using(models, library, async (networks) => {
    const asked: AskedNetwork[] = [];
    for (const [index, ready] of networks.entries()) {
      const inspector = (ready.inspector ??= inspectorOf(ready.executor, ready.trained));
      const neighborIndex = neighbors && (await neighborIndexOf(neighbors[index]!));
      asked.push({ trained: ready.trained, inspector, explain, neighbors: neighborIndex });
    }
    if (question.faces === 'picture') return predictPicture(question, asked, null);
    const detector = await detectorOf(library);
    const framing = await framingOf(models[0]!.checkpoint, { detector, cache });
    return predictPicture(question, asked, { detector, framing });
  });
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

/** Lends networks for one question; those that nobody asked for long are let go afterwards. */
async function using<const Models extends readonly EngineModel[], Answer>(
  models: Models,
  library: string,
  ask: (networks: { readonly [Index in keyof Models]: ReadyNetwork }) => Promise<Answer>,
): Promise<Answer> {
  const lent: ReadyNetwork[] = [];
  try {
    for (const model of models) lent.push(await lend(model, library));
    return await ask(lent as { readonly [Index in keyof Models]: ReadyNetwork });
  } finally {
    for (const ready of lent) ready.users -= 1;
    const idle = [...networks].filter(([, { users }]) => users === 0);
    const surplus = idle.slice(0, Math.max(0, networks.size - KEPT_NETWORKS));
    await Promise.all(surplus.map(([key, ready]) => forget(key, ready)));
  }
}

async function lend({ checkpoint, network }: EngineModel, library: string): Promise<ReadyNetwork> {
  const written = await writtenAt(checkpoint);
  const key = `${checkpoint}\n${written}\n${network}`;
  const ready = networks.get(key) ?? (await loadOnce(key, { checkpoint, network }, library));
  // Last in the order: the first ones are let go first.
  networks.delete(key);
  networks.set(key, ready);
  ready.users += 1;
  return ready;
}

/** What two questions ask for at once is loaded once. */
function loadOnce(key: string, { checkpoint, network }: EngineModel, library: string): Promise<ReadyNetwork> {
  const loading =
    loads.get(key) ??
    loadCheckpointNetwork(checkpoint, network)
      .then((trained) => newNetwork(trained, library))
      .finally(() => loads.delete(key));
  loads.set(key, loading);
  return loading;
}

function newNetwork(trained: TrainedNetwork, library: string): ReadyNetwork {
  const executor = graphExecutor(library, { allowGrowth: true });
  return { trained, executor, inspector: null, labeler: null, users: 0 };
}

/** It is out of reach at once. */
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
