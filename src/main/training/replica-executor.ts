import type * as tf from '@tensorflow/tfjs';
import type { StepDefinition } from '../tensorflow/capture/capture.ts';
import { CaptureCache } from '../tensorflow/capture/capture-cache.ts';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import type { SessionOptions } from '../tensorflow/capture/config-proto.ts';
import { graphExecutor, type StepExecutor } from './executor.ts';
import type { Fetched, StepRunner } from './step.ts';

/** How a run is to end before its next step. */
export type EndRequest = 'paused' | 'stopped';
/** As they travel; of several the highest counts. */
const REQUESTS: readonly (EndRequest | null)[] = [null, 'paused', 'stopped'];

/** Runs steps of one process of a cluster: what is its own, predictions for one, as any executor. */
export interface ReplicaExecutor extends StepExecutor {
  readonly group: ProcessGroup;
  /** The same variables, for steps that all of the processes make at once: those that exchange something. */
  readonly together: StepExecutor;
  /** What any of the processes had asked for when the last step began: the same in all of them. */
  agreedRequest(): EndRequest | null;
  /** Milliseconds of the last step in which this process waited for the others or exchanged with them, and had nothing else to compute. */
  exchangeMilliseconds(): number;
  /** Numbers of all processes, as many of each. @returns [size × count], by rank. */
  gatherValues(values: Float32Array): Promise<Float32Array>;
}

type AddedFeed = 'endRequest';
type AddedFetch = 'endRequests' | 'exchangeTimes';

/**
 * @param options of the session, its cluster among them. @param request what this process is asked, read at each step.
 * @throws StudioError 'unavailable' when the cluster's server cannot be started.
 */
export function replicaExecutor(
  library: string,
  options: SessionOptions,
  group: ProcessGroup,
  request: () => EndRequest | null,
): ReplicaExecutor {
  const executor = graphExecutor(library, options);
  let agreed: EndRequest | null = null;
  let exchanging = 0;

  const prepare = <Feed extends string, Fetch extends string>(
    step: StepDefinition<Feed, Fetch>,
  ): StepRunner<Feed, Fetch> => {
    const runner = executor.prepare(withAgreement(step, group));
    return {
      run: async (feeds) => {
        const endRequest = Float32Array.of(REQUESTS.indexOf(request()));
        const fetched = await runner.run({ ...feeds, endRequest });
        const { endRequests, exchangeTimes, ...own } = fetched as Fetched<AddedFetch>;
        agreed = REQUESTS[Math.max(...endRequests)]!;
        exchanging = coveredMilliseconds(exchangeTimes);
        return own as unknown as Fetched<Fetch>;
      },
    };
  };
  const gathers = new CaptureCache<'values', StepRunner<'values', 'gathered'>>(({ values: [count] }) =>
    executor.prepare<'values', 'gathered'>({
      name: `gather-${count}`,
      variables: [],
      feeds: { values: { dataType: 'float32', shape: [count!] } },
      step: ({ values }) => {
        return { gathered: group.gather(values, false) };
      },
    }),
  );
  return {
    ...executor,
    group,
    together: { ...executor, prepare },
    agreedRequest: () => agreed,
    exchangeMilliseconds: () => exchanging,
    gatherValues: async (values) => {
      const { gathered } = await gathers.for({ values: [values.length] }).run({ values });
      return gathered as Float32Array;
    },
  };
}

function withAgreement<Feed extends string, Fetch extends string>(
  step: StepDefinition<Feed, Fetch>,
  group: ProcessGroup,
): StepDefinition<Feed | AddedFeed, Fetch | AddedFetch> {
  return {
    ...step,
    feeds: { ...step.feeds, endRequest: { dataType: 'float32', shape: [1] } } as StepDefinition<
      Feed | AddedFeed,
      string
    >['feeds'],
    step: (feeds) => {
      const endRequests = group.gather(feeds.endRequest, false);
      const fetched = step.step(feeds);
      return { ...fetched, endRequests, exchangeTimes: group.takeTimes() } as Readonly<
        Record<Fetch | AddedFetch, tf.Tensor>
      >;
    },
  };
}

/** Milliseconds in at least one of some intervals. @param times [intervals, 2] begin and end of each. */
export function coveredMilliseconds(times: ArrayLike<number>): number {
  const intervals = Array.from({ length: times.length / 2 }, (_, index) => [
    times[2 * index]!,
    times[2 * index + 1]!,
  ]).toSorted(([a], [b]) => a! - b!) as [number, number][];
  let covered = 0;
  let reached = -Infinity;
  for (const [begin, end] of intervals) {
    covered += Math.max(0, end - Math.max(begin, reached));
    reached = Math.max(reached, end);
  }
  return covered;
}
