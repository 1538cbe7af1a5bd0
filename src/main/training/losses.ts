import * as tf from '@tensorflow/tfjs';
import { softmaxCrossEntropy } from './kernels.ts';

/** A mean loss in nats, and its gradient in the logits [count, classes]. */
export interface Loss {
  readonly value: tf.Scalar;
  readonly gradient: tf.Tensor2D;
}

/** One-hot targets [count, classes] with label smoothing: the class keeps 1 - smoothing, and smoothing is spread over all classes. */
export function smoothedTargets(labels: tf.Tensor1D, classes: number, smoothing: number): tf.Tensor2D {
  const spread = smoothing / classes;
  return tf.oneHot(labels, classes, 1 - smoothing + spread, spread, 'float32') as tf.Tensor2D;
}

/** Mean cross-entropy between class labels and logits. @param weights [count] what each example counts for; all the same when left out. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing = 0, weights?: tf.Tensor1D): Loss {
  const { mean, masked } = softCrossEntropy(logits, smoothedTargets(labels, logits.shape[1], smoothing));
  return weights === undefined ? mean : masked(weights);
}

export interface SoftLoss {
  readonly mean: Loss;
  /** The mean over all examples of each one's loss times its mask, 0 for those that are ruled out. */
  readonly masked: (mask: tf.Tensor1D) => Loss;
}

/** Cross-entropy between target distributions and logits, both [count, classes]. */
export function softCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): SoftLoss {
  const count = logits.shape[0];
  const { losses, gradient } = softmaxCrossEntropy(logits, targets);
  return {
    mean: { value: tf.mean(losses), gradient: tf.div(gradient, count) },
    masked: (mask) => ({
      value: tf.mean(tf.mul(losses, mask)),
      gradient: tf.div(tf.mul(gradient, tf.expandDims(mask, 1)), count),
    }),
  };
}

export function scaleLoss(loss: Loss, factor: tf.Scalar): Loss {
  return { value: tf.mul(loss.value, factor), gradient: tf.mul(loss.gradient, factor) };
}
