import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { bitCount } from '#shared/bits.ts';
import { StudioError } from '#shared/errors.ts';

/** 64-bit hashes as two halves. */
export interface Hashes {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/** The hash is cut into this many bands of 16 bits, each with a table of its 65,536 values. */
const BANDS = 4;
const BAND_BITS = 16;
const BUCKETS = 1 << BAND_BITS;

/**
 * Groups hashes that a chain of near ones joins: each differs in at most `distance` bits from another of its group. Multi-index hashing
 * (Norouzi, Punjani, Fleet: "Fast exact search in Hamming space with multi-index hashing", 2014): where two hashes differ in d bits, one of
 * four bands differs in at most d/4, so that only hashes with a near band need be compared. Time grows with the distance in steps of four.
 *
 * @returns for each position the first position of its group.
 */
export function groupNearHashes(hashes: Hashes, distance: number): Uint32Array<ArrayBuffer> {
  const roots = new DisjointPositions(hashes.high.length);
  const distinct = joinEqualHashes(hashes, roots);
  // Of the bands, distance % 4 + 1 need the whole radius, and the others one bit less (the paper's proposition 1).
  const radius = Math.floor(distance / BANDS);
  const wholeBands = (distance % BANDS) + 1;
  for (let band = 0; band < BANDS; band++) {
    const bandRadius = band < wholeBands ? radius : radius - 1;
    if (bandRadius >= 0) joinNearInBand({ hashes, distinct, band, radius: bandRadius, distance }, roots);
  }
  return Uint32Array.from({ length: hashes.high.length }, (_, position) => roots.find(position));
}

/** Many images may share one hash: only one of them is searched for. @returns a position of each hash. */
function joinEqualHashes({ high, low }: Hashes, roots: DisjointPositions): Uint32Array {
  const order = Uint32Array.from({ length: high.length }, (_, position) => position);
  order.sort((one, other) => high[one]! - high[other]! || low[one]! - low[other]! || one - other);
  let count = 0;
  const distinct = new Uint32Array(order.length);
  for (const position of order) {
    const last = distinct[count - 1];
    if (last !== undefined && high[last] === high[position] && low[last] === low[position]) roots.join(last, position);
    else distinct[count++] = position;
  }
  return distinct.subarray(0, count);
}

interface BandSearch {
  readonly hashes: Hashes;
  readonly distinct: Uint32Array;
  readonly band: number;
  /** Bits in which the band may differ. */
  readonly radius: number;
  readonly distance: number;
}

function joinNearInBand({ hashes, distinct, band, radius, distance }: BandSearch, roots: DisjointPositions): void {
  const shift = band % 2 === 0 ? BAND_BITS : 0;
  const words = band < 2 ? hashes.high : hashes.low;
  const bucketOf = (position: number): number => (words[position]! >>> shift) & (BUCKETS - 1);
  const starts = new Uint32Array(BUCKETS + 1);
  for (const position of distinct) starts[bucketOf(position) + 1]!++;
  for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1]! += starts[bucket]!;
  const ends = starts.slice();
  // Hashes in the order of their buckets: what is compared lies side by side.
  const positions = new Uint32Array(distinct.length);
  const high = new Uint32Array(distinct.length);
  const low = new Uint32Array(distinct.length);
  for (const position of distinct) {
    const place = ends[bucketOf(position)]!++;
    positions[place] = position;
    high[place] = hashes.high[position]!;
    low[place] = hashes.low[position]!;
  }
  for (const mask of masksOf(radius)) {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const other = bucket ^ mask;
      if (other < bucket) continue; // seen from the other side
      const end = starts[bucket + 1]!;
      const otherEnd = starts[other + 1]!;
      for (let one = starts[bucket]!; one < end; one++) {
        const oneHigh = high[one]!;
        const oneLow = low[one]!;
        for (let two = mask === 0 ? one + 1 : starts[other]!; two < otherEnd; two++) {
          if (bitCount(oneHigh ^ high[two]!) + bitCount(oneLow ^ low[two]!) > distance) continue;
          roots.join(positions[one]!, positions[two]!);
        }
      }
    }
  }
}

/** All 16-bit words with at most `radius` bits set. */
function masksOf(radius: number): number[] {
  return Array.from({ length: BUCKETS }, (_, mask) => mask).filter((mask) => bitCount(mask) <= radius);
}

/** Union–find over positions; the root of a set is its first position. */
class DisjointPositions {
  readonly #parents: Uint32Array;

  constructor(length: number) {
    this.#parents = Uint32Array.from({ length }, (_, position) => position);
  }

  find(position: number): number {
    const parents = this.#parents;
    let current = position;
    while (parents[current] !== current) {
      const grandparent = parents[parents[current]!]!;
      parents[current] = grandparent;
      current = grandparent;
    }
    return current;
  }

  join(one: number, other: number): void {
    const [first, second] = [this.find(one), this.find(other)];
    if (first < second) this.#parents[second] = first;
    else this.#parents[first] = second;
  }
}

/** What the search's thread is given. */
export interface DuplicateSearchInput extends Hashes {
  readonly distance: number;
}

/**
 * {@link groupNearHashes} in a thread of its own: seconds for a million. @throws StudioError 'internal' when the thread stopped; the signal's
 * reason.
 */
export async function searchNearHashes(
  { high, low }: Hashes,
  distance: number,
  signal: AbortSignal,
): Promise<Uint32Array> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./duplicate-search-worker.ts', import.meta.url), {
    name: 'duplicates',
    workerData: { high, low, distance } satisfies DuplicateSearchInput,
  });
  try {
    const [roots] = (await Promise.race([once(worker, 'message', { signal }), ended(worker)])) as [Uint32Array];
    return roots;
  } catch (error) {
    signal.throwIfAborted();
    throw new StudioError('internal', 'The search for duplicates stopped.', {
      hint: 'Analyze again; if memory ran out, close other programs first.',
      cause: error,
    });
  } finally {
    await worker.terminate();
  }
}

/** Rejects when the thread ends without an answer. */
async function ended(worker: Worker): Promise<never> {
  const [code] = (await once(worker, 'exit')) as [number];
  throw new Error(`exit code ${code}`);
}
