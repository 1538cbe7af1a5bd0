import { RandomStream } from '#shared/random.ts';
import { dot, normalizeRows } from './vectors.ts';

/** Multiplications up to which every pair is compared: about half a minute. Beyond, a forest of random projections chooses the pairs. */
const EXACT_WORK = 3e10;
/** Vectors of a block: two blocks of 512 numbers each fit the second-level cache. */
const BLOCK = 128;
/** Trees of the forest, and vectors of a leaf: of the ten nearest, nine are found in clustered data (see the test). */
const TREES = 12;
const LEAF = 96;

/**
 * The nearest other vectors of each by cosine similarity. Exact while that is not too much work, else by a forest of random projection trees
 * (Dasgupta, Freund: "Random projection trees and low dimensional manifolds", STOC 2008), seeded, so that it repeats.
 *
 * @param values [N×size]. @returns [N×count] rows of the nearest, the nearest first; -1 where there are no more.
 */
export function nearestNeighbours(
  values: Float32Array,
  size: number,
  count: number,
  exactWork: number = EXACT_WORK,
): Int32Array {
  const length = values.length / size;
  const unit = values.slice();
  normalizeRows(unit, size);
  const nearest = new NearestLists(length, count);
  if ((length * length * size) / 2 <= exactWork) compareAll(unit, size, nearest);
  else for (let tree = 0; tree < TREES; tree++) compareLeaves(unit, size, nearest, tree);
  return nearest.rows;
}

/** The best so far of each vector, kept sorted: the lists are short. */
class NearestLists {
  readonly rows: Int32Array;
  readonly #similarities: Float32Array;
  readonly #count: number;

  constructor(length: number, count: number) {
    this.#count = count;
    this.rows = new Int32Array(length * count).fill(-1);
    this.#similarities = new Float32Array(length * count).fill(-Infinity);
  }

  /** What another vector must be above to come into a list. */
  worst(row: number): number {
    return this.#similarities[(row + 1) * this.#count - 1]!;
  }

  add(row: number, other: number, similarity: number): void {
    const first = row * this.#count;
    let place = first + this.#count - 1;
    if (similarity <= this.#similarities[place]!) return;
    for (let known = first; known <= place; known++) if (this.rows[known] === other) return;
    for (; place > first && this.#similarities[place - 1]! < similarity; place--) {
      this.#similarities[place] = this.#similarities[place - 1]!;
      this.rows[place] = this.rows[place - 1]!;
    }
    this.#similarities[place] = similarity;
    this.rows[place] = other;
  }
}

function compareAll(unit: Float32Array, size: number, nearest: NearestLists): void {
  const length = unit.length / size;
  for (let from = 0; from < length; from += BLOCK) {
    for (let to = from; to < length; to += BLOCK) {
      const [endFrom, endTo] = [Math.min(from + BLOCK, length), Math.min(to + BLOCK, length)];
      for (let row = from; row < endFrom; row++) {
        for (let other = Math.max(to, row + 1); other < endTo; other++) compare(unit, size, row, other, nearest);
      }
    }
  }
}

function compare(unit: Float32Array, size: number, row: number, other: number, nearest: NearestLists): void {
  const similarity = dot(unit, row * size, unit, other * size, size);
  if (similarity > nearest.worst(row)) nearest.add(row, other, similarity);
  if (similarity > nearest.worst(other)) nearest.add(other, row, similarity);
}

/** One tree: vectors are halved at the median of a random direction, until a leaf is small enough to compare all of its pairs. */
function compareLeaves(unit: Float32Array, size: number, nearest: NearestLists, tree: number): void {
  const stream = new RandomStream(tree, 'audit');
  const direction = new Float32Array(size);
  const pending = [Uint32Array.from({ length: unit.length / size }, (_, row) => row)];
  for (let rows = pending.pop(); rows !== undefined; rows = pending.pop()) {
    if (rows.length <= LEAF) {
      for (let one = 0; one < rows.length; one++) {
        for (let other = one + 1; other < rows.length; other++) compare(unit, size, rows[one]!, rows[other]!, nearest);
      }
      continue;
    }
    // Between two of them: such a direction follows the data where most of the space is empty.
    const [from, to] = [rows[stream.integer(rows.length)]! * size, rows[stream.integer(rows.length)]! * size];
    for (let index = 0; index < size; index++) direction[index] = unit[from + index]! - unit[to + index]!;
    const places = Float32Array.from(rows, (row) => dot(unit, row * size, direction, 0, size));
    const order = Uint32Array.from(rows, (_, place) => place).sort((one, other) => places[one]! - places[other]!);
    const half = order.length >> 1;
    pending.push(order.subarray(0, half).map((place) => rows[place]!));
    pending.push(order.subarray(half).map((place) => rows[place]!));
  }
}
