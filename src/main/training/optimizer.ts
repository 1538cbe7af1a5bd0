import * as tf from '@tensorflow/tfjs';
import { applyMomentum } from '../tensorflow/capture/trace.ts';
import { halfSquaredNorm } from './kernels.ts';
import { type LossScale, updateLossScale } from './loss-scaling.ts';
import type { Network } from './network.ts';

/** Stochastic gradient descent as PyTorch's `torch.optim.SGD`, with `torch.nn.utils.clip_grad_norm_` before it. */
export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Added to the gradient of every parameter, batch normalisation's included: weight decay × parameter. */
  readonly weightDecay: number;
  /** Largest norm of all gradients together; 0 does not clip. */
  readonly gradientClip: number;
}

/** PyTorch's guard against dividing by a zero norm. */
const CLIP_EPSILON = 1e-6;

/**
 * One step: `buffer = momentum·buffer + g; parameter -= rate·(nesterov ? g + momentum·buffer : buffer)`.
 *
 * @param buffers momentum buffers by parameter name, zero before the first step; none are needed at momentum 0.
 * @param lossScale of the gradients given, already taken out of them: when they are not finite, nothing but it changes.
 * @returns norm of all gradients together, before clipping.
 */
export function applySgd(
  network: Network,
  buffers: ReadonlyMap<string, tf.Variable>,
  gradients: ReadonlyMap<string, tf.Tensor>,
  learningRate: tf.Scalar,
  { momentum, nesterov, weightDecay, gradientClip }: SgdOptions,
  lossScale: LossScale | null = null,
): tf.Scalar {
  const norm = globalNorm([...gradients.values()]);
  const shrink = gradientClip > 0 ? tf.minimum(1, tf.div(gradientClip, tf.add(norm, CLIP_EPSILON))) : null;
  const isFinite = lossScale === null ? null : (tf.isFinite(norm) as tf.Scalar);
  // A step that is left out: no gradient, and momentum as it was.
  const rate = isFinite === null ? learningRate : (tf.where(isFinite, learningRate, 0) as tf.Scalar);
  const kept = tf.scalar(momentum);
  const momentumScalar = isFinite === null ? kept : (tf.where(isFinite, kept, 1) as tf.Scalar);
  for (const [name, rawGradient] of gradients) {
    const variable = network.variables.get(name)!;
    const clipped = shrink === null ? rawGradient : tf.mul(rawGradient, shrink);
    const decayed = weightDecay === 0 ? clipped : tf.add(clipped, tf.mul(variable, weightDecay));
    const gradient = isFinite === null ? decayed : tf.where(isFinite, decayed, tf.zerosLike(decayed));
    const accumulator = buffers.get(name);
    if (accumulator === undefined) variable.assign(tf.sub(variable, tf.mul(gradient, rate)));
    else applyMomentum({ variable, accumulator, gradient, learningRate: rate, momentum: momentumScalar, nesterov });
  }
  if (lossScale !== null) updateLossScale(lossScale, isFinite!);
  return norm;
}

function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  return tf.sqrt(tf.mul(tf.addN(tensors.map(halfSquaredNorm)), 2));
}

/** Exponential moving average: `decay·average + (1 - decay)·value`. */
export function movingAverage(average: tf.Tensor, value: tf.Tensor, decay: number): tf.Tensor {
  return tf.add(tf.mul(average, decay), tf.mul(value, 1 - decay));
}
