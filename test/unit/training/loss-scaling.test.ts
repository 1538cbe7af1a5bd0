import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { type Learner, learnerVariables } from '#main/training/learner.ts';
import { eagerRunner } from '#main/training/step.ts';
import { supervisedStep } from '#main/training/supervised-step.ts';
import {
  exportTrainingState,
  newTrainingState,
  restoreTrainingState,
  type TrainingState,
} from '#main/training/training-state.ts';
import { trainingStepper } from '#main/training/training-steps.ts';
import { smallConfig } from './small-run.ts';

beforeAll(() => loadTensorFlow());

const CONFIG = smallConfig({ method: 'supervised', weightDecay: 1e-3, gradientClip: 1, ema: 0, adaptationDropout: 0 });
const BATCH = {
  images: Float32Array.from({ length: 4 * 16 * 16 * 3 }, (_, index) => Math.sin(index * 0.37)),
  labels: Int32Array.of(0, 1, 2, 0),
  labelWeights: new Float32Array(4).fill(1),
};

async function stepOnce(learner: Learner): Promise<number> {
  const step = eagerRunner(supervisedStep(learner, null, { ...CONFIG, name: 'adaptation' }));
  const { gradientNorm } = await step.run({ ...BATCH, learningRate: 0.1, dropoutSeed: Int32Array.of(0, 0) });
  return gradientNorm[0]!;
}

function numbersOf(learner: Learner): number[][] {
  return learnerVariables({ ...learner, lossScale: null }).map((variable) => [...variable.dataSync()]);
}

test('a scale that is a power of two changes nothing but the way the gradients are computed', async () => {
  const [plain, scaled] = [await newTrainingState(CONFIG), await newTrainingState(CONFIG, 'float16')];
  const norms = [await stepOnce(plain.adaptation), await stepOnce(scaled.adaptation)];
  expect(norms[1]).toBeCloseTo(norms[0]!, 5);
  const [expected, actual] = [numbersOf(plain.adaptation), numbersOf(scaled.adaptation)];
  for (const [index, values] of expected.entries()) {
    for (const [place, value] of values.entries()) expect(actual[index]![place]).toBeCloseTo(value, 5);
  }
  expect(scaleOf(scaled)).toEqual([65536, 1]);
});

test('a step whose gradients overflow changes no weight and no momentum, and halves the scale', async () => {
  const state = await newTrainingState(CONFIG, 'float16');
  await stepOnce(state.adaptation);
  const { lossScale, network } = state.adaptation;
  lossScale!.factor.assign(tf.scalar(2 ** 127));
  const statistics = new Set([...network.variables.keys()].filter((name) => name.includes('running')));
  const learned = (): number[][] => [
    ...[...network.variables].filter(([name]) => !statistics.has(name)).map(([, value]) => [...value.dataSync()]),
    ...[...state.adaptation.buffers.values()].map((buffer) => [...buffer.dataSync()]),
  ];
  const before = learned();
  const norm = await stepOnce(state.adaptation);
  expect(Number.isFinite(norm)).toBe(false);
  expect(learned()).toEqual(before);
  expect(scaleOf(state)).toEqual([2 ** 126, 0]);
  // The run goes on: such a step has no norm, and is no divergence.
  lossScale!.factor.assign(tf.scalar(2 ** 127));
  const executor = { prepare: eagerRunner as never, readVariables: never, writeVariables: never, close: never };
  const report = await trainingStepper(CONFIG, state, executor)(0, BATCH);
  expect(report.adaptationGradientNorm).toBeNull();
  expect(report.adaptationLoss).toBeGreaterThan(0);
});

const never = (): Promise<void> => Promise.reject(new Error('not asked for'));

test('2,000 good steps double the scale', async () => {
  const state = await newTrainingState(CONFIG, 'float16');
  state.adaptation.lossScale!.goodSteps.assign(tf.scalar(1999));
  await stepOnce(state.adaptation);
  expect(scaleOf(state)).toEqual([131072, 0]);
});

test('a checkpoint keeps the scale; one made without it begins anew', async () => {
  const state = await newTrainingState(CONFIG, 'float16');
  state.adaptation.lossScale!.factor.assign(tf.scalar(512));
  state.adaptation.lossScale!.goodSteps.assign(tf.scalar(77));
  const tensors = await exportTrainingState(state);
  expect(scaleOf(restoreTrainingState(CONFIG, tensors, 'test', 'float16'))).toEqual([512, 77]);
  expect(restoreTrainingState(CONFIG, tensors, 'test').adaptation.lossScale).toBeNull();
  const without = await exportTrainingState(await newTrainingState(CONFIG));
  expect(scaleOf(restoreTrainingState(CONFIG, without, 'test', 'float16'))).toEqual([65536, 0]);
});

function scaleOf({ adaptation }: TrainingState): number[] {
  const { factor, goodSteps } = adaptation.lossScale!;
  return [factor.dataSync()[0]!, goodSteps.dataSync()[0]!];
}
