import { CHANNELS, type RgbImage } from './image.ts';

/**
 * Bilinear resizing with antialiasing that gives the very pixels of Pillow's `Image.resize(size, BILINEAR)`, which torchvision's `Resize`
 * calls. A pass along the rows, then one along the columns; each output value is a weighted sum of neighbours in 22-bit fixed point,
 * rounded to 8 bits after each pass. The triangle filter widens with the reduction factor, so that every input pixel counts.
 */

/** Bits behind the binary point of a weight: 32, less 8 of a pixel value, less 2 against overflow of the sum. */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** Where a square is cut out of a picture, pixels. */
export interface SquareCrop {
  readonly top: number;
  readonly left: number;
  readonly size: number;
}

/** For each output position along one axis, the stretch of input it is made of. */
interface Taps {
  /** First input position. */
  readonly first: Int32Array;
  /** How many inputs from there on. */
  readonly count: Int32Array;
  /** Fixed-point weights, `stride` a position. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Weights for output positions `from` … `from + length - 1` of an axis resized from `inputSize` to `outputSize`. */
export function tapsOf(inputSize: number, outputSize: number, from: number, length: number): Taps {
  const scale = inputSize / outputSize;
  const support = Math.max(scale, 1);
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Int32Array(length * stride);
  const exact = new Float64Array(stride);
  for (let position = 0; position < length; position++) {
    const center = (from + position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(center + support + 0.5));
    let total = 0;
    for (let input = start; input < end; input++) {
      const weight = Math.max(0, 1 - Math.abs((input - center + 0.5) / support));
      exact[input - start] = weight;
      total += weight;
    }
    for (let tap = 0; tap < end - start; tap++) {
      weights[position * stride + tap] = Math.trunc(0.5 + (exact[tap]! / total) * (1 << PRECISION_BITS));
    }
    first[position] = start;
    count[position] = end - start;
  }
  return { first, count, weights, stride };
}

/** One pass along the rows `top` … `bottom - 1`. Returns those rows alone, as wide as `taps` is long. */
export function resizeRows(image: RgbImage, taps: Taps, top: number, bottom: number): Uint8Array {
  const { first, count, weights, stride } = taps;
  const width = first.length;
  const source = image.data;
  const target = new Uint8Array((bottom - top) * width * CHANNELS);
  let out = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * image.width * CHANNELS;
    for (let x = 0; x < width; x++) {
      let input = row + first[x]! * CHANNELS;
      let weightIndex = x * stride;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let tap = count[x]!; tap > 0; tap--) {
        const weight = weights[weightIndex++]!;
        red = (red + Math.imul(source[input]!, weight)) | 0;
        green = (green + Math.imul(source[input + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[input + 2]!, weight)) | 0;
        input += CHANNELS;
      }
      // Weights are not negative and sum to 1, so the result is within 0 … 255 as it is.
      target[out] = red >> PRECISION_BITS;
      target[out + 1] = green >> PRECISION_BITS;
      target[out + 2] = blue >> PRECISION_BITS;
      out += CHANNELS;
    }
  }
  return target;
}

/** One pass along the columns of `source`, whose first row is row `top` of the picture `taps` speaks of. `rowLength` in bytes. */
export function resizeColumns(source: Uint8Array, rowLength: number, taps: Taps, top: number): Uint8Array {
  const { first, count, weights, stride } = taps;
  const height = first.length;
  const target = new Uint8Array(height * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let tap = 0; tap < count[y]!; tap++) {
      const weight = weights[y * stride + tap]!;
      const row = (first[y]! + tap - top) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i] = (sums[i]! + Math.imul(source[row + i]!, weight)) | 0;
    }
    const out = y * rowLength;
    for (let i = 0; i < rowLength; i++) target[out + i] = sums[i]! >> PRECISION_BITS;
  }
  return target;
}
