import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { readSafetensors } from '../../interchange/safetensors.ts';
import type { ResNetArchitecture } from '../resnet.ts';
import { runStep } from '../step.ts';
import { learnerVariables, supervisedStep } from '../supervised-step.ts';
import { Comparison, compareTensors, type GoldenResult, readGoldenJson } from './comparison.ts';
import { imageTensor, labelTensor, learnerFrom, learnerStateDict } from './networks.ts';

const TOLERANCE = 1e-4;

interface FinetuneCase {
  readonly model: ResNetArchitecture;
  readonly lr: number;
  readonly momentum: number;
  readonly weight_decay: number;
  readonly label_smoothing: number;
  readonly losses: readonly number[];
}

export async function runFinetuneGoldens(folder: string): Promise<GoldenResult[]> {
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
  const step = supervisedStep(learner, null, golden.label_smoothing);
  const losses = new Comparison('finetune/losses', TOLERANCE);
  for (const [index, expected] of golden.losses.entries()) {
    const feeds = {
      images: imageTensor(inputs.get(`${index}.images`)!),
      labels: labelTensor(inputs.get(`${index}.labels`)!),
      learningRate: tf.scalar(golden.lr),
      dropoutSeed: tf.tensor1d([0, index], 'int32'),
    };
    losses.addRelative(`step ${index}`, runStep(step, feeds).loss[0]!, expected, 1);
    tf.dispose(feeds);
  }
  const weights = new Comparison('finetune/final weights', TOLERANCE);
  compareTensors(weights, await learnerStateDict(learner), (await readSafetensors(join(place, 'final.safetensors'))).tensors);
  tf.dispose(learnerVariables(learner));
  return [losses.result(), weights.result()];
}
