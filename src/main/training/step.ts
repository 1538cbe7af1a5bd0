import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';

/** What is put in at each run: a batch of images, labels, a learning rate. */
export interface FeedSpecification {
  readonly dataType: 'float32' | 'int32';
  readonly shape: readonly number[];
}

/** Row-major values of the feed's type and size; a plain number for a feed of shape []. */
export type FeedValue = Float32Array | Int32Array | number;

/**
 * A step: a function of its variables and of what is fed, made of tensor operations alone. It assigns its variables and returns numbers to
 * report; nothing is read back inside, and no number of JavaScript's changes from one run to the next. So the same step can run operation
 * by operation, or be captured and run as one TensorFlow graph.
 */
export interface Step<Feed extends string, Fetch extends string> {
  readonly name: string;
  /** All state the step reads or assigns. */
  readonly variables: readonly tf.Variable[];
  readonly feeds: Readonly<Record<Feed, FeedSpecification>>;
  readonly step: (feeds: Readonly<Record<Feed, tf.Tensor>>) => Readonly<Record<Fetch, tf.Tensor>>;
}

export type Feeds<Feed extends string> = Readonly<Record<Feed, FeedValue>>;
export type Fetched<Fetch extends string> = Readonly<Record<Fetch, Float32Array | Int32Array>>;

/** A way to run a step. */
export interface StepRunner<Feed extends string, Fetch extends string> {
  /** @throws StudioError 'out-of-memory'. */
  run(feeds: Feeds<Feed>): Promise<Fetched<Fetch>>;
}

/** Runs a step operation by operation. */
export function eagerRunner<Feed extends string, Fetch extends string>(
  definition: Step<Feed, Fetch>,
): StepRunner<Feed, Fetch> {
  return {
    // tfjs computes while this is called; the promise is for runners that do not.
    async run(values) {
      try {
        const fetches = tf.tidy(() => definition.step(feedTensors(definition, values)) as Record<Fetch, tf.Tensor>);
        const read = Object.entries<tf.Tensor>(fetches).map(([name, tensor]) => [name, copyOf(tensor)]);
        tf.dispose(fetches);
        return Object.fromEntries(read) as Fetched<Fetch>;
      } catch (error) {
        throw isOutOfMemory(error) ? outOfMemoryError(error) : error;
      }
    },
  };
}

function feedTensors<Feed extends string>(
  { feeds }: Step<Feed, string>,
  values: Readonly<Record<Feed, FeedValue>>,
): Record<Feed, tf.Tensor> {
  const names = Object.keys(feeds) as Feed[];
  return Object.fromEntries(
    names.map((name) => {
      const { dataType, shape } = feeds[name];
      const value = values[name];
      return [name, typeof value === 'number' ? tf.scalar(value, dataType) : tf.tensor(value, [...shape], dataType)];
    }),
  ) as Record<Feed, tf.Tensor>;
}

/** tfjs may hand out memory that TensorFlow goes on to use. */
function copyOf(tensor: tf.Tensor): Float32Array | Int32Array {
  return tensor.dataSync<'float32' | 'int32'>().slice();
}

function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /RESOURCE_EXHAUSTED|OOM when allocating|Array buffer allocation failed/.test(error.message)
  );
}

function outOfMemoryError(cause: unknown): StudioError {
  return new StudioError('out-of-memory', 'There is not enough memory for a training step.', {
    hint: 'Use a smaller batch, a smaller image or a narrower network. Earlier checkpoints are intact.',
    cause,
  });
}

/** Images as a step is fed them: [count, side, side, 3], float32, normalised. */
export function imageFeed(
  count: number,
  side: number,
): { dataType: 'float32'; shape: [number, number, number, number] } {
  return { dataType: 'float32', shape: [count, side, side, 3] };
}
