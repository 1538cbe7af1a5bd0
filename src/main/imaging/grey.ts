import { CHANNELS, type RgbImage } from './image.ts';

/** A picture's brightness, 0 … 255, rows from the top (height × width). */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Float32Array;
}

/** ITU-R 601 luma in 16-bit fixed point, as Pillow's `convert("L")` has it. */
export function toGrey({ width, height, data: source }: RgbImage): GreyImage & { readonly data: Uint8Array } {
  const data = new Uint8Array(width * height);
  for (let pixel = 0, from = 0; pixel < data.length; pixel++, from += CHANNELS) {
    data[pixel] = (19595 * source[from]! + 38470 * source[from + 1]! + 7471 * source[from + 2]! + 0x8000) >> 16;
  }
  return { width, height, data };
}

/** Each pixel the mean of the area it covers. @param width @param height pixels; a side may also grow. */
export function shrinkGrey(
  picture: GreyImage,
  width: number,
  height: number,
): GreyImage & { readonly data: Float32Array } {
  const columns = spansOf(picture.width, width);
  const rows = spansOf(picture.height, height);
  const narrow = new Float32Array(width * picture.height);
  for (let y = 0; y < picture.height; y++) {
    const from = y * picture.width;
    for (let x = 0; x < width; x++) {
      const { first, weights } = columns[x]!;
      let sum = 0;
      for (let index = 0; index < weights.length; index++) sum += weights[index]! * picture.data[from + first + index]!;
      narrow[y * width + x] = sum;
    }
  }
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const { first, weights } = rows[y]!;
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index]!;
      const from = (first + index) * width;
      for (let x = 0; x < width; x++) data[y * width + x]! += weight * narrow[from + x]!;
    }
  }
  return { width, height, data };
}

interface Span {
  readonly first: number;
  /** Sum 1. */
  readonly weights: Float64Array;
}

/** Which of `from` pixels each of `to` pixels covers, and what share of it. */
function spansOf(from: number, to: number): Span[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, position) => {
    const begin = position * scale;
    const end = Math.min(from, begin + scale);
    const first = Math.min(Math.floor(begin), from - 1);
    const weights = new Float64Array(Math.max(1, Math.ceil(end) - first));
    for (let index = 0; index < weights.length; index++) {
      weights[index] = (Math.min(end, first + index + 1) - Math.max(begin, first + index)) / scale;
    }
    return { first, weights };
  });
}
