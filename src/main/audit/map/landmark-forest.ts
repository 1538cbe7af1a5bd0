import { RandomStream } from '#shared/random.ts';
import { dot } from '../vectors.ts';

/** Trees, and landmarks of a leaf at most: of the five nearest of clustered data, most are found (see the test). */
const TREES = 6;
const LEAF = 64;

/** A half-space, or a leaf: landmarks `from` … `to` of the tree. */
interface Node {
  /** Where its direction begins in the tree's directions; -1 for a leaf. */
  readonly direction: number;
  readonly threshold: number;
  readonly below: Node | null;
  readonly above: Node | null;
  readonly from: number;
  readonly to: number;
}

interface Tree {
  readonly root: Node;
  readonly directions: Float32Array;
  /** [L] landmarks in the order of the leaves, and [L×size] their vectors: those of a leaf are read in a row. */
  readonly members: Uint32Array;
  readonly vectors: Float32Array;
}

/**
 * Finds landmarks that are near a vector, by a forest of random projection trees (Dasgupta, Freund: "Random projection trees and low dimensional
 * manifolds", STOC 2008) that repeats by its seed: each tree halves the landmarks along the line between two of them until few are left.
 */
export class LandmarkForest {
  readonly #size: number;
  readonly #trees: readonly Tree[];
  /** [L] the number of the question that looked at each last. */
  readonly #seen: Uint32Array;
  #question = 0;

  /** @param landmarks [L×size], each of length 1. */
  constructor(landmarks: Float32Array, size: number, seed: number) {
    this.#size = size;
    this.#seen = new Uint32Array(landmarks.length / size);
    this.#trees = Array.from({ length: TREES }, (_, tree) =>
      grow(landmarks, size, new RandomStream(seed, 'map', 2, tree)),
    );
  }

  /**
   * Landmarks near a vector, the nearest first. @param vectors [N×size], each of length 1. @param found takes their places, -1 where there are
   * no more. @param similarities takes the cosines.
   */
  nearest(vectors: Float32Array, row: number, found: Int32Array, similarities: Float32Array): void {
    const size = this.#size;
    const seen = this.#seen;
    const start = row * size;
    const last = found.length - 1;
    const question = ++this.#question;
    found.fill(-1);
    similarities.fill(-Infinity);
    for (const tree of this.#trees) {
      const { members, vectors: landmarks } = tree;
      const leaf = leafOf(tree, vectors, start, size);
      for (let member = leaf.from; member < leaf.to; member++) {
        const landmark = members[member]!;
        if (seen[landmark] === question) continue;
        seen[landmark] = question;
        const similarity = dot(vectors, start, landmarks, member * size, size);
        if (similarity > similarities[last]!) insert(landmark, similarity, found, similarities);
      }
    }
  }
}

function leafOf({ root, directions }: Tree, vectors: Float32Array, start: number, size: number): Node {
  let node = root;
  while (node.direction >= 0) {
    node = dot(vectors, start, directions, node.direction, size) < node.threshold ? node.below! : node.above!;
  }
  return node;
}

function grow(landmarks: Float32Array, size: number, stream: RandomStream): Tree {
  const members = Uint32Array.from({ length: landmarks.length / size }, (_, row) => row);
  const directions: number[] = [];
  const split = (from: number, to: number): Node => {
    if (to - from <= LEAF) return { direction: -1, threshold: 0, below: null, above: null, from, to };
    const rows = members.slice(from, to);
    const [one, other] = [rows[stream.integer(rows.length)]! * size, rows[stream.integer(rows.length)]! * size];
    const line = landmarks.slice(one, one + size);
    for (let index = 0; index < size; index++) line[index]! -= landmarks[other + index]!;
    const places = Float32Array.from(rows, (row) => dot(landmarks, row * size, line, 0, size));
    const order = Uint32Array.from(rows, (_, place) => place).sort((first, second) => places[first]! - places[second]!);
    order.forEach((place, index) => (members[from + index] = rows[place]!));
    const half = rows.length >> 1;
    const direction = directions.length;
    directions.push(...line);
    const threshold = places[order[half]!]!;
    return { direction, threshold, below: split(from, from + half), above: split(from + half, to), from, to };
  };
  const root = split(0, members.length);
  const vectors = new Float32Array(landmarks.length);
  members.forEach((row, index) => vectors.set(landmarks.subarray(row * size, (row + 1) * size), index * size));
  return { root, directions: Float32Array.from(directions), members, vectors };
}

/** Keeps the lists sorted: they are short. */
function insert(landmark: number, similarity: number, found: Int32Array, similarities: Float32Array): void {
  let place = found.length - 1;
  for (; place > 0 && similarities[place - 1]! < similarity; place--) {
    similarities[place] = similarities[place - 1]!;
    found[place] = found[place - 1]!;
  }
  similarities[place] = similarity;
  found[place] = landmark;
}
