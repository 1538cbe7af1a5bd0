import * as tf from '@tensorflow/tfjs';
import type { StepDefinition } from '#main/tensorflow/capture/capture.ts';
import { applyMomentum } from '#main/tensorflow/capture/trace.ts';
import { fusedBatchNormalization, fusedBatchNormalizationGradient } from '#main/training/kernels.ts';
import { numbers } from './support.ts';

export const BATCH = 8;
export const SIDE = 12;
export const CLASSES = 4;
const CHANNELS = 6;

export const IMAGES = numbers(BATCH * SIDE * SIDE * 3, 1);
export const LABELS = Int32Array.from({ length: BATCH }, (_, index) => index % CLASSES);

/** Convolution, batch normalisation, rectifier, pooling, dense layer; the same weights at every call. */
export function smallNetwork(): Record<
  'filter' | 'scale' | 'offset' | 'mean' | 'variance' | 'dense' | 'bias',
  tf.Variable
> {
  return {
    filter: tf.variable(tf.tensor(numbers(3 * 3 * 3 * CHANNELS, 2), [3, 3, 3, CHANNELS]).mul(0.3)),
    scale: tf.variable(tf.ones([CHANNELS])),
    offset: tf.variable(tf.zeros([CHANNELS])),
    mean: tf.variable(tf.zeros([CHANNELS])),
    variance: tf.variable(tf.ones([CHANNELS])),
    dense: tf.variable(
      tf.tensor(numbers((SIDE / 2) ** 2 * CHANNELS * CLASSES, 3), [(SIDE / 2) ** 2 * CHANNELS, CLASSES]).mul(0.1),
    ),
    bias: tf.variable(tf.zeros([CLASSES])),
  };
}

/** A training step by tfjs's own differentiation, with TensorFlow's batch normalisation called through the backend. */
export function trainingStep(): StepDefinition<'images' | 'labels' | 'learningRate', 'loss' | 'predicted'> & {
  readonly variables: readonly tf.Variable[];
} {
  const network = smallNetwork();
  const { filter, scale, offset, mean, variance, dense, bias } = network;
  const learned = [filter, scale, offset, dense, bias];
  const accumulators = learned.map(({ shape }) => tf.variable(tf.zeros(shape)));
  return {
    name: 'small-training-step',
    variables: [...Object.values(network), ...accumulators],
    feeds: {
      images: { dataType: 'float32', shape: [BATCH, SIDE, SIDE, 3] },
      labels: { dataType: 'int32', shape: [BATCH] },
      learningRate: { dataType: 'float32', shape: [] },
    },
    step: ({ images, labels, learningRate }) => {
      const normalize = tf.customGrad((x, scaling, shift, save) => {
        const input = x as tf.Tensor4D;
        const normalized = fusedBatchNormalization(input, scaling as tf.Tensor, shift as tf.Tensor, mean, variance);
        mean.assign(normalized.runningMean);
        variance.assign(normalized.runningVariance);
        (save as tf.GradSaveFunc)([input, scaling as tf.Tensor, ...normalized.reserved]);
        return {
          value: normalized.output,
          gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
            const [savedInput, savedScale, ...reserved] = saved;
            const gradient = fusedBatchNormalizationGradient(
              dy as tf.Tensor4D,
              savedInput as tf.Tensor4D,
              savedScale!,
              reserved,
            );
            return [gradient.input, gradient.scale, gradient.offset];
          },
        };
      });
      const forward = (): tf.Tensor2D => {
        const convolved = tf.conv2d(images as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
        const pooled = tf.maxPool(tf.relu(normalize(convolved, scale, offset)) as tf.Tensor4D, 2, 2, 'valid');
        return tf.add(tf.matMul(tf.reshape(pooled, [BATCH, -1]), dense as tf.Tensor2D), bias);
      };
      const targets = tf.oneHot(labels as tf.Tensor1D, CLASSES);
      let logits: tf.Tensor2D | undefined;
      const { value: loss, grads } = tf.variableGrads(() => {
        logits = tf.keep(forward());
        return tf.losses.softmaxCrossEntropy(targets, logits) as tf.Scalar;
      }, learned);
      const momentum = tf.scalar(0.9);
      for (const [index, variable] of learned.entries()) {
        applyMomentum({
          variable,
          accumulator: accumulators[index]!,
          gradient: grads[variable.name]!,
          learningRate: learningRate as tf.Scalar,
          momentum,
          nesterov: true,
        });
      }
      const predicted = tf.argMax(tf.softmax(logits!), 1);
      tf.dispose(logits);
      return { loss, predicted };
    },
  };
}
