import { StudioError } from '#shared/errors.ts';
import { permutation } from '#shared/random.ts';
import { LandmarkForest } from './landmark-forest.ts';
import { layOut } from './layout.ts';
import { type MapStage, SUBSPACE_ROWS, doneShare, plannedSeconds } from './plan.ts';
import { normalizeRows } from '../vectors.ts';
import { principalSubspace, projectRows } from './principal-subspace.ts';
import { FEWEST_POINTS, MAP_COMPONENTS, MINIMUM_DISTANCE } from './settings.ts';

/** Numbers read at a time. */
const CHUNK_NUMBERS = 2 ** 22;
/** Landmarks that a point is placed between. */
const PLACED_BETWEEN = 5;
/** Landmarks this near to each other lie together: UMAP's own spread. */
const TOGETHER = 1;
/** Points placed between two reports. */
const PLACED_AT_ONCE = 4_096;

/** Embeddings of images, read by rows: a million may be larger than the memory. */
export interface EmbeddingRows {
  readonly count: number;
  /** Numbers of an embedding. */
  readonly size: number;
  /** [count×size] */
  read(first: number, count: number): Promise<Float32Array>;
}

export interface MapOptions {
  /** Points that UMAP lays out, at most; the others are placed between them. */
  readonly sample: number;
  /** Neighbours of each, itself included. */
  readonly neighbours: number;
  readonly seed: number;
  /** @param done of the whole work, 0 … 1. */
  readonly onProgress: (stage: MapStage, done: number) => void;
}

export interface ProjectedMap {
  /** [N×2] the larger extent is -1 … 1. */
  readonly positions: Float32Array;
  /** [N] 1 where UMAP laid the point out; 0 where it was placed between the nearest of those. */
  readonly isLandmark: Uint8Array;
  readonly landmarks: number;
  /** As they were used: few points have fewer neighbours than were asked for. */
  readonly neighbours: number;
  readonly epochs: number;
  /** Numbers each embedding was reduced to. */
  readonly components: number;
}

/** As UMAP's own: small sets take more rounds to settle. */
export function epochsOf(landmarks: number): number {
  return landmarks <= 2_500 ? 500 : landmarks <= 5_000 ? 400 : landmarks <= 7_500 ? 300 : 200;
}

/**
 * A map of embeddings in the plane. They are made as long as 1, since a network's features tell by their direction, and reduced to their
 * principal subspace; UMAP lays out a seeded sample of them, the landmarks, and every other point comes to lie at the weighted mean of the
 * landmarks nearest to it, of those that lie together. The same seed gives the same map. Distances between far groups say little, as in any such map.
 *
 * @throws StudioError 'bad-input' for fewer than 8 points, 'corrupt' for an embedding with a number that is not finite.
 */
export async function projectMap(rows: EmbeddingRows, options: MapOptions): Promise<ProjectedMap> {
  const { count, size } = rows;
  if (count < FEWEST_POINTS) {
    throw new StudioError('bad-input', `A map needs ${FEWEST_POINTS} faces at least, and there are ${count}.`, {
      hint: 'Label a larger source, and keep its embeddings.',
    });
  }
  const landmarks = Math.min(count, Math.max(FEWEST_POINTS, options.sample));
  const neighbours = Math.min(options.neighbours, landmarks - 1);
  const epochs = epochsOf(landmarks);
  const planned = plannedSeconds({ points: count, size, landmarks, neighbours, epochs });
  const report = (stage: MapStage, share: number): void => options.onProgress(stage, doneShare(planned, stage, share));

  const order = permutation(count, options.seed, 'map');
  report('subspace', 0);
  const basis = await subspaceOf(rows, order.slice(0, SUBSPACE_ROWS).sort(), options.seed);
  const components = basis.length / size;
  const reduced = await reduce(rows, basis, (share) => report('reduce', share));

  const chosen = order.slice(0, landmarks).sort();
  const vectors = rowsOf(reduced, components, chosen);
  report('neighbours', 0);
  const places = layOut(vectors, components, {
    neighbours,
    minimumDistance: MINIMUM_DISTANCE,
    epochs,
    seed: options.seed,
    onNeighbours: () => report('graph', 0),
    onGraph: () => report('layout', 0),
    onEpoch: (done) => report('layout', done / epochs),
  });
  const positions = new Float32Array(count * 2);
  const isLandmark = new Uint8Array(count);
  chosen.forEach((row, landmark) => {
    isLandmark[row] = 1;
    positions.set(places.subarray(2 * landmark, 2 * landmark + 2), 2 * row);
  });
  if (landmarks < count) {
    const forest = new LandmarkForest(vectors, components, options.seed);
    placeBetween({ reduced, forest, places, isLandmark, positions }, (share) => report('place', share));
  }
  fitUnitSquare(positions);
  report('place', 1);
  return { positions, isLandmark, landmarks, neighbours, epochs, components };
}

async function subspaceOf(rows: EmbeddingRows, chosen: Uint32Array, seed: number): Promise<Float32Array> {
  const { size } = rows;
  const sample = new Float32Array(chosen.length * size);
  for (const [index, row] of chosen.entries()) sample.set(await rows.read(row, 1), index * size);
  requireFinite(normalizeRows(sample, size), (index) => chosen[index]!);
  if (size > MAP_COMPONENTS) return principalSubspace(sample, size, MAP_COMPONENTS, seed);
  const identity = new Float32Array(size * size);
  for (let index = 0; index < size; index++) identity[index * size + index] = 1;
  return identity;
}

/** All rows in a basis, as long as 1. */
async function reduce(
  rows: EmbeddingRows,
  basis: Float32Array,
  onProgress: (share: number) => void,
): Promise<Float32Array> {
  const { count, size } = rows;
  const components = basis.length / size;
  const reduced = new Float32Array(count * components);
  const atOnce = Math.max(1, Math.floor(CHUNK_NUMBERS / size));
  for (let first = 0; first < count; first += atOnce) {
    const chunk = await rows.read(first, Math.min(atOnce, count - first));
    requireFinite(normalizeRows(chunk, size), (index) => first + index);
    projectRows(chunk, size, basis, reduced, first);
    onProgress(Math.min(count, first + atOnce) / count);
  }
  normalizeRows(reduced, components);
  return reduced;
}

function requireFinite(bad: number, rowOf: (index: number) => number): void {
  if (bad < 0) return;
  throw new StudioError('corrupt', `Embedding ${rowOf(bad) + 1} holds a number that is not finite.`, {
    hint: 'The network overflowed on that image. Label the source again, or give embeddings without such rows.',
  });
}

interface Placing {
  readonly reduced: Float32Array;
  readonly forest: LandmarkForest;
  /** [landmarks×2] */
  readonly places: Float32Array;
  readonly isLandmark: Uint8Array;
  readonly positions: Float32Array;
}

/**
 * Each point among the landmarks nearest to it; their weights fall to 1/e at their mean distance beyond the nearest, as UMAP's do. Where a map tears
 * what belongs together, these lie in several places, and their mean would lie in none: only those count that are with the one most are near to.
 */
function placeBetween(
  { reduced, forest, places, isLandmark, positions }: Placing,
  onProgress: (share: number) => void,
): void {
  const found = new Int32Array(PLACED_BETWEEN);
  const similarities = new Float32Array(PLACED_BETWEEN);
  const weights = new Float64Array(PLACED_BETWEEN);
  const apart = (one: number, other: number): number =>
    Math.hypot(
      places[2 * found[one]!]! - places[2 * found[other]!]!,
      places[2 * found[one]! + 1]! - places[2 * found[other]! + 1]!,
    );
  for (let row = 0; row < isLandmark.length; row++) {
    if (row % PLACED_AT_ONCE === 0) onProgress(row / isLandmark.length);
    if (isLandmark[row] === 1) continue;
    forest.nearest(reduced, row, found, similarities);
    const missing = found.indexOf(-1);
    const known = missing < 0 ? PLACED_BETWEEN : missing;
    weigh(similarities, known, weights);
    let middle = 0;
    let least = Infinity;
    for (let one = 0; one < known; one++) {
      let sum = 0;
      for (let other = 0; other < known; other++) sum += weights[other]! * Math.min(TOGETHER, apart(one, other));
      if (sum < least) [middle, least] = [one, sum];
    }
    let [x, y, total] = [0, 0, 0];
    for (let place = 0; place < known; place++) {
      if (apart(middle, place) > TOGETHER) continue;
      const landmark = found[place]!;
      x += weights[place]! * places[2 * landmark]!;
      y += weights[place]! * places[2 * landmark + 1]!;
      total += weights[place]!;
    }
    positions[2 * row] = x / total;
    positions[2 * row + 1] = y / total;
  }
}

function weigh(similarities: Float32Array, known: number, weights: Float64Array): void {
  let beyond = 0;
  for (let place = 0; place < known; place++) beyond += (similarities[0]! - similarities[place]!) / known;
  for (let place = 0; place < known; place++) {
    weights[place] = beyond === 0 ? 1 : Math.exp((similarities[place]! - similarities[0]!) / beyond);
  }
}

function rowsOf(values: Float32Array, size: number, chosen: Uint32Array): Float32Array {
  const found = new Float32Array(chosen.length * size);
  chosen.forEach((row, index) => found.set(values.subarray(row * size, (row + 1) * size), index * size));
  return found;
}

/** In the middle of -1 … 1, the wider side from end to end. */
function fitUnitSquare(positions: Float32Array): void {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (let index = 0; index < positions.length; index++) {
    low[index % 2] = Math.min(low[index % 2]!, positions[index]!);
    high[index % 2] = Math.max(high[index % 2]!, positions[index]!);
  }
  const extent = Math.max(high[0]! - low[0]!, high[1]! - low[1]!);
  for (let index = 0; index < positions.length; index++) {
    const middle = (high[index % 2]! + low[index % 2]!) / 2;
    positions[index] = extent === 0 ? 0 : (2 * (positions[index]! - middle)) / extent;
  }
}
