import * as tf from '@tensorflow/tfjs';
import { crossEntropy, type Loss, smoothedTargets, softCrossEntropy } from './losses.ts';
import { movingAverage } from './optimizer.ts';

/** What the steps that give pseudo labels remember of them, from step to step: part of every checkpoint of such a run. */
export interface PseudoLabelMemory {
  /** Moving average of the soft labels' mean, [classes], from equal shares; only distribution alignment moves it. */
  readonly softLabelShare: tf.Variable;
  /** Moving average of each class's share of the accepted pseudo labels, [classes], from equal shares; only balancing moves it. */
  readonly acceptedShare: tf.Variable;
}

export function memoryVariables({ softLabelShare, acceptedShare }: PseudoLabelMemory): tf.Variable[] {
  return [softLabelShare, acceptedShare];
}

export interface PseudoLabelOptions {
  readonly temperature: number;
  /** Confidence from which a pseudo label counts as accepted. */
  readonly threshold: number;
  /** Divides soft labels by the classes' average share, so that over time every class is given equally often. */
  readonly alignDistribution: boolean;
  /** Only accepted pseudo labels are learned from, rare classes weighing more. */
  readonly balancePseudoLabels: boolean;
}

/** Labels that a network gives to unlabeled images; nothing of them carries a gradient. */
export interface PseudoLabels {
  /** [count, classes], rows summing to one. */
  readonly soft: tf.Tensor2D;
  /** Most probable class of each image, int32. */
  readonly hard: tf.Tensor1D;
  /** 1 where the label is accepted, else 0. */
  readonly mask: tf.Tensor1D;
  /** How much each image counts where pseudo labels are balanced, 0 where not accepted; null where all count alike. */
  readonly weights: tf.Tensor1D | null;
}

/** As in the reference run and in ReMixMatch (Berthelot et al. 2020): about the last hundred steps count. */
const SHARE_DECAY = 0.99;
/** A class that is almost never accepted must not let one image rule a batch. */
const LARGEST_WEIGHT = 10;

/**
 * Soft labels `softmax(logits / temperature)`, their hard labels, and which are accepted.
 *
 * @param logits of the weak views, [count, classes]. @param memory is moved on by the options that use it.
 */
export function pseudoLabels(
  logits: tf.Tensor2D,
  memory: PseudoLabelMemory,
  options: PseudoLabelOptions,
): PseudoLabels {
  const given = tf.softmax(tf.div(logits, options.temperature)) as tf.Tensor2D;
  const soft = options.alignDistribution ? aligned(given, memory.softLabelShare) : given;
  const hard = tf.argMax<tf.Tensor1D>(soft, 1);
  const mask = tf.cast(tf.greaterEqual(tf.max(soft, 1), options.threshold), 'float32') as tf.Tensor1D;
  const weights = options.balancePseudoLabels ? balancingWeights(hard, mask, memory.acceptedShare) : null;
  return { soft, hard, mask, weights };
}

/** Distribution alignment toward equal classes: a class that the network favours on average is divided by how much it does. */
function aligned(soft: tf.Tensor2D, share: tf.Variable): tf.Tensor2D {
  share.assign(movingAverage(share, tf.mean(soft, 0), SHARE_DECAY));
  const scaled = tf.div(soft, share);
  return tf.div(scaled, tf.sum(scaled, 1, true));
}

/** Inverse to the share that the image's class has of the accepted labels, 1 for a class that has its equal part. */
function balancingWeights(hard: tf.Tensor1D, mask: tf.Tensor1D, share: tf.Variable): tf.Tensor1D {
  const classes = share.shape[0]!;
  const labels = smoothedTargets(hard, classes, 0);
  const accepted = tf.mul(labels, tf.expandDims(mask, 1));
  const count = tf.sum(accepted);
  const moved = movingAverage(share, tf.div(tf.sum(accepted, 0), tf.maximum(count, 1)), SHARE_DECAY);
  share.assign(tf.where(tf.greater(count, 0), moved, share));
  const weightOfClass = tf.minimum(LARGEST_WEIGHT, tf.div(1 / classes, share));
  return tf.mul(tf.sum(tf.mul(labels, weightOfClass), 1), mask) as tf.Tensor1D;
}

/**
 * Mean cross-entropy of the strong views' logits to the hard labels, balanced where the labels are.
 * @param logits of the strong views, [count, classes].
 */
export function pseudoLabelLoss(logits: tf.Tensor2D, { hard, weights }: PseudoLabels, smoothing: number): Loss {
  if (weights === null) return crossEntropy(logits, hard, smoothing);
  return softCrossEntropy(logits, smoothedTargets(hard, logits.shape[1], smoothing)).masked(weights);
}
