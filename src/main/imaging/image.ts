/** A decoded picture: 8-bit RGB, rows from the top, channels interleaved (height × width × 3, "HWC"). */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** height × width × 3 values. Functions of this folder never change the image they are given. */
  readonly data: Uint8Array;
}

export const CHANNELS = 3;

/** A black image. @param width @param height pixels. */
export function blackImage(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * CHANNELS) };
}

/** Python's `round`: halves go to the even neighbour. Pillow and torchvision place crops and rectangles with it. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
