import * as tf from '@tensorflow/tfjs';
import type { FeedValue, StepDefinition } from '../tensorflow/capture/capture.ts';

/**
 * A step: a function of its variables and of what is fed, made of tensor operations alone. It assigns its variables and returns numbers to
 * report; nothing is read back inside, and no number of JavaScript's changes from one run to the next. So the same step can run operation
 * by operation, as {@link eagerRunner} does, or be captured and run as one TensorFlow graph (executor.ts).
 */
export interface Step<Feed extends string, Fetch extends string> extends StepDefinition<Feed, Fetch> {
  /** All state the step reads or assigns. */
  readonly variables: readonly tf.Variable[];
}

export type Feeds<Feed extends string> = Readonly<Record<Feed, FeedValue>>;
export type Fetched<Fetch extends string> = Readonly<Record<Fetch, Float32Array | Int32Array>>;

/** A step made ready. */
export interface StepRunner<Feed extends string, Fetch extends string> {
  /** @throws StudioError 'out-of-memory'. */
  run(feeds: Feeds<Feed>): Promise<Fetched<Fetch>>;
}

/** Runs a step operation by operation, on the tfjs variables themselves: the reference that captured steps are compared with. */
export function eagerRunner<Feed extends string, Fetch extends string>(
  step: Step<Feed, Fetch>,
): StepRunner<Feed, Fetch> {
  return {
    async run(feeds) {
      const fetches = tf.tidy(() => step.step(feedTensors(step, feeds)) as Record<Fetch, tf.Tensor>);
      // Copies: tfjs may hand out memory that TensorFlow goes on to use.
      const read = Object.entries<tf.Tensor>(fetches).map(([name, tensor]) => [name, tensor.dataSync().slice()]);
      tf.dispose(fetches);
      return Object.fromEntries(read) as Fetched<Fetch>;
    },
  };
}

function feedTensors<Feed extends string>({ feeds }: Step<Feed, string>, values: Feeds<Feed>): Record<Feed, tf.Tensor> {
  const names = Object.keys(feeds) as Feed[];
  return Object.fromEntries(
    names.map((name) => {
      const { dataType, shape } = feeds[name];
      const value = values[name];
      return [name, typeof value === 'number' ? tf.scalar(value, dataType) : tf.tensor(value, [...shape], dataType)];
    }),
  ) as Record<Feed, tf.Tensor>;
}

/** Images as a step is fed them: [count, side, side, 3], float32, normalised. */
export function imageFeed(
  count: number,
  side: number,
): { dataType: 'float32'; shape: [number, number, number, number] } {
  return { dataType: 'float32', shape: [count, side, side, 3] };
}

/** More than the dropout draws that any step makes. */
const DRAWS_PER_STEP = 4;

/** Seed of a step's dropout draws, which add the draw's number to its second integer: no two draws of a run share one. */
export function dropoutSeed(runSeed: number, step: number): Int32Array {
  return Int32Array.of(runSeed, step * DRAWS_PER_STEP);
}
