import * as tf from '@tensorflow/tfjs';
import { halfSquaredNorm } from './kernels.ts';

/** Stochastic gradient descent as PyTorch's `torch.optim.SGD`, with `torch.nn.utils.clip_grad_norm_` before it. */
export interface SgdOptions {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Added to the gradient of every parameter, batch normalisation's included: weight decay × parameter. */
  readonly weightDecay: number;
  /** Largest norm of all gradients together; 0 does not clip. */
  readonly gradientClip: number;
}

export interface SgdInput {
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** Momentum buffers by parameter name, zero before the first step; none are needed at momentum 0. */
  readonly buffers: ReadonlyMap<string, tf.Tensor>;
  readonly learningRate: tf.Scalar;
}

export interface SgdOutput {
  /** New values by parameter name, of those that have a gradient. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  readonly buffers: ReadonlyMap<string, tf.Tensor>;
  /** Norm of all gradients together, before clipping. */
  readonly gradientNorm: tf.Scalar;
}

/** PyTorch's guard against dividing by a zero norm. */
const CLIP_EPSILON = 1e-6;

/** One step: `buffer = momentum·buffer + g; parameter -= rate·(nesterov ? g + momentum·buffer : buffer)`. */
export function sgdStep({ parameters, gradients, buffers, learningRate }: SgdInput, options: SgdOptions): SgdOutput {
  const { momentum, nesterov, weightDecay, gradientClip } = options;
  const gradientNorm = globalNorm([...gradients.values()]);
  const shrink = gradientClip > 0 ? tf.minimum(1, tf.div(gradientClip, tf.add(gradientNorm, CLIP_EPSILON))) : null;
  const newParameters = new Map<string, tf.Tensor>();
  const newBuffers = new Map<string, tf.Tensor>();
  for (const [name, rawGradient] of gradients) {
    const parameter = parameters.get(name)!;
    const clipped = shrink === null ? rawGradient : tf.mul(rawGradient, shrink);
    const gradient = weightDecay === 0 ? clipped : tf.add(clipped, tf.mul(parameter, weightDecay));
    let direction = gradient;
    if (momentum > 0) {
      const buffer: tf.Tensor = tf.add(tf.mul(buffers.get(name)!, momentum), gradient);
      newBuffers.set(name, buffer);
      direction = nesterov ? tf.add(gradient, tf.mul(buffer, momentum)) : buffer;
    }
    newParameters.set(name, tf.sub(parameter, tf.mul(direction, learningRate)));
  }
  return { parameters: newParameters, buffers: newBuffers, gradientNorm };
}

function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  return tf.sqrt(tf.mul(tf.addN(tensors.map(halfSquaredNorm)), 2));
}

/** Exponential moving average of parameters: `decay·average + (1 - decay)·value`. */
export function movingAverage(average: tf.Tensor, value: tf.Tensor, decay: number): tf.Tensor {
  return tf.add(tf.mul(average, decay), tf.mul(value, 1 - decay));
}
