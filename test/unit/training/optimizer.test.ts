import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { crossEntropy, softCrossEntropy } from '#main/training/losses.ts';
import type { Network } from '#main/training/network.ts';
import { applySgd, type SgdOptions } from '#main/training/optimizer.ts';

beforeAll(() => loadTensorFlow());

const PLAIN: SgdOptions = { momentum: 0, nesterov: false, weightDecay: 0, gradientClip: 0 };

/** Runs steps on one weight vector and gives it after each. */
function descend(
  start: number[],
  gradients: number[][],
  rate: number,
  options: SgdOptions,
): { weights: number[][]; norms: number[] } {
  const weight = tf.variable(tf.tensor1d(start));
  const buffers = options.momentum === 0 ? new Map() : new Map([['w', tf.variable(tf.zeros(weight.shape))]]);
  const network = { variables: new Map([['w', weight]]) } as unknown as Network;
  const norms: number[] = [];
  const weights = gradients.map((gradient) => {
    norms.push(
      tf.tidy(
        () =>
          applySgd(network, buffers, new Map([['w', tf.tensor1d(gradient)]]), tf.scalar(rate), options).dataSync()[0]!,
      ),
    );
    return Array.from(weight.dataSync());
  });
  return { weights, norms };
}

function expectClose(actual: number[][], expected: number[][]): void {
  expect(actual.flat().length).toBe(expected.flat().length);
  for (const [index, value] of expected.flat().entries()) expect(actual.flat()[index]).toBeCloseTo(value, 6);
}

test('plain descent', () => {
  expectClose(descend([1], [[2], [2]], 0.1, PLAIN).weights, [[0.8], [0.6]]);
});

test('momentum: the buffer starts as the gradient', () => {
  // buffers 1, 0.9+1=1.9; weights 0-0.1·1, -0.1-0.1·1.9.
  expectClose(descend([0], [[1], [1]], 0.1, { ...PLAIN, momentum: 0.9 }).weights, [[-0.1], [-0.29]]);
});

test('Nesterov looks ahead', () => {
  // steps g+0.9·buffer: 1+0.9·1=1.9, then buffer 1.9, 1+0.9·1.9=2.71.
  expectClose(descend([0], [[1], [1]], 0.1, { ...PLAIN, momentum: 0.9, nesterov: true }).weights, [[-0.19], [-0.461]]);
});

test('weight decay is added to the gradient, after clipping', () => {
  // Norm of (3, 4) is 5, clipped to 1: (0.6, 0.8); plus 0.5·(2, 0) = (1.6, 0.8).
  const { weights, norms } = descend([2, 0], [[3, 4]], 1, { ...PLAIN, weightDecay: 0.5, gradientClip: 1 });
  expectClose(weights, [[0.4, -0.8]]);
  expect(norms[0]).toBeCloseTo(5, 5);
});

test('gradients below the limit are not touched', () => {
  expectClose(descend([0, 0], [[3, 4]], 1, { ...PLAIN, gradientClip: 6 }).weights, [[-3, -4]]);
});

test('cross-entropy and its gradient', () => {
  tf.tidy(() => {
    // Softmax of (0, ln 3) is (1/4, 3/4): loss ln 4 for class 0; gradient (1/4 - 1, 3/4), halved by the mean over two examples.
    const logits = tf.tensor2d([0, Math.log(3), 0, 0], [2, 2]);
    const { value, gradient } = crossEntropy(logits, tf.tensor1d([0, 1], 'int32'));
    expect(value.dataSync()[0]).toBeCloseTo((Math.log(4) + Math.log(2)) / 2, 6);
    expectClose([Array.from(gradient.dataSync())], [[-0.375, 0.375, 0.25, -0.25]]);
  });
});

test('label smoothing spreads over all classes, the true one included', () => {
  tf.tidy(() => {
    // Targets 0.9 and 0.1 (smoothing 0.2 over two classes); uniform softmax: loss ln 2, gradient (0.5 - 0.9, 0.5 - 0.1).
    const { value, gradient } = crossEntropy(tf.zeros([1, 2]), tf.tensor1d([0], 'int32'), 0.2);
    expect(value.dataSync()[0]).toBeCloseTo(Math.log(2), 6);
    expectClose([Array.from(gradient.dataSync())], [[-0.4, 0.4]]);
  });
});

test('a masked loss counts refused examples as zero in a mean over all', () => {
  tf.tidy(() => {
    const loss = softCrossEntropy(tf.zeros([2, 2]), tf.tensor2d([1, 0, 0, 1], [2, 2])).masked(tf.tensor1d([1, 0]));
    expect(loss.value.dataSync()[0]).toBeCloseTo(Math.log(2) / 2, 6);
    expectClose([Array.from(loss.gradient.dataSync())], [[-0.25, 0.25, 0, 0]]);
  });
});
