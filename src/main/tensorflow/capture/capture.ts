import type * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { Output, Pointer } from './c-api.ts';
import type { Attribute } from './graph.ts';
import { dataTypeCode, type HostData, type HostDataType, type HostTensor } from './host-tensor.ts';
import type { GraphSession } from './session.ts';
import { Trace } from './trace.ts';

/**
 * A step that is written in tfjs, run by TensorFlow as one graph. The parts, in the order data takes:
 *
 * - `capture` (here) runs the step's function once inside a `Trace` (trace.ts), which lends it stand-ins for its feeds and variables.
 * - The `Recorder` (recorder.ts) adds every operation tfjs calls for to a `Graph` (graph.ts), computing nothing.
 * - A `GraphSession` (session.ts) owns that graph and the variables' values, and runs the `CapturedStep`.
 * - c-api.ts and host-tensor.ts are the border to TensorFlow's C library; config-proto.ts holds a session's options.
 */

/** What is put in at each run: a batch of images, labels, a learning rate. */
export interface FeedSpecification {
  readonly dataType: HostDataType;
  readonly shape: readonly number[];
}

/** Row-major values of the feed's type and size; a plain number for a feed of shape []. */
export type FeedValue = HostData | number;

/** A computation to capture: a training step, an evaluation, a prediction. */
export interface StepDefinition<Feed extends string, Fetch extends string> {
  /** Letters, digits and . _ - / : the step's operations carry it, and errors name it. */
  readonly name: string;
  /**
   * The variables the step reads or assigns. The session has a variable of its own for each, made at its first capture with the value
   * that the tfjs variable has then. 'frozen': every variable's present value becomes part of the graph; TensorFlow then folds what it
   * can, and nothing may be assigned.
   */
  readonly variables: readonly tf.Variable[] | 'frozen';
  readonly feeds: Readonly<Record<Feed, FeedSpecification>>;
  /**
   * The step in tfjs: computes from the feeds, assigns variables, returns what each run brings out. It runs once, recorded and not
   * computed, so it must not read a tensor's values, and everything that is not a feed or a variable (numbers made in JavaScript,
   * random ones too) is the same in every run.
   */
  readonly step: (feeds: Readonly<Record<Feed, tf.Tensor>>) => Readonly<Record<Fetch, tf.Tensor>>;
}

/**
 * Captures a step into a session: tfjs runs it once while a recorder turns its operations into a TensorFlow graph; each run of the
 * result is one call of TensorFlow. Variables that were assigned in the step are stored at the end of every run.
 *
 * @throws StudioError when the step does something that cannot be captured. The tfjs variables keep their values in any case.
 */
export function capture<Feed extends string, Fetch extends string>(
  session: GraphSession,
  definition: StepDefinition<Feed, Fetch>,
): CapturedStep<Feed, Fetch> {
  const { name, variables, feeds, step } = definition;
  const { graph } = session;
  const trace = new Trace(session, name, variables);
  const placeholders = new Map<Feed, Output>();
  const fetches = new Map<Fetch, Output>();
  const targets = trace.record(() => {
    const standIns = {} as Record<Feed, tf.Tensor>;
    for (const [feed, { dataType, shape }] of entries(feeds)) {
      const attributes: Attribute[] = [
        { name: 'dtype', kind: 'dataType', value: dataTypeCode(dataType) },
        { name: 'shape', kind: 'shape', value: shape },
      ];
      const placeholder = graph.addOutput({ type: 'Placeholder', name: `${name}/feed/${feed}`, attributes });
      placeholders.set(feed, placeholder);
      standIns[feed] = trace.recorder.tensorOf(placeholder, 'Placeholder');
    }
    for (const [fetch, tensor] of entries(step(standIns))) {
      // A copy under the fetch's own name, for TensorFlow refuses to bring out what was put in unchanged.
      const inputs = [trace.recorder.outputOf(tensor)];
      fetches.set(fetch, graph.addOutput({ type: 'Identity', name: `${name}/fetch/${fetch}`, inputs }));
    }
  });
  return new CapturedStep(session, definition, { placeholders, fetches, targets });
}

interface Recording<Feed, Fetch> {
  readonly placeholders: ReadonlyMap<Feed, Output>;
  readonly fetches: ReadonlyMap<Fetch, Output>;
  readonly targets: readonly Pointer[];
}

/** A step as TensorFlow runs it. It lives as long as its session. */
export class CapturedStep<Feed extends string, Fetch extends string> {
  readonly name: string;
  readonly #session: GraphSession;
  readonly #feeds: Readonly<Record<Feed, FeedSpecification>>;
  readonly #recording: Recording<Feed, Fetch>;

  constructor(session: GraphSession, definition: StepDefinition<Feed, Fetch>, recording: Recording<Feed, Fetch>) {
    this.name = definition.name;
    this.#session = session;
    this.#feeds = definition.feeds;
    this.#recording = recording;
  }

  /**
   * Runs the step once. The event loop stays free meanwhile, and the fed arrays may be reused at once.
   *
   * @throws StudioError 'internal' for a feed that is missing, of the wrong type or size; 'out-of-memory' and others as TensorFlow
   *   reports them. After a failed run some variables may be updated and others not.
   */
  async run(feeds: Readonly<Record<Feed, FeedValue>>): Promise<Record<Fetch, HostTensor>> {
    const { placeholders, fetches, targets } = this.#recording;
    const values = await this.#session.run({
      what: `run "${this.name}"`,
      feeds: Array.from(placeholders, ([name, output]) => ({
        name,
        output,
        value: this.#hostTensor(name, feeds[name]),
      })),
      fetches: Array.from(fetches, ([name, output]) => ({ name, output })),
      targets,
    });
    return Object.fromEntries(Array.from(fetches.keys(), (name, index) => [name, values[index]!])) as Record<
      Fetch,
      HostTensor
    >;
  }

  #hostTensor(name: Feed, value: FeedValue | undefined): HostTensor {
    if (value === undefined) {
      throw new StudioError('internal', `"${this.name}" was run without its feed "${name}".`, {
        hint: 'Give every feed a value.',
      });
    }
    const { dataType, shape } = this.#feeds[name];
    if (typeof value !== 'number') return { dataType, shape, data: value };
    const data =
      dataType === 'float32'
        ? Float32Array.of(value)
        : dataType === 'int32'
          ? Int32Array.of(value)
          : Uint8Array.of(value);
    return { dataType, shape, data };
  }
}

function entries<Key extends string, Value>(record: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(record) as [Key, Value][];
}
