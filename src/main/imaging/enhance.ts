import { CHANNELS, type RgbImage } from './image.ts';
import { applyTables, pointTable } from './tables.ts';

/**
 * Pillow's `ImageEnhance`: the picture moved towards a degenerate one (black, grey, smoothed), or away from it for factors above 1. Factor 0
 * is the degenerate picture, 1 the picture itself.
 */

/** Towards black. */
export function adjustBrightness(image: RgbImage, factor: number): RgbImage {
  const blended = blendTable(factor);
  return applyTables(
    image,
    pointTable((level) => blended[level]!),
  );
}

/** Towards grey: ITU-R 601 luma in 16-bit fixed point, as Pillow's `convert("L")` has it. */
export function adjustColor(image: RgbImage, factor: number): RgbImage {
  const { width, height, data: source } = image;
  const blended = blendTable(factor);
  const data = new Uint8Array(source.length);
  for (let i = 0; i < data.length; i += CHANNELS) {
    const red = source[i]!;
    const green = source[i + 1]!;
    const blue = source[i + 2]!;
    const luma = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
    data[i] = blended[(luma << 8) | red]!;
    data[i + 1] = blended[(luma << 8) | green]!;
    data[i + 2] = blended[(luma << 8) | blue]!;
  }
  return { width, height, data };
}

/** Towards the picture smoothed by a 3 × 3 kernel. The outermost pixels, where it does not fit, stay as they are. */
export function adjustSharpness(image: RgbImage, factor: number): RgbImage {
  const { width, height } = image;
  const data = new Uint8Array(image.data);
  const rowLength = width * CHANNELS;
  const columnSums = new Uint16Array(rowLength);
  const blended = blendTable(factor);
  const rowAt = (y: number): Uint8Array => image.data.subarray(y * rowLength, (y + 1) * rowLength);
  for (let y = 1; y < height - 1; y++) {
    const target = data.subarray(y * rowLength, (y + 1) * rowLength);
    sharpenRow(rowAt(y - 1), rowAt(y), rowAt(y + 1), columnSums, blended, target);
  }
  return { width, height, data };
}

/** Pillow's `SMOOTH` kernel weighs the middle 5 and its eight neighbours 1 each. */
const SMOOTH_TOTAL = 13;
/** Sum of the weighted values → their mean, rounded; there are no ties, the total being odd. */
const SMOOTHED = Uint8Array.from({ length: 255 * SMOOTH_TOTAL + 1 }, (_, sum) => Math.round(sum / SMOOTH_TOTAL));

/** @param columnSums room for one row. */
function sharpenRow(
  above: Uint8Array,
  middle: Uint8Array,
  below: Uint8Array,
  columnSums: Uint16Array,
  blended: Uint8Array,
  target: Uint8Array,
): void {
  for (let i = 0; i < columnSums.length; i++) columnSums[i] = above[i]! + middle[i]! + below[i]!;
  for (let i = CHANNELS; i < columnSums.length - CHANNELS; i++) {
    const value = middle[i]!;
    const sum = columnSums[i - CHANNELS]! + columnSums[i]! + columnSums[i + CHANNELS]! + 4 * value;
    target[i] = blended[(SMOOTHED[sum]! << 8) | value]!;
  }
}

/** The last table made: a run has one factor, and pictures come by the thousand. */
let lastTable: { readonly factor: number; readonly blended: Uint8Array } | undefined;

/**
 * degenerate + factor × (value − degenerate) for all pairs, at degenerate × 256 + value. Pillow's arithmetic is float32, held within 0 … 255
 * and cut to whole numbers; each of these matters for equal pixels.
 */
function blendTable(factor: number): Uint8Array {
  if (lastTable?.factor === factor) return lastTable.blended;
  const single = Math.fround(factor);
  const blended = new Uint8Array(256 * 256);
  for (let degenerate = 0; degenerate < 256; degenerate++) {
    for (let value = 0; value < 256; value++) {
      const blend = Math.fround(degenerate + Math.fround(single * (value - degenerate)));
      blended[degenerate * 256 + value] = Math.min(255, Math.max(0, blend));
    }
  }
  lastTable = { factor, blended };
  return blended;
}
