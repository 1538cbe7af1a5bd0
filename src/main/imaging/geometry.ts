import type { RandomStream } from '#shared/random.ts';
import { blackImage, CHANNELS, roundHalfToEven, type RgbImage } from './image.ts';

/** A rectangle in pixels. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle cut out; what it holds outside the picture is black. */
export function crop(image: RgbImage, { top, left, width, height }: Rectangle): RgbImage {
  const result = blackImage(width, height);
  const from = Math.max(0, left);
  const bytes = (Math.min(image.width, left + width) - from) * CHANNELS;
  if (bytes <= 0) return result;
  const lastRow = Math.min(image.height, top + height);
  for (let y = Math.max(0, top); y < lastRow; y++) {
    const start = (y * image.width + from) * CHANNELS;
    result.data.set(image.data.subarray(start, start + bytes), ((y - top) * width + from - left) * CHANNELS);
  }
  return result;
}

/** Where torchvision's `CenterCrop(size)` starts along a side of `length` pixels. */
export function centerCropOffset(length: number, size: number): number {
  return roundHalfToEven((length - size) / 2);
}

/** The central square of `size` pixels. */
export function centerCrop(image: RgbImage, size: number): RgbImage {
  const top = centerCropOffset(image.height, size);
  const left = centerCropOffset(image.width, size);
  return crop(image, { top, left, width: size, height: size });
}

/** Where torchvision's `RandomCrop(size)` starts: uniform, top drawn before left. Two draws, whatever the room. */
export function drawCropOffset(
  width: number,
  height: number,
  size: number,
  random: RandomStream,
): { top: number; left: number } {
  const top = random.integer(height - size + 1);
  const left = random.integer(width - size + 1);
  return { top, left };
}

/** Mirrored left to right. */
export function flipHorizontally(image: RgbImage): RgbImage {
  const { width, height } = image;
  const rowLength = width * CHANNELS;
  const data = new Uint8Array(image.data.length);
  for (let start = 0; start < height * rowLength; start += rowLength) {
    const source = image.data.subarray(start, start + rowLength);
    const target = data.subarray(start, start + rowLength);
    for (let to = 0, from = rowLength - CHANNELS; to < rowLength; to += CHANNELS, from -= CHANNELS) {
      target[to] = source[from]!;
      target[to + 1] = source[from + 1]!;
      target[to + 2] = source[from + 2]!;
    }
  }
  return { width, height, data };
}

/** Bits behind the binary point of a source position in {@link rotate}. */
const POSITION_BITS = 16;

/**
 * Turned about its middle, counter-clockwise for positive angles; size kept, nearest pixel, black outside: the very pixels of Pillow's
 * `Image.rotate(angle, NEAREST)`. For sides below 32,768 pixels (Pillow's own limit for the fixed-point positions used here) and angles
 * other than quarter turns, which Pillow treats apart.
 *
 * @param angle degrees.
 */
export function rotate(image: RgbImage, angle: number): RgbImage {
  const { width, height } = image;
  const [a, b, c, d, e, f] = inverseRotation(width, height, angle);
  const stepXx = toFixedPoint(a);
  const stepXy = toFixedPoint(b);
  const stepYx = toFixedPoint(d);
  const stepYy = toFixedPoint(e);
  // Positions are those of pixel middles.
  let startX = toFixedPoint(c + a * 0.5 + b * 0.5);
  let startY = toFixedPoint(f + d * 0.5 + e * 0.5);
  const result = blackImage(width, height);
  const source = image.data;
  for (let y = 0; y < height; y++) {
    const row = result.data.subarray(y * width * CHANNELS, (y + 1) * width * CHANNELS);
    let positionX = startX;
    let positionY = startY;
    for (let out = 0; out < row.length; out += CHANNELS) {
      const x = positionX >> POSITION_BITS;
      const sourceY = positionY >> POSITION_BITS;
      if (x >= 0 && x < width && sourceY >= 0 && sourceY < height) {
        const from = (sourceY * width + x) * CHANNELS;
        row[out] = source[from]!;
        row[out + 1] = source[from + 1]!;
        row[out + 2] = source[from + 2]!;
      }
      positionX = (positionX + stepXx) | 0;
      positionY = (positionY + stepYx) | 0;
    }
    startX = (startX + stepXy) | 0;
    startY = (startY + stepYy) | 0;
  }
  return result;
}

/** The affine map from output to input positions, x' = ax + by + c and y' = dx + ey + f, with Pillow's rounding to 15 decimals. */
function inverseRotation(
  width: number,
  height: number,
  angle: number,
): [a: number, b: number, c: number, d: number, e: number, f: number] {
  const turn = angle % 360;
  const radians = -((turn < 0 ? turn + 360 : turn) * Math.PI) / 180;
  const cosine = Number(Math.cos(radians).toFixed(15));
  const sine = Number(Math.sin(radians).toFixed(15));
  const middleX = width / 2;
  const middleY = height / 2;
  const c = cosine * -middleX + sine * -middleY + middleX;
  const f = -sine * -middleX + cosine * -middleY + middleY;
  return [cosine, sine, c, -sine, cosine, f];
}

function toFixedPoint(value: number): number {
  return Math.floor(value * (1 << POSITION_BITS) + 0.5);
}

/** torchvision's `RandomErasing(scale=(0.02, 0.1), ratio=(0.3, 3.3))`, the released program's. */
const ERASED_AREA = { least: 0.02, most: 0.1 };
const ERASED_ASPECT = { least: 0.3, most: 3.3 };
const ERASING_TRIES = 10;

/** The rectangle to erase, or null when ten tries gave none that fits: the picture then stays as it is. */
export function drawErasedRectangle(width: number, height: number, random: RandomStream): Rectangle | null {
  for (let attempt = 0; attempt < ERASING_TRIES; attempt++) {
    const area = width * height * random.between(ERASED_AREA.least, ERASED_AREA.most);
    const aspect = Math.exp(random.between(Math.log(ERASED_ASPECT.least), Math.log(ERASED_ASPECT.most)));
    const erasedHeight = roundHalfToEven(Math.sqrt(area * aspect));
    const erasedWidth = roundHalfToEven(Math.sqrt(area / aspect));
    if (erasedHeight >= height || erasedWidth >= width) continue;
    const top = random.integer(height - erasedHeight + 1);
    const left = random.integer(width - erasedWidth + 1);
    return { top, left, width: erasedWidth, height: erasedHeight };
  }
  return null;
}
