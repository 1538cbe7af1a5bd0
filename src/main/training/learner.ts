import * as tf from '@tensorflow/tfjs';
import { type LossScale, lossScaleVariables } from './loss-scaling.ts';
import { type Network, networkVariables } from './network.ts';
import { applySgd, movingAverage, type SgdOptions } from './optimizer.ts';
import type { TrainingPass } from './resnet.ts';
import { type BatchSplit, splitPass } from './towers.ts';

/** A network that learns, with SGD's memory and settings. */
export interface Learner {
  readonly network: Network;
  /** Momentum buffers by parameter name; empty at momentum 0. */
  readonly buffers: ReadonlyMap<string, tf.Variable>;
  readonly sgd: SgdOptions;
  /** Share of the last layer's inputs that is dropped in training. */
  readonly dropout: number;
  /** For float16; null where gradients are computed as they are. */
  readonly lossScale: LossScale | null;
}

/** A moving average that follows a learner's network. */
export interface Average {
  readonly network: Network;
  readonly decay: number;
}

/** All variables of a learner: its network's, the momentum buffers, the loss scale. */
export function learnerVariables({ network, buffers, lossScale }: Learner): tf.Variable[] {
  return [
    ...networkVariables(network),
    ...buffers.values(),
    ...(lossScale === null ? [] : lossScaleVariables(lossScale)),
  ];
}

/**
 * Forward in training mode; the running BatchNorm statistics take the batch in.
 *
 * @param seed the step's dropout seed. @param draw which of the step's dropout draws this is. @param split how devices share the images.
 */
export function learnerPass(
  { network, dropout }: Learner,
  images: tf.Tensor4D,
  seed: tf.Tensor1D,
  draw: number,
  split: BatchSplit,
): TrainingPass {
  const dropping =
    dropout === 0 ? null : { rate: dropout, seed: tf.add(seed, tf.tensor1d([0, draw], 'int32')) as tf.Tensor1D };
  const pass = splitPass(network.architecture, network.variables, images, dropping, split);
  for (const [name, value] of pass.statistics) network.variables.get(name)!.assign(value);
  network.batchesTracked.assign(tf.add(network.batchesTracked, 1));
  return pass;
}

/**
 * One SGD step on a learner's network, backward pass included. With a loss scale a step whose gradients overflowed changes no weight.
 *
 * @param logitsGradient of the loss, [count, classes]. @returns norm of the gradients before clipping; not a number, or infinite, where they
 * overflowed.
 */
export function learn(
  { network, buffers, sgd, lossScale }: Learner,
  pass: TrainingPass,
  logitsGradient: tf.Tensor2D,
  learningRate: tf.Scalar,
): tf.Scalar {
  if (lossScale === null) return applySgd(network, buffers, pass.backward(logitsGradient), learningRate, sgd);
  const scaled = pass.backward(tf.mul(logitsGradient, lossScale.factor));
  const unscaled = new Map(Array.from(scaled, ([name, gradient]) => [name, tf.div(gradient, lossScale.factor)]));
  return applySgd(network, buffers, unscaled, learningRate, sgd, lossScale);
}

/** Lets a moving average follow: parameters are averaged, BatchNorm's running statistics copied. */
export function follow({ network: averaged, decay }: Average, network: Network): void {
  const trainable = new Set(network.trainable);
  for (const [name, variable] of network.variables) {
    const average = averaged.variables.get(name)!;
    average.assign(trainable.has(name) ? movingAverage(average, variable, decay) : variable);
  }
  averaged.batchesTracked.assign(network.batchesTracked);
}
