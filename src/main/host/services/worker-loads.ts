import type { WorkerLoad } from '#shared/cluster.ts';
import type { TrainingEvent } from '../../training/events.ts';

type ReplicaEvent = Extract<TrainingEvent, { type: 'replica' }>;

/** Steps that a mean is over. */
const STEPS = 20;
/** A worker straggles when it takes so many times as long as the others before it exchanges. */
const STRAGGLING = 1.25;
/** Waiting for less than this share of a step is not worth a word. */
const NOTABLE = 0.05;
/** A worker that straggles is told of after so many steps; so many without it, and the next time is told of again. */
const PATIENCE = 20;

interface Told {
  /** Of the last steps. */
  readonly events: ReplicaEvent[];
  /** Steps in a row for which it straggled, or, once that was told of, for which it did not. */
  steps: number;
  wasNamed: boolean;
}

/** How the workers of a run fare: what each told of its last steps. */
export class WorkerLoads {
  readonly #addresses: readonly string[];
  readonly #told: Told[];

  /** @param addresses by rank. */
  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
    this.#told = addresses.map(() => ({ events: [], steps: 0, wasNamed: false }));
  }

  /** @returns a sentence when the worker has begun to straggle, and that for good; else null. */
  add(event: ReplicaEvent): string | null {
    const told = this.#told[event.rank];
    if (told === undefined) return null;
    told.events.push(event);
    if (told.events.length > STEPS) told.events.shift();
    return this.#watch(told, event.rank);
  }

  /** By rank; workers that told nothing yet are left out. */
  list(): WorkerLoad[] {
    const paces = this.#paces();
    return this.#told.flatMap(({ events }, rank) => {
      if (events.length === 0) return [];
      return [{ ...meansOf(events), rank, address: this.#addresses[rank]!, isStraggling: isStraggling(rank, paces) }];
    });
  }

  #watch(told: Told, rank: number): string | null {
    const paces = this.#paces();
    told.steps = isStraggling(rank, paces) === told.wasNamed ? 0 : told.steps + 1;
    if (told.steps < PATIENCE) return null;
    told.steps = 0;
    told.wasNamed = !told.wasNamed;
    if (!told.wasNamed) return null;
    const [own, others] = [paces.get(rank)!.own, othersOf(rank, paces)!].map(millisecondsText);
    return `Worker ${this.#addresses[rank]} keeps the others waiting: ${own} a step of its own, the others ${others}.`;
  }

  #paces(): Paces {
    return new Map(this.#told.flatMap(({ events }, rank) => (events.length === 0 ? [] : [[rank, paceOf(events)]])));
  }
}

/** The middle of a worker's last steps, milliseconds: one step that saves a checkpoint makes no straggler. By rank. */
type Paces = ReadonlyMap<number, { readonly own: number; readonly whole: number }>;

/** `own`: what the others would have to wait for. */
function paceOf(events: readonly ReplicaEvent[]): { own: number; whole: number } {
  const whole = median(events.map(({ dataMilliseconds, stepMilliseconds }) => dataMilliseconds + stepMilliseconds));
  const own = median(
    events.map((event) => event.dataMilliseconds + event.stepMilliseconds - event.exchangeMilliseconds),
  );
  return { own, whole };
}

function isStraggling(rank: number, paces: Paces): boolean {
  const { own, whole } = paces.get(rank)!;
  const others = othersOf(rank, paces);
  return others !== null && own > STRAGGLING * others && own - others > NOTABLE * whole;
}

/** What the others take of their own, in the middle; null where there are none. */
function othersOf(rank: number, paces: Paces): number | null {
  const others = [...paces].flatMap(([other, { own }]) => (other === rank ? [] : [own]));
  return others.length === 0 ? null : median(others);
}

function meansOf(events: readonly ReplicaEvent[]): Omit<WorkerLoad, 'rank' | 'address' | 'isStraggling'> {
  const mean = (value: (event: ReplicaEvent) => number): number =>
    events.reduce((sum, event) => sum + value(event), 0) / events.length;
  return {
    step: events.at(-1)!.step,
    imagesPerSecond: mean(({ imagesPerSecond }) => imagesPerSecond),
    dataMilliseconds: mean(({ dataMilliseconds }) => dataMilliseconds),
    computeMilliseconds: mean(({ stepMilliseconds, exchangeMilliseconds }) => stepMilliseconds - exchangeMilliseconds),
    exchangeMilliseconds: mean(({ exchangeMilliseconds }) => exchangeMilliseconds),
  };
}

function millisecondsText(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds).toLocaleString('en')} ms`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle - 0.5)]! + sorted[Math.ceil(middle - 0.5)]!) / 2;
}
