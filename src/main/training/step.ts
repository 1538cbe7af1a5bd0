import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { Network } from './network.ts';

/**
 * A training step as a pure function: from the values of its variables and what is fed, it computes new values and numbers to report, with
 * tensor operations alone. Nothing is read back, nothing assigned, no number of JavaScript's changes from step to step. So it can be run
 * operation by operation, or be traced once and run as one TensorFlow graph.
 */
export interface Step<Feeds extends StepFeeds, Output extends string> {
  /** All state the step reads or updates. */
  readonly variables: readonly tf.Variable[];
  readonly compute: (feeds: Feeds) => StepResult<Output>;
}

/** Images, labels, and every number that differs from one step to the next. */
export type StepFeeds = Readonly<Record<string, tf.Tensor>>;

export interface StepResult<Output extends string> {
  /** To be assigned when everything is computed. */
  readonly updates: readonly VariableUpdate[];
  readonly outputs: Readonly<Record<Output, tf.Tensor>>;
}

export interface VariableUpdate {
  readonly variable: tf.Variable;
  readonly value: tf.Tensor;
}

export type StepOutputs<Output extends string> = Readonly<Record<Output, Float32Array | Int32Array>>;

/**
 * Runs a step operation by operation. The fed tensors are left alone.
 * @throws StudioError 'out-of-memory'.
 */
export function runStep<Feeds extends StepFeeds, Output extends string>(step: Step<Feeds, Output>, feeds: Feeds): StepOutputs<Output> {
  try {
    const outputs = tf.tidy(() => {
      const { updates, outputs: computed } = step.compute(feeds);
      for (const { variable, value } of updates) variable.assign(value);
      return computed as Record<Output, tf.Tensor>;
    });
    const read = Object.entries<tf.Tensor>(outputs).map(([name, tensor]) => [name, tensor.dataSync()]);
    tf.dispose(outputs);
    return Object.fromEntries(read) as StepOutputs<Output>;
  } catch (error) {
    throw isOutOfMemory(error) ? outOfMemoryError(error) : error;
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /RESOURCE_EXHAUSTED|OOM when allocating|Array buffer allocation failed/.test(error.message);
}

function outOfMemoryError(cause: unknown): StudioError {
  return new StudioError('out-of-memory', 'There is not enough memory for a training step.', {
    hint: 'Use a smaller batch, a smaller image or a narrower network. Earlier checkpoints are intact.',
    cause,
  });
}

/** Updates that give variables the values computed under the same names. */
export function assignments(variables: ReadonlyMap<string, tf.Variable>, values: ReadonlyMap<string, tf.Tensor>): VariableUpdate[] {
  return [...values].map(([name, value]) => ({ variable: variables.get(name)!, value }));
}

/** Update of PyTorch's batch counter after so many forward passes in training mode. */
export function countBatches(network: Network, passes: number): VariableUpdate {
  return { variable: network.batchesTracked, value: tf.add(network.batchesTracked, passes) };
}
