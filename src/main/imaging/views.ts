import { StudioError } from '#shared/errors.ts';
import type { RandomStream } from '#shared/random.ts';
import { centerCropOffset, drawCropOffset, drawErasedRectangle, rotate } from './geometry.ts';
import { CHANNELS, type RgbImage } from './image.ts';
import { eraseInto, normalizeInto } from './normalize.ts';
import { randAugment, type RandAugmentSettings } from './randaugment.ts';
import { resizeShorterSide, resizeShorterSideAndCrop, sizeWithShorterSide } from './resize.ts';

/**
 * What the networks see of a picture. Each view writes imageSize × imageSize × 3 normalised float32 values (a slot of an NHWC batch) into
 * `output` from `offset` on. Random numbers are drawn in a fixed order: crop, flip, then what the view adds.
 */

export const VIEW_KINDS = ['labeled', 'weak', 'strong', 'evaluation'] as const;
export type ViewKind = (typeof VIEW_KINDS)[number];

export interface ViewSettings {
  /** Side of the square the network sees, pixels. */
  readonly imageSize: number;
  /** Always crop out of 256 pixels, as released. */
  readonly releaseCrop: boolean;
  /** The released program's quirks: that crop, and a Cover that does not grow with the picture. */
  readonly released?: boolean;
  /** Colour is taken out of every picture first. */
  readonly grayscale?: boolean;
  /** For the strong view. Null leaves it a second weak one. */
  readonly randAugment: RandAugmentSettings | null;
}

/** How large a picture is before its crop. */
export type CropSettings = Pick<ViewSettings, 'imageSize' | 'releaseCrop' | 'released'>;

/** What the released program resizes to before the crop. */
const RELEASED_SHORTER_SIDE = 256;
/** Up to this size a crop out of 256 would show a corner of a face. */
const LARGEST_SMALL_SIZE = 112;
const ROTATION_DEGREES = 5;

/** Pixels of the shorter side before the crop. @throws StudioError `usage` for a released crop larger than the picture it is cut from. */
export function shorterSideOf({ imageSize, releaseCrop, released = false }: CropSettings): number {
  if ((releaseCrop || released) && imageSize > RELEASED_SHORTER_SIDE) {
    throw new StudioError('usage', `A crop of ${imageSize} pixels cannot be cut out of ${RELEASED_SHORTER_SIDE}.`, {
      hint: 'Leave out the released crop, or choose an image side of up to 256 pixels.',
      commandLine: '--release-crop, --released, --resize',
    });
  }
  const isReleased = releaseCrop || released || (imageSize > LARGEST_SMALL_SIZE && imageSize <= RELEASED_SHORTER_SIDE);
  return isReleased ? RELEASED_SHORTER_SIDE : Math.round((imageSize * 8) / 7);
}

/** A picture longer than this many times its shorter side is not resized whole: most of it would be computed for nothing. */
const LONGEST_RESIZED_WHOLE = 4;

/** The picture as later views can start from it in less time; they give the same pixels as from the picture itself. */
export function prepareForCache(image: RgbImage, settings: ViewSettings): RgbImage {
  const isLong = Math.max(image.width, image.height) > LONGEST_RESIZED_WHOLE * Math.min(image.width, image.height);
  return isLong ? image : resizeShorterSide(image, shorterSideOf(settings));
}

/** Random crop, mirrored half the time, turned by up to 5 degrees, a rectangle erased. For supervised training. */
export function labeledView(
  image: RgbImage,
  settings: ViewSettings,
  random: RandomStream,
  output: Float32Array,
  offset: number,
): void {
  const turned = rotate(drawCrop(image, settings, random), random.between(-ROTATION_DEGREES, ROTATION_DEGREES));
  const rectangle = drawErasedRectangle(turned.width, turned.height, random);
  normalizeInto(turned, output, offset);
  if (rectangle !== null) eraseInto(output, offset, turned.width, rectangle);
}

/** Random crop, mirrored half the time. The pseudo label comes from it. */
export function weakView(
  image: RgbImage,
  settings: ViewSettings,
  random: RandomStream,
  output: Float32Array,
  offset: number,
): void {
  normalizeInto(drawCrop(image, settings, random), output, offset);
}

/** The weak view, drawn anew, and RandAugment. The networks learn the pseudo label on it. */
export function strongView(
  image: RgbImage,
  settings: ViewSettings,
  random: RandomStream,
  output: Float32Array,
  offset: number,
): void {
  const cropped = drawCrop(image, settings, random);
  const { randAugment: augmentation, released = false } = settings;
  const seen = augmentation === null ? cropped : randAugment(cropped, { ...augmentation, released }, random);
  normalizeInto(seen, output, offset);
}

/** The centre, without chance. For validation, testing and prediction. */
export function evaluationView(image: RgbImage, settings: ViewSettings, output: Float32Array, offset: number): void {
  const shorterSide = shorterSideOf(settings);
  const { width, height } = sizeWithShorterSide(image.width, image.height, shorterSide);
  const size = settings.imageSize;
  const centre = { top: centerCropOffset(height, size), left: centerCropOffset(width, size) };
  normalizeInto(resizeShorterSideAndCrop(image, shorterSide, { ...centre, size, mirrored: false }), output, offset);
}

/** Values one view writes. */
export function valuesPerView({ imageSize }: ViewSettings): number {
  return imageSize * imageSize * CHANNELS;
}

function drawCrop(image: RgbImage, settings: ViewSettings, random: RandomStream): RgbImage {
  const shorterSide = shorterSideOf(settings);
  const size = settings.imageSize;
  const { width, height } = sizeWithShorterSide(image.width, image.height, shorterSide);
  const place = drawCropOffset(width, height, size, random);
  return resizeShorterSideAndCrop(image, shorterSide, { ...place, size, mirrored: random.chance(0.5) });
}
