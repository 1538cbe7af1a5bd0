import type { WorkerLoad } from '#shared/cluster.ts';
import type { TrainingEvent } from '../../training/events.ts';

type ReplicaEvent = Extract<TrainingEvent, { type: 'replica' }>;

/** Steps that a mean is over. */
const STEPS = 20;
/** A worker straggles when it takes so many times as long as the others before it exchanges. */
const STRAGGLING = 1.25;

/** How the workers of a run fare: what each told of its last steps. */
export class WorkerLoads {
  readonly #addresses: readonly string[];
  readonly #told: ReplicaEvent[][];

  /** @param addresses by rank. */
  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
    this.#told = addresses.map(() => []);
  }

  add(event: ReplicaEvent): void {
    const told = this.#told[event.rank];
    told?.push(event);
    if (told !== undefined && told.length > STEPS) told.shift();
  }

  /** By rank; workers that told nothing yet are left out. */
  list(): WorkerLoad[] {
    const loads = this.#told.flatMap((events, rank) => (events.length === 0 ? [] : [this.#load(events, rank)]));
    return loads.map((load) => {
      const others = loads.filter(({ rank }) => rank !== load.rank).map(ownMilliseconds);
      return { ...load, isStraggling: others.length > 0 && ownMilliseconds(load) > STRAGGLING * median(others) };
    });
  }

  #load(events: readonly ReplicaEvent[], rank: number): WorkerLoad {
    const mean = (value: (event: ReplicaEvent) => number): number =>
      events.reduce((sum, event) => sum + value(event), 0) / events.length;
    return {
      rank,
      address: this.#addresses[rank]!,
      step: events.at(-1)!.step,
      imagesPerSecond: mean(({ imagesPerSecond }) => imagesPerSecond),
      dataMilliseconds: mean(({ dataMilliseconds }) => dataMilliseconds),
      computeMilliseconds: mean(
        ({ stepMilliseconds, exchangeMilliseconds }) => stepMilliseconds - exchangeMilliseconds,
      ),
      exchangeMilliseconds: mean(({ exchangeMilliseconds }) => exchangeMilliseconds),
      isStraggling: false,
    };
  }
}

/** What the others would have to wait for. */
function ownMilliseconds({ dataMilliseconds, computeMilliseconds }: WorkerLoad): number {
  return dataMilliseconds + computeMilliseconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle - 0.5)]! + sorted[Math.ceil(middle - 0.5)]!) / 2;
}
