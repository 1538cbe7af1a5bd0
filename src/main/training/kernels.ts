import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';

/**
 * TensorFlow's own kernels that tfjs has no operation for, called by their names (tensorflow.org/api_docs/python/tf/raw_ops). tfjs would
 * compute a batch normalisation and its gradient in some twenty small steps; TensorFlow does each in one.
 *
 * Images and activations are [count, height, width, channels] throughout.
 */

/** What is used of tfjs-node's backend. */
interface KernelBackend {
  readonly binding: Readonly<
    Record<'TF_ATTR_BOOL' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING' | 'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32', number>
  >;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

function kernelBackend(): KernelBackend {
  const backend = tf.backend() as unknown as Partial<KernelBackend>;
  if (backend.binding === undefined || backend.executeMultipleOutputs === undefined) {
    throw new StudioError('unavailable', 'Training needs TensorFlow, which is not loaded in this process.', {
      hint: 'Run `face2exp setup`.',
    });
  }
  return backend as KernelBackend;
}

type AttributeKind = 'bool' | 'float' | 'string';
const ATTRIBUTE_TYPES = { bool: 'TF_ATTR_BOOL', float: 'TF_ATTR_FLOAT', string: 'TF_ATTR_STRING' } as const;

/** @param types attributes that name an element type; @param values the other attributes, as [name, kind, value]. */
function execute(
  kernel: string,
  inputs: readonly tf.Tensor[],
  outputs: number,
  types: Readonly<Record<string, 'TF_FLOAT' | 'TF_INT32'>>,
  values: readonly (readonly [string, AttributeKind, unknown])[] = [],
): tf.Tensor[] {
  const backend = kernelBackend();
  const { binding } = backend;
  return backend.executeMultipleOutputs(
    kernel,
    [
      ...Object.entries(types).map(([name, type]) => ({ name, type: binding.TF_ATTR_TYPE, value: binding[type] })),
      ...values.map(([name, kind, value]) => ({ name, type: binding[ATTRIBUTE_TYPES[kind]], value })),
    ],
    inputs,
    outputs,
  );
}

/** As in PyTorch: added to the variance. */
export const BATCH_NORMALIZATION_EPSILON = 1e-5;
/** As in PyTorch: the share of the new batch in the running statistics. */
export const BATCH_NORMALIZATION_MOMENTUM = 0.1;

const BATCH_NORMALIZATION_ATTRIBUTES: readonly (readonly [string, AttributeKind, unknown])[] = [
  ['epsilon', 'float', BATCH_NORMALIZATION_EPSILON],
  ['data_format', 'string', 'NHWC'],
  ['is_training', 'bool', true],
];

export interface BatchNormalized {
  readonly output: tf.Tensor4D;
  /** Running statistics with this batch taken in; the variance is the unbiased one, as PyTorch keeps it. */
  readonly runningMean: tf.Tensor1D;
  readonly runningVariance: tf.Tensor1D;
  /** What the gradient kernel wants back. */
  readonly reserved: readonly tf.Tensor[];
}

/**
 * Batch normalisation as in training, with the batch's own (biased) statistics.
 * @param input [count, height, width, channels]; the other four [channels].
 */
export function fusedBatchNormalization(
  input: tf.Tensor4D,
  scale: tf.Tensor,
  offset: tf.Tensor,
  runningMean: tf.Tensor,
  runningVariance: tf.Tensor,
): BatchNormalized {
  const [output, mean, variance, ...reserved] = execute(
    'FusedBatchNormV3',
    [input, scale, offset, runningMean, runningVariance],
    6,
    { T: 'TF_FLOAT', U: 'TF_FLOAT' },
    [...BATCH_NORMALIZATION_ATTRIBUTES, ['exponential_avg_factor', 'float', BATCH_NORMALIZATION_MOMENTUM]],
  );
  return {
    output: output as tf.Tensor4D,
    runningMean: mean as tf.Tensor1D,
    runningVariance: variance as tf.Tensor1D,
    reserved,
  };
}

/** Gradient of {@link fusedBatchNormalization} for its input, scale and offset. */
export function fusedBatchNormalizationGradient(
  gradient: tf.Tensor4D,
  input: tf.Tensor4D,
  scale: tf.Tensor,
  reserved: readonly tf.Tensor[],
): { input: tf.Tensor4D; scale: tf.Tensor1D; offset: tf.Tensor1D } {
  const [inputGradient, scaleGradient, offsetGradient, ...unused] = execute(
    'FusedBatchNormGradV3',
    [gradient, input, scale, ...reserved],
    5,
    { T: 'TF_FLOAT', U: 'TF_FLOAT' },
    BATCH_NORMALIZATION_ATTRIBUTES,
  );
  tf.dispose(unused);
  return {
    input: inputGradient as tf.Tensor4D,
    scale: scaleGradient as tf.Tensor1D,
    offset: offsetGradient as tf.Tensor1D,
  };
}

/** Adds a number to each channel; TensorFlow computes it together with the convolution before it. @param bias [channels]. */
export function addBias(input: tf.Tensor4D, bias: tf.Tensor): tf.Tensor4D {
  return execute('BiasAdd', [input, bias], 1, { T: 'TF_FLOAT' }, [['data_format', 'string', 'NHWC']])[0] as tf.Tensor4D;
}

/** Gradient of a rectifier from its output (or its input: the sign is all that counts). */
export function rectifierGradient(gradient: tf.Tensor4D, output: tf.Tensor4D): tf.Tensor4D {
  return execute('ReluGrad', [gradient, output], 1, { T: 'TF_FLOAT' })[0] as tf.Tensor4D;
}

/**
 * Softmax cross-entropy of each example and its gradient in the logits, computed together and without overflow.
 * @param logits and @param targets [count, classes]; rows of targets sum to one. Loss in nats.
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor2D,
  targets: tf.Tensor2D,
): { losses: tf.Tensor1D; gradient: tf.Tensor2D } {
  const [losses, gradient] = execute('SoftmaxCrossEntropyWithLogits', [logits, targets], 2, { T: 'TF_FLOAT' });
  return { losses: losses as tf.Tensor1D, gradient: gradient as tf.Tensor2D };
}

/** Half the sum of squares, a scalar, in one pass. */
export function halfSquaredNorm(tensor: tf.Tensor): tf.Scalar {
  return execute('L2Loss', [tensor], 1, { T: 'TF_FLOAT' })[0] as tf.Scalar;
}

/**
 * Uniform numbers in [0, 1) that depend on the seed alone, so that a resumed run draws the same ones.
 * @param seed two 32-bit integers.
 */
export function statelessUniform(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  const shapeTensor = tf.tensor1d([...shape], 'int32');
  return execute('StatelessRandomUniform', [shapeTensor, seed], 1, {
    dtype: 'TF_FLOAT',
    T: 'TF_INT32',
    Tseed: 'TF_INT32',
  })[0]!;
}
