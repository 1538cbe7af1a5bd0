import * as tf from '@tensorflow/tfjs';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import {
  addBias,
  BATCH_NORMALIZATION_EPSILON,
  BATCH_NORMALIZATION_MOMENTUM,
  fusedBatchNormalization,
  fusedBatchNormalizationGradient,
  rectifierGradient,
  statelessUniform,
} from './kernels.ts';

/**
 * The layers of a residual network, each with its own gradient. tfjs can differentiate by itself, but only in one go: here the base
 * network's backward pass has to wait until the adaptation network has made its step and been measured, and must not run forward twice.
 *
 * Activations are [count, height, width, channels], filters [height, width, input channels, output channels].
 */

/** One pass through a network. */
export interface Pass {
  /** Every parameter and running statistic by its name. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  /** Running statistics after this pass; filled by {@link batchNormalization}. */
  readonly statistics: Map<string, tf.Tensor>;
  /** Gradient of the loss by parameter name; filled by the backward pass. */
  readonly gradients: Map<string, tf.Tensor>;
  /** Processes whose images are normalised together; undefined: each process's alone. */
  readonly normalizesWith?: ProcessGroup | undefined;
}

/** What a layer made of its input, and the way back: from the gradient of the loss in the output to that in the input. */
export interface Computed<Input extends tf.Tensor = tf.Tensor4D, Output extends tf.Tensor = tf.Tensor4D> {
  readonly output: Output;
  readonly backward: (gradient: Output) => Input;
}

export type Layer = (input: tf.Tensor4D) => Computed;

/** Layers one after the other. */
export function sequence(input: tf.Tensor4D, layers: readonly Layer[]): Computed {
  const computed: Computed[] = [];
  for (const layer of layers) computed.push(layer(computed.at(-1)?.output ?? input));
  return {
    output: computed.at(-1)?.output ?? input,
    backward: (gradient) => computed.reduceRight((flowing, { backward }) => backward(flowing), gradient),
  };
}

/** A parameter that the architecture says exists. */
function parameter(pass: Pass, name: string): tf.Tensor {
  const tensor = pass.parameters.get(name);
  if (tensor === undefined) throw new Error(`The network has no parameter ${name}.`);
  return tensor;
}

/**
 * Convolution without bias, padded by half the filter on every side as PyTorch's `padding=k//2`. At stride 1 that is TensorFlow's SAME; at
 * stride 2 SAME would pad one side more than the other, hence a padding step of its own.
 */
export function convolution(pass: Pass, name: string, stride: 1 | 2): Layer {
  return (input) => {
    const filter = parameter(pass, `${name}.weight`) as tf.Tensor4D;
    const side = stride === 1 ? 0 : (filter.shape[0] - 1) / 2;
    const padded = padSides(input, side);
    const attributes = { strides: stride, pad: stride === 1 ? 'same' : 'valid', dataFormat: 'NHWC' };
    const backward = (dy: tf.Tensor4D): tf.Tensor4D => {
      pass.gradients.set(`${name}.weight`, filterGradient(padded, dy, filter, attributes));
      const inputGradient = tf
        .engine()
        .runKernel(tf.Conv2DBackpropInput, { dy, filter }, { ...attributes, inputShape: padded.shape }) as tf.Tensor4D;
      return cropSides(inputGradient, side);
    };
    return { output: tf.conv2d(padded, filter, stride, attributes.pad as 'same' | 'valid'), backward };
  };
}

/** The stem's convolution: nobody asks for the gradient in the images, which would cost as much again. */
export function stemConvolution(
  pass: Pass,
  name: string,
  images: tf.Tensor4D,
): { output: tf.Tensor4D; backward: (gradient: tf.Tensor4D) => void } {
  const filter = parameter(pass, `${name}.weight`) as tf.Tensor4D;
  const padded = padSides(images, (filter.shape[0] - 1) / 2);
  const attributes = { strides: 2, pad: 'valid', dataFormat: 'NHWC' };
  return {
    output: tf.conv2d(padded, filter, 2, 'valid'),
    backward: (gradient) =>
      void pass.gradients.set(`${name}.weight`, filterGradient(padded, gradient, filter, attributes)),
  };
}

function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  attributes: tf.NamedAttrMap,
): tf.Tensor4D {
  return tf
    .engine()
    .runKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attributes, filterShape: filter.shape }) as tf.Tensor4D;
}

function padSides(input: tf.Tensor4D, side: number): tf.Tensor4D {
  return side === 0
    ? input
    : tf.pad4d(input, [
        [0, 0],
        [side, side],
        [side, side],
        [0, 0],
      ]);
}

function cropSides(padded: tf.Tensor4D, side: number): tf.Tensor4D {
  if (side === 0) return padded;
  const [count, height, width, channels] = padded.shape;
  return tf.slice4d(padded, [0, side, side, 0], [count, height - 2 * side, width - 2 * side, channels]);
}

/**
 * A convolution and the batch normalisation after it by the running statistics, as one convolution: the scale goes into the filter, the rest is
 * a bias. Of a frozen network TensorFlow computes the filter once, and one kernel does the whole, in any precision.
 */
export function normalizedConvolution(pass: Pass, convolutionName: string, normalizationName: string, stride: 1 | 2) {
  return (input: tf.Tensor4D): tf.Tensor4D => {
    const filter = parameter(pass, `${convolutionName}.weight`) as tf.Tensor4D;
    const of = (name: string): tf.Tensor => parameter(pass, `${normalizationName}.${name}`);
    const scale = tf.mul(of('weight'), tf.rsqrt(tf.add(of('running_var'), BATCH_NORMALIZATION_EPSILON)));
    const bias = tf.sub(of('bias'), tf.mul(of('running_mean'), scale));
    const padded = padSides(input, stride === 1 ? 0 : (filter.shape[0] - 1) / 2);
    const output = tf.conv2d(padded, tf.mul(filter, scale) as tf.Tensor4D, stride, stride === 1 ? 'same' : 'valid');
    return addBias(output, bias);
  };
}

/** Batch normalisation as PyTorch's BatchNorm2d in training: by the batch's own statistics; it notes the new running ones. */
export function batchNormalization(pass: Pass, name: string): Layer {
  const { normalizesWith } = pass;
  if (normalizesWith !== undefined) return synchronizedNormalization(pass, name, normalizesWith);
  return (input) => {
    const scale = parameter(pass, `${name}.weight`);
    const normalized = fusedBatchNormalization(
      input,
      scale,
      parameter(pass, `${name}.bias`),
      parameter(pass, `${name}.running_mean`),
      parameter(pass, `${name}.running_var`),
    );
    pass.statistics.set(`${name}.running_mean`, normalized.runningMean);
    pass.statistics.set(`${name}.running_var`, normalized.runningVariance);
    return {
      output: normalized.output,
      backward: (dy) => {
        const gradient = fusedBatchNormalizationGradient(dy, input, scale, normalized.reserved);
        pass.gradients.set(`${name}.weight`, gradient.scale);
        pass.gradients.set(`${name}.bias`, gradient.offset);
        return gradient.input;
      },
    };
  };
}

/** As {@link batchNormalization}, by the statistics of all processes' images (PyTorch's SyncBatchNorm); each has as many. */
function synchronizedNormalization(pass: Pass, name: string, group: ProcessGroup): Layer {
  return (input) => {
    const scale = parameter(pass, `${name}.weight`);
    const axes = [0, 1, 2];
    const [count, height, width, channels] = input.shape;
    const total = group.size * count * height * width;
    const own = tf.moments(input, axes);
    // Means and variances are put together, not sums of squares, whose difference would lose what matters.
    const all = group.gather(tf.concat([own.mean, own.variance]));
    const [means, variances] = tf.split(all, 2, 1);
    const mean = tf.mean(means!, 0);
    const spread = tf.mean(tf.square(tf.sub(means!, mean)), 0);
    const variance = tf.add(tf.mean(variances!, 0), spread);
    const inverse = tf.rsqrt(tf.add(variance, BATCH_NORMALIZATION_EPSILON));
    const normalized = tf.mul(tf.sub(input, mean), inverse);
    const follow = (which: string, value: tf.Tensor): void => {
      const key = `${name}.${which}`;
      const kept = tf.mul(parameter(pass, key), 1 - BATCH_NORMALIZATION_MOMENTUM);
      pass.statistics.set(key, tf.add(kept, tf.mul(value, BATCH_NORMALIZATION_MOMENTUM)));
    };
    follow('running_mean', mean);
    follow('running_var', tf.mul(variance, total / (total - 1)));
    return {
      output: tf.add(tf.mul(normalized, scale), parameter(pass, `${name}.bias`)),
      backward: (dy) => {
        const sums = [tf.sum(tf.mul(dy, normalized), axes), tf.sum(dy, axes)] as const;
        // The parameters' gradients are added up with all others; those of the input need the sums of all here.
        pass.gradients.set(`${name}.weight`, sums[0]);
        pass.gradients.set(`${name}.bias`, sums[1]);
        const shared = tf.div(group.sum(tf.concat([...sums])), total);
        const [along, level] = tf.split(shared, [channels, channels]);
        const centered = tf.sub(tf.sub(dy, level!), tf.mul(normalized, along!));
        return tf.mul(centered, tf.mul(scale, inverse)) as tf.Tensor4D;
      },
    };
  };
}

export const rectifier: Layer = (input) => {
  const output = tf.relu(input);
  return { output, backward: (gradient) => rectifierGradient(gradient, output) };
};

/**
 * 3×3 maximum at stride 2, padding 1. It follows a rectifier, so padding with zeros is as good as PyTorch's minus infinity: where a zero of
 * the padding wins, every input is zero too, and the rectifier lets no gradient through there.
 */
export const maximumPooling: Layer = (input) => {
  const padded = padSides(input, 1);
  const output = tf.maxPool(padded, 3, 2, 'valid');
  return {
    output,
    backward: (dy) => {
      const attributes = { filterSize: 3, strides: 2, pad: 'valid' };
      const gradient = tf.engine().runKernel(tf.MaxPoolGrad, { dy, input: padded, output }, attributes) as tf.Tensor4D;
      return cropSides(gradient, 1);
    },
  };
};

/** Mean over height and width: [count, height, width, channels] → [count, channels]. */
export function averagePooling(input: tf.Tensor4D): Computed<tf.Tensor4D, tf.Tensor2D> {
  const [count, height, width, channels] = input.shape;
  return {
    output: tf.mean(input, [1, 2]) as tf.Tensor2D,
    backward: (gradient) =>
      tf.tile(tf.reshape(tf.div(gradient, height * width), [count, 1, 1, channels]), [
        1,
        height,
        width,
        1,
      ]) as tf.Tensor4D,
  };
}

/** Inverted dropout. @param seed two 32-bit integers that no other draw of the run shares; @param rate share that is dropped. */
export function dropout(input: tf.Tensor2D, rate: number, seed: tf.Tensor1D): Computed<tf.Tensor2D, tf.Tensor2D> {
  const kept = tf.greaterEqual(statelessUniform(input.shape, seed), rate);
  const mask = tf.div(tf.cast(kept, 'float32'), 1 - rate) as tf.Tensor2D;
  return { output: tf.mul(input, mask), backward: (gradient) => tf.mul(gradient, mask) };
}

/** Fully connected layer: [count, features] → [count, classes]; weight [features, classes]. */
export function linear(pass: Pass, name: string, input: tf.Tensor2D): Computed<tf.Tensor2D, tf.Tensor2D> {
  const weight = parameter(pass, `${name}.weight`) as tf.Tensor2D;
  return {
    output: tf.add(tf.matMul(input, weight), parameter(pass, `${name}.bias`)),
    backward: (gradient) => {
      pass.gradients.set(`${name}.weight`, tf.matMul(input, gradient, true, false));
      pass.gradients.set(`${name}.bias`, tf.sum(gradient, 0));
      return tf.matMul(gradient, weight, false, true);
    },
  };
}
