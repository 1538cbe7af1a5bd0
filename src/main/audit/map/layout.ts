import { UMAP } from 'umap-js';
import { RandomStream } from '#shared/random.ts';
import { nearestNeighbours } from '../neighbours.ts';
import { dot } from '../vectors.ts';
import { principalSubspace, projectRows } from './principal-subspace.ts';

/** Multiplications up to which every pair of landmarks is compared: a second or two. */
const EXACT_WORK = 5e8;
/** Where the first layout lies, on each side of 0: as wide as that of the reference implementation. */
const FIRST_EXTENT = 10;

export interface LayoutOptions {
  /** Neighbours of each landmark, itself included. */
  readonly neighbours: number;
  /** How near to each other points may come to lie, of a spread of 1. */
  readonly minimumDistance: number;
  readonly epochs: number;
  readonly seed: number;
  /** Told when the neighbours are known, when their graph is, and after each epoch. */
  readonly onNeighbours: () => void;
  readonly onGraph: () => void;
  readonly onEpoch: (done: number) => void;
}

/**
 * Lays vectors out in the plane so that neighbours stay neighbours: UMAP (McInnes, Healy, Melville, arXiv:1802.03426) by umap-js, over cosine
 * neighbours of our own and from a first layout by the two principal directions, which keeps what is far apart where it belongs (Kobak,
 * Linderman: "Initialization is critical for preserving global data structure", Nature Biotechnology 2021).
 *
 * @param vectors [N×size], each of length 1; more than `neighbours`. @returns [N×2].
 */
export function layOut(vectors: Float32Array, size: number, options: LayoutOptions): Float32Array {
  const { neighbours, minimumDistance, epochs, seed, onNeighbours, onGraph, onEpoch } = options;
  const count = vectors.length / size;
  const near = nearestNeighbours(vectors, size, neighbours - 1, EXACT_WORK);
  onNeighbours();
  const stream = new RandomStream(seed, 'map', 3);
  const umap = new UMAP({
    nNeighbors: neighbours,
    minDist: minimumDistance,
    nEpochs: epochs,
    // 32 bits choose among landmarks well enough, and are had four at a time.
    random: () => stream.next() / 2 ** 32,
  });
  const { rows, distances } = neighbourLists(vectors, size, near, neighbours);
  umap.setPrecomputedKNN(rows, distances);
  // umap-js looks at the vectors only to count them once the neighbours are known.
  umap.initializeFit(Array.from({ length: count }, () => []));
  onGraph();
  const places = umap.getEmbedding();
  const first = firstLayout(vectors, size, seed);
  // These are the very arrays that the steps move.
  for (const [row, place] of places.entries()) [place[0], place[1]] = [first[2 * row]!, first[2 * row + 1]!];
  for (let done = 0; done < epochs; onEpoch(done)) done = umap.step();
  return Float32Array.from(umap.getEmbedding().flat());
}

/** As umap-js takes them: each vector is its own first neighbour, and fills the list where others were not found, which then says nothing. */
function neighbourLists(
  vectors: Float32Array,
  size: number,
  near: Int32Array,
  neighbours: number,
): { rows: number[][]; distances: number[][] } {
  const others = neighbours - 1;
  const rows: number[][] = [];
  const distances: number[][] = [];
  for (let row = 0; row < near.length / others; row++) {
    const found = [...near.subarray(row * others, (row + 1) * others)].filter((other) => other >= 0);
    const missing = others - found.length;
    const apart = found.map((other) => Math.max(0, 1 - dot(vectors, row * size, vectors, other * size, size)));
    rows.push([row, ...found, ...Array<number>(missing).fill(row)]);
    distances.push([0, ...apart, ...Array<number>(missing).fill(0)]);
  }
  return { rows, distances };
}

/** The two principal directions of the vectors without their mean, scaled to the extent where UMAP begins. */
function firstLayout(vectors: Float32Array, size: number, seed: number): Float32Array {
  const count = vectors.length / size;
  const mean = new Float64Array(size);
  vectors.forEach((value, index) => (mean[index % size]! += value / count));
  const centered = vectors.map((value, index) => value - mean[index % size]!);
  const basis = principalSubspace(centered, size, 2, seed);
  const components = basis.length / size;
  const found = new Float32Array(count * components);
  projectRows(centered, size, basis, found, 0);
  const extent = found.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const stream = new RandomStream(seed, 'map', 4);
  const first = new Float32Array(count * 2);
  for (let row = 0; row < count; row++) {
    for (let axis = 0; axis < 2; axis++) {
      const value = axis < components && extent > 0 ? (found[row * components + axis]! / extent) * FIRST_EXTENT : 0;
      // Points in one place would never part.
      first[2 * row + axis] = value + stream.between(-0.01, 0.01);
    }
  }
  return first;
}
