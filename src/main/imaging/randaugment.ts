import type { RandomStream } from '#shared/random.ts';
import { CHANNELS, type RgbImage } from './image.ts';
import { applyTables, autoContrastTables, equalizeTables, pointTable } from './tables.ts';
import { adjustBrightness, adjustColor, adjustSharpness } from './enhance.ts';

/**
 * RandAugment (Cubuk et al., 2020) as the released program has it: `count` operations drawn with replacement from a fixed pool, each
 * applied at the same magnitude, without signs or chances of its own. Pixels equal Pillow's `ImageOps` and `ImageEnhance`.
 */

export const AUGMENTATIONS = [
  'AutoContrast',
  'Brightness',
  'Color',
  'Equalize',
  'Invert',
  'Posterize',
  'Sharpness',
  'Solarize',
  'Cover',
] as const;
export type Augmentation = (typeof AUGMENTATIONS)[number];

/** The magnitude at which an operation has its full strength. Larger ones go past it. */
export const FULL_MAGNITUDE = 10;

/** Strength of an operation = maximum × magnitude / 10 + bias; null where the magnitude plays no part. */
export const STRENGTHS: Readonly<
  Record<Augmentation, { readonly maximum: number | null; readonly bias: number | null }>
> = {
  AutoContrast: { maximum: null, bias: null },
  Brightness: { maximum: 1.8, bias: 0.1 },
  Color: { maximum: 1.8, bias: 0.1 },
  Equalize: { maximum: null, bias: null },
  Invert: { maximum: null, bias: null },
  Posterize: { maximum: 4, bias: 0 },
  Sharpness: { maximum: 1.8, bias: 0.1 },
  Solarize: { maximum: 256, bias: null },
  Cover: { maximum: null, bias: null },
};

/**
 * What Cover blackens of a picture of 224 pixels, its corners included. The released program takes the same rectangle at any size: of a
 * small picture that is all of it.
 */
const COVER = { imageSize: 224, right: 224, bottom: 50 };

export interface RandAugmentSettings {
  /** Operations a picture. */
  readonly count: number;
  /** 10 is full strength. */
  readonly magnitude: number;
  /** Cover's rectangle grows with the picture, unless it is to be the released program's. */
  readonly released?: boolean;
}

/** The picture after `count` drawn operations. One draw an operation. */
export function randAugment(
  image: RgbImage,
  { count, magnitude, released = false }: RandAugmentSettings,
  random: RandomStream,
): RgbImage {
  let result = image;
  for (let applied = 0; applied < count; applied++) {
    result = applyAugmentation(result, AUGMENTATIONS[random.integer(AUGMENTATIONS.length)]!, magnitude, released);
  }
  return result;
}

export function applyAugmentation(
  image: RgbImage,
  augmentation: Augmentation,
  magnitude: number,
  released = false,
): RgbImage {
  const strength = strengthOf(augmentation, magnitude);
  switch (augmentation) {
    case 'AutoContrast':
      return applyTables(image, autoContrastTables(image));
    case 'Equalize':
      return applyTables(image, equalizeTables(image));
    case 'Invert':
      return applyTables(
        image,
        pointTable((level) => 255 - level),
      );
    case 'Posterize':
      return applyTables(image, posterizeTable(Math.trunc(strength)));
    case 'Solarize':
      return applyTables(image, solarizeTable(256 - Math.trunc(strength)));
    case 'Brightness':
      return adjustBrightness(image, strength);
    case 'Color':
      return adjustColor(image, strength);
    case 'Sharpness':
      return adjustSharpness(image, strength);
    case 'Cover':
      return cover(image, released ? 1 : image.width / COVER.imageSize);
  }
}

function strengthOf(augmentation: Augmentation, magnitude: number): number {
  const { maximum, bias } = STRENGTHS[augmentation];
  return (magnitude * (maximum ?? 0)) / FULL_MAGNITUDE + (bias ?? 0);
}

/** Keeps the highest `bits` bits of a value: none makes the picture black, eight and more leave it. */
function posterizeTable(bits: number): ReturnType<typeof pointTable> {
  const mask = 0xff & ~(2 ** Math.max(0, 8 - bits) - 1);
  return pointTable((level) => level & mask);
}

/** Inverts the values from `threshold` on. */
function solarizeTable(threshold: number): ReturnType<typeof pointTable> {
  return pointTable((level) => (level < threshold ? level : 255 - level));
}

function cover(image: RgbImage, scale: number): RgbImage {
  const { width, height } = image;
  const data = new Uint8Array(image.data);
  const bytes = Math.min(width, Math.round(COVER.right * scale) + 1) * CHANNELS;
  for (let y = 0; y < Math.min(height, Math.round(COVER.bottom * scale) + 1); y++) {
    data.fill(0, y * width * CHANNELS, y * width * CHANNELS + bytes);
  }
  return { width, height, data };
}
