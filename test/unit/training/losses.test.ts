import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { crossEntropy } from '#main/training/losses.ts';

beforeAll(async () => void (await loadTensorFlow()));

test('an image that counts twice is as two of it, in the loss and in its gradient', () => {
  tf.tidy(() => {
    const logits = tf.tensor2d([2, 0, -1, 0, 1, 0], [2, 3]);
    const labels = tf.tensor1d([0, 2], 'int32');
    const weighed = crossEntropy(logits, labels, 0.1, tf.tensor1d([2, 1]));
    const doubled = crossEntropy(
      tf.tensor2d([2, 0, -1, 2, 0, -1, 0, 1, 0], [3, 3]),
      tf.tensor1d([0, 0, 2], 'int32'),
      0.1,
    );
    // The one is a mean over two, the other over three.
    expect(weighed.value.dataSync()[0]! * 2).toBeCloseTo(doubled.value.dataSync()[0]! * 3, 5);
    const [first, second] = tf.unstack(tf.mul(weighed.gradient, 2));
    const rows = tf.unstack(tf.mul(doubled.gradient, 3));
    expect(tf.max(tf.abs(tf.sub(first!, tf.add(rows[0]!, rows[1]!)))).dataSync()[0]).toBeLessThan(1e-6);
    expect(tf.max(tf.abs(tf.sub(second!, rows[2]!))).dataSync()[0]).toBeLessThan(1e-6);
  });
});

test('weights of one change nothing, to the bit', () => {
  tf.tidy(() => {
    const logits = tf.randomNormal([16, 7], 0, 1, 'float32', 3) as tf.Tensor2D;
    const labels = tf.tensor1d(
      Array.from({ length: 16 }, (_, index) => index % 7),
      'int32',
    );
    const [plain, weighed] = [crossEntropy(logits, labels), crossEntropy(logits, labels, 0, tf.ones([16]))];
    expect(weighed.value.dataSync()).toEqual(plain.value.dataSync());
    expect(weighed.gradient.dataSync()).toEqual(plain.gradient.dataSync());
  });
});
