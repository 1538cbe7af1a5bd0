import { RandomStream } from '#shared/random.ts';
import { dot } from '../vectors.ts';

/** Rounds of the iteration: the subspace of features of a network stands after a few, since their spectrum falls fast. */
const ITERATIONS = 6;

/**
 * Directions that hold most of what some vectors are, by orthogonal iteration over their second moments from a seeded start (Halko, Martinsson,
 * Tropp: "Finding structure with randomness", SIAM Review 2011, section 4.5). The mean is not taken off, so that cosines stay what they were.
 *
 * @param rows [N×size]. @returns [components×size], orthonormal; a component less for each that the vectors do not have.
 */
export function principalSubspace(rows: Float32Array, size: number, components: number, seed: number): Float32Array {
  const stream = new RandomStream(seed, 'map', 1);
  let basis = orthonormal(
    Float32Array.from({ length: components * size }, () => stream.normal()),
    size,
  );
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    basis = orthonormal(momentsTimes(rows, size, basis), size);
  }
  return basis;
}

/** Coordinates of vectors in a basis. @param rows [N×size]. @param target [N×components], from `start` rows on. */
export function projectRows(
  rows: Float32Array,
  size: number,
  basis: Float32Array,
  target: Float32Array,
  start: number,
): void {
  const components = basis.length / size;
  const count = rows.length / size;
  for (let row = 0; row < count; row++) {
    for (let component = 0; component < components; component++) {
      target[(start + row) * components + component] = dot(rows, row * size, basis, component * size, size);
    }
  }
}

/** Each direction times the sum of the rows' outer products. */
function momentsTimes(rows: Float32Array, size: number, basis: Float32Array): Float32Array {
  const components = basis.length / size;
  const result = new Float32Array(basis.length);
  for (let start = 0; start < rows.length; start += size) {
    for (let component = 0; component < components; component++) {
      const place = component * size;
      const along = dot(rows, start, basis, place, size);
      for (let index = 0; index < size; index++) result[place + index]! += along * rows[start + index]!;
    }
  }
  return result;
}

/** Gram and Schmidt's, twice over for what rounding leaves; directions that depend on those before them are dropped. */
function orthonormal(vectors: Float32Array, size: number): Float32Array {
  let kept = 0;
  const longest = longestOf(vectors, size);
  for (let start = 0; start < vectors.length; start += size) {
    for (let pass = 0; pass < 2; pass++) {
      for (let before = 0; before < kept * size; before += size) {
        const along = dot(vectors, start, vectors, before, size);
        for (let index = 0; index < size; index++) vectors[start + index]! -= along * vectors[before + index]!;
      }
    }
    const length = Math.sqrt(dot(vectors, start, vectors, start, size));
    if (!(length > longest * 1e-6)) continue;
    for (let index = 0; index < size; index++) vectors[kept * size + index] = vectors[start + index]! / length;
    kept++;
  }
  return vectors.slice(0, kept * size);
}

function longestOf(vectors: Float32Array, size: number): number {
  let longest = 0;
  for (let start = 0; start < vectors.length; start += size) {
    longest = Math.max(longest, dot(vectors, start, vectors, start, size));
  }
  return Math.sqrt(longest);
}
