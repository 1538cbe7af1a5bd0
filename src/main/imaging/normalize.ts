import type { Rectangle } from './geometry.ts';
import { CHANNELS, type RgbImage } from './image.ts';

/** Red, green, blue of values in [0,1], over AffectNet; those of the released program. */
export const MEAN = [0.5863, 0.4595, 0.403] as const;
export const STANDARD_DEVIATION = [0.2715, 0.2424, 0.2366] as const;

/** For each channel, the normalised value of each of the 256 levels, in the float32 arithmetic of torchvision's `ToTensor`, `Normalize`. */
const [RED, GREEN, BLUE] = [0, 1, 2].map((channel) =>
  Float32Array.from({ length: 256 }, (_, level) => {
    const centered = Math.fround(Math.fround(level / 255) - Math.fround(MEAN[channel]!));
    return centered / Math.fround(STANDARD_DEVIATION[channel]!);
  }),
) as [Float32Array, Float32Array, Float32Array];

/** Writes the picture as normalised float32, height × width × 3 (a slot of an NHWC batch), from `output[offset]` on. */
export function normalizeInto(image: RgbImage, output: Float32Array, offset: number): void {
  const source = image.data;
  const target = output.subarray(offset, offset + source.length);
  for (let i = 0; i < source.length; i += CHANNELS) {
    target[i] = RED[source[i]!]!;
    target[i + 1] = GREEN[source[i + 1]!]!;
    target[i + 2] = BLUE[source[i + 2]!]!;
  }
}

/**
 * Sets a rectangle of a picture that {@link normalizeInto} wrote at `offset` to what black became: erasing the picture first gives the same.
 *
 * @param width the picture's, pixels.
 */
export function eraseInto(output: Float32Array, offset: number, width: number, rectangle: Rectangle): void {
  for (let y = rectangle.top; y < rectangle.top + rectangle.height; y++) {
    const start = offset + (y * width + rectangle.left) * CHANNELS;
    for (let i = start; i < start + rectangle.width * CHANNELS; i += CHANNELS) {
      output[i] = RED[0]!;
      output[i + 1] = GREEN[0]!;
      output[i + 2] = BLUE[0]!;
    }
  }
}
