import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { predictPictures } from '../prediction/predict.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import { evaluateImages } from '../training/evaluate.ts';
import { disposeNetwork } from '../training/network.ts';
import { type TrainedNetwork, loadCheckpointNetwork } from '../training/trained-network.ts';
import type { EngineAnswers, EngineModel, EngineRequest } from './messages.ts';

/** Networks kept ready: the two or three a person compares; a ResNet-50 takes 100 MB. */
const KEPT_NETWORKS = 4;

/** By checkpoint, its time of writing, and network: a run that goes on writes new weights in the same place. */
const networks = new Map<string, TrainedNetwork>();

/** Answers one question of the host. @throws StudioError, which the host passes to whoever asked. */
export async function answer(
  request: EngineRequest,
  onProgress: (done: number, total: number) => void,
): Promise<EngineAnswers[keyof EngineAnswers]> {
  const { runtime } = await loadTensorFlow();
  switch (request.kind) {
    case 'runtime':
      return runtime;
    case 'predict': {
      const trained = await networkOf(request.model);
      const probabilities = await predictPictures(trained, request.images);
      return { step: trained.step, classes: trained.classes, probabilities };
    }
    case 'evaluate':
      return evaluateImages(await networkOf(request.model), request.images, {
        split: request.split,
        workers: request.workers,
        onProgress,
      });
  }
}

async function networkOf({ checkpoint, network }: EngineModel): Promise<TrainedNetwork> {
  const written = await writtenAt(checkpoint);
  const key = `${checkpoint}\n${written}\n${network}`;
  const known = networks.get(key);
  if (known !== undefined) {
    networks.delete(key);
    networks.set(key, known);
    return known;
  }
  const loaded = await loadCheckpointNetwork(checkpoint, network);
  networks.set(key, loaded);
  const [oldest] = networks.keys();
  if (networks.size > KEPT_NETWORKS && oldest !== undefined) {
    disposeNetwork(networks.get(oldest)!.network);
    networks.delete(oldest);
  }
  return loaded;
}

async function writtenAt(checkpoint: string): Promise<number> {
  const { mtimeMs } = await stat(join(checkpoint, 'state.json')).catch(() => stat(checkpoint));
  return mtimeMs;
}
