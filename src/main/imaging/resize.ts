import { CHANNELS, type RgbImage } from './image.ts';

/**
 * Bilinear resizing with antialiasing that gives the very pixels of Pillow's `Image.resize(size, BILINEAR)`, which torchvision's `Resize`
 * calls. A pass along the rows, then one along the columns; each output value is a weighted sum of neighbours in 22-bit fixed point,
 * rounded to 8 bits after each pass. The triangle filter widens with the reduction factor, so that every input pixel counts. Rows and
 * columns do not depend on each other, so a crop can be made without the pixels around it.
 */

/** Bits behind the binary point of a weight: 32, less 8 of a pixel value, less 2 against overflow of the sum. */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** A square cut out of a picture, pixels. */
export interface SquareCrop {
  readonly top: number;
  readonly left: number;
  readonly size: number;
}

/** Width and height after torchvision's `Resize(shorterSide)`: the longer side is rounded down. Pixels. */
export function sizeWithShorterSide(
  width: number,
  height: number,
  shorterSide: number,
): { width: number; height: number } {
  return width <= height
    ? { width: shorterSide, height: Math.max(1, Math.trunc((shorterSide * height) / width)) }
    : { width: Math.max(1, Math.trunc((shorterSide * width) / height)), height: shorterSide };
}

/** The whole picture at `width` × `height` pixels. */
export function resizeTo(image: RgbImage, width: number, height: number): RgbImage {
  return resizeWindow(image, width, height, { top: 0, left: 0, width, height });
}

/** The whole picture with its shorter side at `shorterSide` pixels. */
export function resizeShorterSide(image: RgbImage, shorterSide: number): RgbImage {
  const { width, height } = sizeWithShorterSide(image.width, image.height, shorterSide);
  return resizeTo(image, width, height);
}

/** The same pixels as {@link resizeShorterSide} followed by the crop, computing no others. The crop must lie inside the resized picture. */
export function resizeShorterSideAndCrop(image: RgbImage, shorterSide: number, crop: SquareCrop): RgbImage {
  const { width, height } = sizeWithShorterSide(image.width, image.height, shorterSide);
  return resizeWindow(image, width, height, {
    top: crop.top,
    left: crop.left,
    width: crop.size,
    height: crop.size,
  });
}

interface Window {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** The pixels of `window` out of the picture resized to `width` × `height`. */
function resizeWindow(image: RgbImage, width: number, height: number, window: Window): RgbImage {
  const columns = tapsOf(image.width, width, window.left, window.width);
  const rows = tapsOf(image.height, height, window.top, window.height);
  const firstRow = rows.positions[0]!;
  const lastRow = rows.positions.at(-1)!;
  const narrowed = resizeRows(image, columns, firstRow, lastRow + 1);
  const data = resizeColumns(narrowed, window.width * CHANNELS, rows, firstRow);
  return { width: window.width, height: window.height, data };
}

/**
 * What each output position along one axis is made of: `count` input positions and their fixed-point weights. The count is even and the
 * same everywhere, so that the loops below can take two at a time; what is too many has weight 0.
 */
interface Taps {
  readonly count: number;
  readonly positions: Int32Array;
  readonly weights: Int32Array;
}

/** Taps of the output positions `from` … `from + length - 1` of an axis resized from `inputSize` to `outputSize`. */
function tapsOf(inputSize: number, outputSize: number, from: number, length: number): Taps {
  const scale = inputSize / outputSize;
  const support = Math.max(scale, 1);
  const centerOf = (output: number): number => (from + output + 0.5) * scale;
  const startOf = (output: number): number => Math.max(0, Math.trunc(centerOf(output) - support + 0.5));
  const endOf = (output: number): number => Math.min(inputSize, Math.trunc(centerOf(output) + support + 0.5));

  let count = 2;
  for (let output = 0; output < length; output++) count = Math.max(count, endOf(output) - startOf(output));
  count += count % 2;

  const positions = new Int32Array(length * count);
  const weights = new Int32Array(length * count);
  const exact = new Float64Array(count);
  for (let output = 0; output < length; output++) {
    const start = startOf(output);
    const end = endOf(output);
    let total = 0;
    for (let input = start; input < end; input++) {
      const weight = Math.max(0, 1 - Math.abs((input - centerOf(output) + 0.5) / support));
      exact[input - start] = weight;
      total += weight;
    }
    for (let tap = 0; tap < count; tap++) {
      const input = start + tap;
      positions[output * count + tap] = Math.min(input, end - 1);
      if (input < end) weights[output * count + tap] = Math.trunc(0.5 + (exact[tap]! / total) * (1 << PRECISION_BITS));
    }
  }
  return { count, positions, weights };
}

/** The pass along rows `top` … `bottom - 1`. Returns those rows alone. */
function resizeRows(image: RgbImage, taps: Taps, top: number, bottom: number): Uint8Array {
  const { count, positions, weights } = taps;
  const source = image.data;
  const tapTotal = positions.length;
  const target = new Uint8Array((bottom - top) * (tapTotal / count) * CHANNELS);
  let out = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * image.width;
    for (let tap = 0; tap < tapTotal; ) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (const end = tap + count; tap < end; tap += 2) {
        const a = (row + positions[tap]!) * CHANNELS;
        const b = (row + positions[tap + 1]!) * CHANNELS;
        const weightA = weights[tap]!;
        const weightB = weights[tap + 1]!;
        red += Math.imul(source[a]!, weightA) + Math.imul(source[b]!, weightB);
        green += Math.imul(source[a + 1]!, weightA) + Math.imul(source[b + 1]!, weightB);
        blue += Math.imul(source[a + 2]!, weightA) + Math.imul(source[b + 2]!, weightB);
      }
      // Weights are never negative and sum to 1, so that no result leaves 0 … 255.
      target[out] = red >> PRECISION_BITS;
      target[out + 1] = green >> PRECISION_BITS;
      target[out + 2] = blue >> PRECISION_BITS;
      out += CHANNELS;
    }
  }
  return target;
}

/** The pass along columns. `source` holds rows of `rowLength` bytes, the first of them row `top` in the count of `taps`. */
function resizeColumns(source: Uint8Array, rowLength: number, taps: Taps, top: number): Uint8Array {
  const { count, positions, weights } = taps;
  const height = positions.length / count;
  const target = new Uint8Array(height * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let tap = y * count; tap < (y + 1) * count; tap += 2) {
      addTwoRows(sums, source, (positions[tap]! - top) * rowLength, weights[tap]!, (positions[tap + 1]! - top) * rowLength, weights[tap + 1]!);
    }
    const out = y * rowLength;
    for (let i = 0; i < rowLength; i++) target[out + i] = sums[i]! >> PRECISION_BITS;
  }
  return target;
}

/** sums += weightA × the row at byte a + weightB × the row at byte b. */
function addTwoRows(sums: Int32Array, source: Uint8Array, a: number, weightA: number, b: number, weightB: number): void {
  for (let i = 0; i < sums.length; i++) {
    sums[i] = (sums[i]! + Math.imul(source[a + i]!, weightA) + Math.imul(source[b + i]!, weightB)) | 0;
  }
}
