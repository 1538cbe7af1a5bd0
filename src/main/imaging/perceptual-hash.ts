import type { GreyImage } from './grey.ts';
import { shrinkGrey } from './grey.ts';

/** A 64-bit hash in two halves, each an unsigned 32-bit integer. */
export interface PerceptualHash {
  readonly high: number;
  readonly low: number;
}

/** Pixels of the side that a picture is reduced to before its frequencies are taken. */
const SIDE = 32;
/** Frequencies in each direction, from the first on: the zeroth is the brightness of whole rows and columns. */
const FREQUENCIES = 8;

/** Row f: the cosine of frequency f + 1 at each pixel (DCT-II, not scaled: only the order of the coefficients counts). */
const COSINES = Float64Array.from({ length: FREQUENCIES * SIDE }, (_, index) => {
  const frequency = Math.floor(index / SIDE) + 1;
  const position = index % SIDE;
  return Math.cos((Math.PI * frequency * (2 * position + 1)) / (2 * SIDE));
});

/**
 * The pHash of a picture (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010): 32 × 32 pixels, DCT, the
 * coefficients 1 … 8 in both directions, and a bit for each that is above their median. Alike pictures differ in few bits; for one of a single
 * grey it says nothing.
 */
export function perceptualHash(picture: GreyImage): PerceptualHash {
  const { data } = shrinkGrey(picture, SIDE, SIDE);
  const coefficients = lowFrequencies(data);
  const sorted = coefficients.toSorted();
  const half = sorted.length / 2;
  const median = (sorted[half - 1]! + sorted[half]!) / 2;
  const bits = (from: number): number => {
    let word = 0;
    for (let bit = 0; bit < 32; bit++) word = (word << 1) | (coefficients[from + bit]! > median ? 1 : 0);
    return word >>> 0;
  };
  return { high: bits(0), low: bits(32) };
}

/** Bits in which two hashes differ, 0 … 64. */
export function hashDistance(one: PerceptualHash, other: PerceptualHash): number {
  return bitCount(one.high ^ other.high) + bitCount(one.low ^ other.low);
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** @param pixels SIDE × SIDE. @returns FREQUENCIES × FREQUENCIES coefficients, the vertical frequency changing slowest. */
function lowFrequencies(pixels: Float32Array): Float64Array {
  const rows = new Float64Array(SIDE * FREQUENCIES);
  for (let y = 0; y < SIDE; y++) {
    for (let frequency = 0; frequency < FREQUENCIES; frequency++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += pixels[y * SIDE + x]! * COSINES[frequency * SIDE + x]!;
      rows[y * FREQUENCIES + frequency] = sum;
    }
  }
  const coefficients = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let vertical = 0; vertical < FREQUENCIES; vertical++) {
    for (let horizontal = 0; horizontal < FREQUENCIES; horizontal++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += rows[y * FREQUENCIES + horizontal]! * COSINES[vertical * SIDE + y]!;
      coefficients[vertical * FREQUENCIES + horizontal] = sum;
    }
  }
  return coefficients;
}
