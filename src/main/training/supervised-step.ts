import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from './losses.ts';
import { type Network, networkVariables } from './network.ts';
import { movingAverage, type SgdOptions, sgdStep } from './optimizer.ts';
import { type Dropout, trainingPass } from './resnet.ts';
import { assignments, countBatches, type Step, type StepFeeds, type VariableUpdate } from './step.ts';

/** A network that learns, with SGD's memory and settings. */
export interface Learner {
  readonly network: Network;
  /** Momentum buffers by parameter name; empty at momentum 0. */
  readonly buffers: ReadonlyMap<string, tf.Variable>;
  readonly sgd: SgdOptions;
  /** Share of the last layer's inputs that is dropped in training. */
  readonly dropout: number;
}

/** A moving average that follows a learner's network. */
export interface Average {
  readonly network: Network;
  readonly decay: number;
}

export interface SupervisedFeeds extends StepFeeds {
  /** [count, height, width, 3], normalised. */
  readonly images: tf.Tensor4D;
  /** [count], int32. */
  readonly labels: tf.Tensor1D;
  readonly learningRate: tf.Scalar;
  /** Two 32-bit integers: the run's seed, and a number no other step has. */
  readonly dropoutSeed: tf.Tensor1D;
}

export type SupervisedOutput = 'loss' | 'gradientNorm';

/** One network, one labeled batch, cross-entropy: the base network's warm-up, the supervised baseline, and fine-tuning. */
export function supervisedStep(
  learner: Learner,
  average: Average | null,
  labelSmoothing: number,
): Step<SupervisedFeeds, SupervisedOutput> {
  const { network, buffers, sgd } = learner;
  return {
    variables: [...learnerVariables(learner), ...(average === null ? [] : networkVariables(average.network))],
    compute: ({ images, labels, learningRate, dropoutSeed }) => {
      const { variables } = network;
      const pass = trainingPass(network.architecture, variables, images, dropoutDraw(learner, dropoutSeed, 0));
      const loss = crossEntropy(pass.logits, labels, labelSmoothing);
      const learned = sgdStep({ parameters: variables, gradients: pass.backward(loss.gradient), buffers, learningRate }, sgd);
      return {
        updates: [
          ...assignments(variables, learned.parameters),
          ...assignments(variables, pass.statistics),
          ...assignments(buffers, learned.buffers),
          countBatches(network, 1),
          ...averageUpdates(average, learned.parameters, pass.statistics, tf.add(network.batchesTracked, 1)),
        ],
        outputs: { loss: loss.value, gradientNorm: learned.gradientNorm },
      };
    },
  };
}

export function learnerVariables({ network, buffers }: Learner): tf.Variable[] {
  return [...networkVariables(network), ...buffers.values()];
}

/** @param draw which of a step's draws this is. */
export function dropoutDraw({ dropout }: Learner, seed: tf.Tensor1D, draw: number): Dropout | null {
  return dropout === 0 ? null : { rate: dropout, seed: tf.add(seed, tf.tensor1d([0, draw], 'int32')) };
}

/** The moving average after a step: parameters averaged, BatchNorm's running statistics copied. */
export function averageUpdates(
  average: Average | null,
  parameters: ReadonlyMap<string, tf.Tensor>,
  statistics: ReadonlyMap<string, tf.Tensor>,
  batchesTracked: tf.Tensor,
): VariableUpdate[] {
  if (average === null) return [];
  const { network, decay } = average;
  const averaged = new Map([...parameters].map(([name, value]) => [name, movingAverage(network.variables.get(name)!, value, decay)]));
  return [
    ...assignments(network.variables, averaged),
    ...assignments(network.variables, statistics),
    { variable: network.batchesTracked, value: batchesTracked },
  ];
}
