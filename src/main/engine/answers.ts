import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { predictPictures } from '../prediction/predict.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import { evaluateImages } from '../training/evaluate.ts';
import { graphExecutor, type StepExecutor } from '../training/executor.ts';
import { disposeNetwork } from '../training/network.ts';
import { type Predictor, predictorOf } from '../training/predictor.ts';
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
  readonly predictor: Predictor;
}

/** Answers one question of the host. @throws StudioError, which the host passes to whoever asked. */
export async function answer(
  request: EngineRequest,
  onProgress: (done: number, total: number) => void,
): Promise<EngineAnswers[keyof EngineAnswers]> {
  const { runtime, library } = await loadTensorFlow();
  switch (request.kind) {
    case 'runtime':
      return runtime;
    case 'predict': {
      const { trained, predictor } = await networkOf(request.model, library);
      const probabilities = await predictPictures(predictor, trained, request.images);
      return { step: trained.step, classes: trained.classes, probabilities };
    }
    case 'evaluate':
      return evaluateImages((await networkOf(request.model, library)).trained, request.images, {
        library,
        split: request.split,
        workers: request.workers,
        onProgress,
      });
  }
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
  const { imageSize } = trained.view;
  const predictor = predictorOf(executor, trained.network, imageSize, { name: network, weights: 'frozen' });
  const ready = { trained, executor, predictor };
  networks.set(key, ready);
  const [oldest] = networks;
  if (networks.size > KEPT_NETWORKS && oldest !== undefined) await forget(...oldest);
  return ready;
}

async function forget(key: string, { trained, executor }: ReadyNetwork): Promise<void> {
  networks.delete(key);
  await executor.close();
  disposeNetwork(trained.network);
}

async function writtenAt(checkpoint: string): Promise<number> {
  const { mtimeMs } = await stat(join(checkpoint, 'state.json')).catch(() => stat(checkpoint));
  return mtimeMs;
}
