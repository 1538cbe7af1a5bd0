import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { readSafetensors } from '../../interchange/safetensors.ts';
import { learnerVariables } from '../learner.ts';
import type { ResNetArchitecture } from '../resnet.ts';
import { graphExecutor } from '../executor.ts';
import { supervisedStep } from '../supervised-step.ts';
import { Comparison, compareTensors, type GoldenResult, readGoldenJson } from './comparison.ts';
import { imagesFrom, labelsFrom, learnerFrom, learnerStateDict } from './networks.ts';

const TOLERANCE = 1e-4;

interface FinetuneCase {
  readonly model: ResNetArchitecture;
  readonly lr: number;
  readonly momentum: number;
  readonly weight_decay: number;
  readonly label_smoothing: number;
  readonly losses: readonly number[];
}

export async function runFinetuneGoldens(folder: string, library: string): Promise<GoldenResult[]> {
  const place = join(folder, 'finetune');
  const golden = await readGoldenJson<FinetuneCase>(join(place, 'expected.json'));
  const initial = await readSafetensors(join(place, 'initial.safetensors'));
  const { tensors: inputs } = await readSafetensors(join(place, 'inputs.safetensors'));
  const learner = learnerFrom(initial.tensors, golden.model, place, {
    momentum: golden.momentum,
    nesterov: false,
    weightDecay: golden.weight_decay,
    gradientClip: 0,
  });
  const [batchSize, , imageSize] = inputs.get('0.images')!.shape as [number, number, number];
  const executor = graphExecutor(library);
  const step = executor.prepare(
    supervisedStep(learner, null, { name: 'finetuned', batchSize, imageSize, labelSmoothing: golden.label_smoothing }),
  );
  const losses = new Comparison('finetune/losses', TOLERANCE);
  for (const [index, expected] of golden.losses.entries()) {
    const { loss } = await step.run({
      images: imagesFrom(inputs.get(`${index}.images`)!),
      labels: labelsFrom(inputs.get(`${index}.labels`)!),
      labelWeights: new Float32Array(labelsFrom(inputs.get(`${index}.labels`)!).length).fill(1),
      learningRate: golden.lr,
      dropoutSeed: Int32Array.of(0, index),
    });
    losses.addRelative(`step ${index}`, loss[0]!, expected, 1);
  }
  await executor.readVariables(learnerVariables(learner));
  const weights = new Comparison('finetune/final weights', TOLERANCE);
  compareTensors(
    weights,
    await learnerStateDict(learner),
    (await readSafetensors(join(place, 'final.safetensors'))).tensors,
  );
  await executor.close();
  tf.dispose(learnerVariables(learner));
  return [losses.result(), weights.result()];
}
