import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import {
  type PseudoLabelMemory,
  type PseudoLabelOptions,
  pseudoLabelLoss,
  pseudoLabels,
} from '#main/training/pseudo-labels.ts';
import {
  exportTrainingState,
  newMemory,
  newTrainingState,
  restoreTrainingState,
} from '#main/training/training-state.ts';
import { smallConfig } from './small-run.ts';

beforeAll(() => loadTensorFlow());

const PLAIN: PseudoLabelOptions = {
  temperature: 1,
  threshold: 0.7,
  alignDistribution: false,
  balancePseudoLabels: false,
};

/** Logits whose softmax is the rows given. */
function logitsOf(rows: readonly number[][]): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => row.map(Math.log)));
}

function memoryOf(softLabelShare: number[], acceptedShare: number[]): PseudoLabelMemory {
  return {
    softLabelShare: tf.variable(tf.tensor1d(softLabelShare)),
    acceptedShare: tf.variable(tf.tensor1d(acceptedShare)),
  };
}

function expectClose(actual: tf.Tensor, expected: readonly number[]): void {
  const values = [...actual.dataSync()];
  expect(values).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(values[index]).toBeCloseTo(value, 5);
}

test('as released: softmax at a temperature, its most probable class, and which are sure', () => {
  const given = pseudoLabels(
    logitsOf([
      [0.8, 0.2],
      [0.4, 0.6],
    ]),
    newMemory(2),
    PLAIN,
  );
  expectClose(given.soft, [0.8, 0.2, 0.4, 0.6]);
  expectClose(given.hard, [0, 1]);
  expectClose(given.mask, [1, 0]);
  expect(given.weights).toBeNull();
  // At temperature 1/2 probabilities are squared and made to sum to one again: 16:1, and 4:9.
  const sharp = pseudoLabels(
    logitsOf([
      [0.8, 0.2],
      [0.4, 0.6],
    ]),
    newMemory(2),
    { ...PLAIN, temperature: 0.5 },
  );
  expectClose(sharp.soft, [16 / 17, 1 / 17, 4 / 13, 9 / 13]);
});

test('alignment divides by the classes’ average share, which follows the labels', () => {
  const memory = memoryOf([0.5, 0.5], [0.5, 0.5]);
  const options = { ...PLAIN, alignDistribution: true };
  // Share 0.99·0.5 + 0.01·0.9 = 0.504, and 0.496.
  const first = pseudoLabels(logitsOf([[0.9, 0.1]]), memory, options);
  expectClose(memory.softLabelShare, [0.504, 0.496]);
  const [a, b] = [0.9 / 0.504, 0.1 / 0.496];
  expectClose(first.soft, [a / (a + b), b / (a + b)]);
  // A class that is given nine times as often must be nine times as probable to be chosen.
  memory.softLabelShare.assign(tf.tensor1d([0.9, 0.1]));
  expectClose(pseudoLabels(logitsOf([[0.8, 0.2]]), memory, options).hard, [1]);
});

test('balancing weighs accepted labels against their classes’ shares, the weight bounded', () => {
  const memory = memoryOf([0.5, 0.5], [0.8, 0.2]);
  const rows = [
    [0.9, 0.1],
    [0.2, 0.8],
    [0.6, 0.4],
  ];
  const { weights } = pseudoLabels(logitsOf(rows), memory, { ...PLAIN, balancePseudoLabels: true });
  // Two are accepted, one of each class: shares 0.99·(0.8, 0.2) + 0.01·(0.5, 0.5) = (0.797, 0.203); weights 0.5 / share.
  expectClose(memory.acceptedShare, [0.797, 0.203]);
  expectClose(weights!, [0.5 / 0.797, 0.5 / 0.203, 0]);
  memory.acceptedShare.assign(tf.tensor1d([0.999, 0.001]));
  expectClose(pseudoLabels(logitsOf([[0.1, 0.9]]), memory, { ...PLAIN, balancePseudoLabels: true }).weights!, [10]);
});

test('a batch without an accepted label leaves the shares as they are', () => {
  const memory = memoryOf([0.5, 0.5], [0.8, 0.2]);
  pseudoLabels(logitsOf([[0.5, 0.5]]), memory, { ...PLAIN, balancePseudoLabels: true });
  expectClose(memory.acceptedShare, [0.8, 0.2]);
});

test('the loss on hard labels: a plain mean, or each image by its weight', () => {
  const logits = logitsOf([
    [0.5, 0.5],
    [0.25, 0.75],
  ]);
  const labels = { soft: logits, hard: tf.tensor1d([0, 1], 'int32'), mask: tf.tensor1d([1, 0]), weights: null };
  const [first, second] = [Math.log(2), Math.log(4 / 3)];
  expectClose(pseudoLabelLoss(logits, labels, 0).value, [(first + second) / 2]);
  const weighted = pseudoLabelLoss(logits, { ...labels, weights: tf.tensor1d([3, 0]) }, 0);
  expectClose(weighted.value, [(3 * first) / 2]);
  // Gradient of the mean: weight · (softmax - target) / count.
  expectClose(weighted.gradient, [(3 * -0.5) / 2, (3 * 0.5) / 2, 0, 0]);
});

test('a checkpoint from before there was a memory goes on, unless the run’s options move it', async () => {
  const config = smallConfig();
  const tensors = new Map(await exportTrainingState(await newTrainingState(config)));
  for (const name of ['softLabelShare', 'acceptedShare']) expect(tensors.delete(name)).toBe(true);
  expectClose(restoreTrainingState(config, tensors, 'test').memory!.softLabelShare, [1 / 3, 1 / 3, 1 / 3]);
  const aligned = smallConfig({ alignDistribution: true });
  expect(() => restoreTrainingState(aligned, tensors, 'test')).toThrow(/lacks softLabelShare/);
});
