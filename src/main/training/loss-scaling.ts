import * as tf from '@tensorflow/tfjs';

/**
 * Dynamic loss scaling for float16 (Micikevicius et al. 2018), with the numbers of PyTorch's GradScaler: the gradient of the loss is made so
 * large on its way back that small parts do not vanish in float16; a step whose gradients overflow is left out, and the factor halved.
 * Part of the graph and of every checkpoint, so that a resumed run goes on with the same factor.
 */
export interface LossScale {
  /** What the loss is multiplied by, a scalar. */
  readonly factor: tf.Variable;
  /** Steps in a row whose gradients were finite, a scalar. */
  readonly goodSteps: tf.Variable;
}

export const INITIAL_LOSS_SCALE = 65536;
const GROWTH = 2;
const BACKOFF = 0.5;
/** Good steps after which a larger factor is tried. */
const GROWTH_INTERVAL = 2000;

export function lossScaleVariables({ factor, goodSteps }: LossScale): tf.Variable[] {
  return [factor, goodSteps];
}

/** Moves the factor on after a step. @param isFinite whether all its gradients were, a boolean scalar. */
export function updateLossScale({ factor, goodSteps }: LossScale, isFinite: tf.Scalar): void {
  const good = tf.add(goodSteps, 1);
  const grows = tf.greaterEqual(good, GROWTH_INTERVAL);
  const afterGood = tf.where(grows, tf.mul(factor, GROWTH), factor);
  const restarts = tf.logicalOr(grows, tf.logicalNot(isFinite));
  factor.assign(tf.where(isFinite, afterGood, tf.mul(factor, BACKOFF)));
  goodSteps.assign(tf.where(restarts, tf.zerosLike(good), good));
}
