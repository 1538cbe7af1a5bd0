import * as tf from '@tensorflow/tfjs';
import { type RandomPurpose, RandomStream } from '#shared/random.ts';
import {
  isTrainable,
  type ParameterSpecification,
  parameterSpecifications,
  type ResNetArchitecture,
} from './resnet.ts';

/** A residual network and its state: one variable for every parameter and running statistic. */
export interface Network {
  readonly architecture: ResNetArchitecture;
  /** In torchvision's state_dict order and names, in TensorFlow's layouts. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** Names of those that are learned by gradient. */
  readonly trainable: readonly string[];
  /**
   * Forward passes in training mode so far, a scalar: PyTorch's `num_batches_tracked`, which is the same for every BatchNorm of a network and
   * never used at momentum 0.1; kept for the interchange alone.
   */
  readonly batchesTracked: tf.Variable;
}

/** @param values by name, in TensorFlow's layouts; every one the architecture has. The network takes the arrays over. */
export function createNetwork(
  architecture: ResNetArchitecture,
  values: ReadonlyMap<string, Float32Array>,
  batchesTracked = 0,
): Network {
  const specifications = parameterSpecifications(architecture);
  const variables = new Map<string, tf.Variable>();
  for (const { name, shape } of specifications) {
    const value = values.get(name);
    if (value === undefined) throw new Error(`No value for parameter ${name}.`);
    variables.set(name, newVariable(value, shape));
  }
  const trainable = specifications.filter(({ kind }) => isTrainable(kind)).map(({ name }) => name);
  return { architecture, variables, trainable, batchesTracked: newVariable(Float32Array.of(batchesTracked), []) };
}

/** A new network with the same numbers. */
export function cloneNetwork(network: Network): Network {
  const copy = (variable: tf.Variable): tf.Variable => tf.tidy(() => tf.variable(variable));
  const variables = new Map([...network.variables].map(([name, variable]) => [name, copy(variable)] as const));
  return { ...network, variables, batchesTracked: copy(network.batchesTracked) };
}

/** Gives `target` the numbers of `source`, which has the same architecture. */
export function copyNetwork(source: Network, target: Network): void {
  for (const [name, variable] of source.variables) target.variables.get(name)!.assign(variable);
  target.batchesTracked.assign(source.batchesTracked);
}

/** All variables of a network, the batch counter included. */
export function networkVariables(network: Network): tf.Variable[] {
  return [...network.variables.values(), network.batchesTracked];
}

export function disposeNetwork(network: Network): void {
  tf.dispose(networkVariables(network));
}

/**
 * SGD's momentum buffers, one for each trainable variable.
 * @param values by parameter name, as far as there are any; zeros otherwise.
 */
export function createMomentumBuffers(
  network: Network,
  values: ReadonlyMap<string, Float32Array> = new Map(),
): ReadonlyMap<string, tf.Variable> {
  return new Map(
    network.trainable.map((name) => {
      const { shape, size } = network.variables.get(name)!;
      return [name, newVariable(values.get(name) ?? new Float32Array(size), shape)] as const;
    }),
  );
}

function newVariable(value: Float32Array, shape: readonly number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(value, [...shape], 'float32')));
}

/**
 * Initial values as torchvision's ResNet has them: convolutions normal with variance 2 / fan-out (He et al. 2015), batch normalisation 1 and
 * 0, the last layer PyTorch's default, uniform within ±1/√inputs. The same seed gives the same numbers on every machine.
 */
export function initialValues(
  architecture: ResNetArchitecture,
  seed: number,
  purpose: RandomPurpose,
): Map<string, Float32Array> {
  return new Map(
    parameterSpecifications(architecture).map((specification, index) => [
      specification.name,
      initialValue(specification, architecture, new RandomStream(seed, purpose, 0, index)),
    ]),
  );
}

function initialValue(
  { kind, shape }: ParameterSpecification,
  architecture: ResNetArchitecture,
  stream: RandomStream,
): Float32Array {
  const values = new Float32Array(tf.util.sizeFromShape([...shape]));
  switch (kind) {
    case 'scale':
    case 'running-variance':
      return values.fill(1);
    case 'offset':
    case 'running-mean':
      return values;
    case 'convolution': {
      const [height, width, , outputChannels] = shape as [number, number, number, number];
      const deviation = Math.sqrt(2 / (height * width * outputChannels));
      return values.map(() => deviation * stream.normal());
    }
    case 'linear-weight':
    case 'linear-bias': {
      const bound = 1 / Math.sqrt(featureCount(architecture));
      return values.map(() => stream.between(-bound, bound));
    }
  }
}

/** Inputs of the last layer. */
function featureCount(architecture: ResNetArchitecture): number {
  return architecture.width * 8 * (architecture.block === 'basic' ? 1 : 4);
}
