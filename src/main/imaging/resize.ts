import { crop, flipHorizontally } from './geometry.ts';
import { CHANNELS, type RgbImage } from './image.ts';
import { resizePixels, type Taps } from './kernels/resize-kernels.ts';

/**
 * Bilinear resizing with antialiasing that gives the very pixels of Pillow's `Image.resize(size, BILINEAR)`, which torchvision's `Resize`
 * calls. A pass along the rows, then one along the columns; each output value is a weighted sum of neighbours in 22-bit fixed point,
 * rounded to 8 bits after each pass. The triangle filter widens with the reduction factor, so that every input pixel counts. Rows and
 * columns do not depend on each other, so a crop can be made without the pixels around it.
 */

/** Bits behind the binary point of a weight: 32, less 8 of a pixel value, less 2 against overflow of the sum. */
const PRECISION_BITS = 22;

/** A square cut out of a picture, pixels, and mirrored left to right after that. */
export interface SquareCrop {
  readonly top: number;
  readonly left: number;
  readonly size: number;
  readonly mirrored: boolean;
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
  if (width === image.width && height === image.height) return image;
  return resample(image, tapsOf(image.width, width, 0, width), tapsOf(image.height, height, 0, height));
}

/** The whole picture with its shorter side at `shorterSide` pixels. */
export function resizeShorterSide(image: RgbImage, shorterSide: number): RgbImage {
  const { width, height } = sizeWithShorterSide(image.width, image.height, shorterSide);
  return resizeTo(image, width, height);
}

/** The same pixels as {@link resizeShorterSide} followed by the crop, computing no others. The crop must lie inside the resized picture. */
export function resizeShorterSideAndCrop(
  image: RgbImage,
  shorterSide: number,
  { top, left, size, mirrored }: SquareCrop,
): RgbImage {
  const { width, height } = sizeWithShorterSide(image.width, image.height, shorterSide);
  if (width === image.width && height === image.height) {
    const square = crop(image, { top, left, width: size, height: size });
    return mirrored ? flipHorizontally(square) : square;
  }
  const columns = tapsOf(image.width, width, left, size);
  return resample(image, mirrored ? reversed(columns) : columns, tapsOf(image.height, height, top, size));
}

function resample(image: RgbImage, columns: Taps, rows: Taps): RgbImage {
  const data = resizePixels(image.data, image.width * CHANNELS, columns, rows);
  return { width: columns.positions.length / columns.count, height: rows.positions.length / rows.count, data };
}

/** The outputs in reverse order. The taps of each are reversed too, which changes nothing: they are added up. */
function reversed({ count, positions, weights }: Taps): Taps {
  return { count, positions: positions.toReversed(), weights: weights.toReversed() };
}

/** Taps of the output positions `from` … `from + length - 1` of an axis resized from `inputSize` to `outputSize`. */
function tapsOf(inputSize: number, outputSize: number, from: number, length: number): Taps {
  const scale = inputSize / outputSize;
  const support = Math.max(scale, 1);
  const centerOf = (output: number): number => (from + output + 0.5) * scale;
  const startOf = (output: number): number => Math.max(0, Math.trunc(centerOf(output) - support + 0.5));
  const endOf = (output: number): number => Math.min(inputSize, Math.trunc(centerOf(output) + support + 0.5));

  let count = 1;
  for (let output = 0; output < length; output++) count = Math.max(count, endOf(output) - startOf(output));

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
      if (input < end) weights[output * count + tap] = Math.trunc(0.5 + (exact[tap]! / total) * 2 ** PRECISION_BITS);
    }
  }
  return { count, positions, weights };
}
