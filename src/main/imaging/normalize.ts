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
