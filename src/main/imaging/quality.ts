import type { ImageMeasures } from '#shared/analysis.ts';
import type { QualityFlag } from '#shared/filter.ts';
import { type GreyImage, shrinkGrey, toGrey } from './grey.ts';
import { CHANNELS, type RgbImage } from './image.ts';

/** Levels of 255. Below the first a face cannot be made out; above the second it is washed out. */
const DARK_BELOW = 40;
const BRIGHT_ABOVE = 215;
/** Standard deviations, in levels. */
const LOW_CONTRAST_BELOW = 20;
const UNIFORM_BELOW = 4;
/** Sharpness over squared contrast: a dark face has weak edges and may be sharp all the same. */
const BLURRED_BELOW = 0.04;
/** Pixels of the shorter side. */
const TINY_BELOW = 32;
/** Sharpness is measured with the shorter side at most this many pixels, so that large and small pictures can be compared. */
const COMMON_SIDE = 96;

/** What can be told of a picture without knowing what it shows. */
export function measureImage(image: RgbImage, grey: GreyImage = toGrey(image)): ImageMeasures {
  const { mean, deviation } = spread(grey.data);
  return {
    brightness: mean,
    contrast: deviation,
    sharpness: sharpnessOf(grey),
    colourfulness: colourfulnessOf(image),
    width: image.width,
    height: image.height,
  };
}

/** What is wrong with a picture of such measures; none when nothing is. */
export function qualityFlags({ brightness, contrast, sharpness, width, height }: ImageMeasures): QualityFlag[] {
  // Of a picture without content there is nothing more to say, but where it lies on the scale and how large it is.
  const isUniform = contrast < UNIFORM_BELOW;
  const found: readonly (readonly [QualityFlag, boolean])[] = [
    ['dark', brightness < DARK_BELOW],
    ['bright', brightness > BRIGHT_ABOVE],
    ['low-contrast', !isUniform && contrast < LOW_CONTRAST_BELOW],
    ['blurred', !isUniform && sharpness < BLURRED_BELOW * contrast ** 2],
    ['tiny', Math.min(width, height) < TINY_BELOW],
    ['uniform', isUniform],
  ];
  return found.filter(([, holds]) => holds).map(([flag]) => flag);
}

/** Mean and standard deviation. */
function spread(values: Uint8Array | Float32Array): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) };
}

/** Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), four neighbours, inside the picture; 0 where none has four. */
function sharpnessOf(grey: GreyImage): number {
  const scale = Math.min(1, COMMON_SIDE / Math.min(grey.width, grey.height));
  const { width, height, data } =
    scale === 1 ? grey : shrinkGrey(grey, Math.round(grey.width * scale), Math.round(grey.height * scale));
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const laplacian = data[at - 1]! + data[at + 1]! + data[at - width]! + data[at + width]! - 4 * data[at]!;
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  const count = Math.max(0, width - 2) * Math.max(0, height - 2);
  return count === 0 ? 0 : Math.max(0, squares / count - (sum / count) ** 2);
}

/** Hasler and Süsstrunk, "Measuring colourfulness in natural images", 2003: 0 for grey, above 60 for vivid pictures. */
function colourfulnessOf({ data }: RgbImage): number {
  let redGreen = 0;
  let redGreenSquares = 0;
  let yellowBlue = 0;
  let yellowBlueSquares = 0;
  for (let i = 0; i < data.length; i += CHANNELS) {
    const first = data[i]! - data[i + 1]!;
    const second = (data[i]! + data[i + 1]!) / 2 - data[i + 2]!;
    redGreen += first;
    redGreenSquares += first * first;
    yellowBlue += second;
    yellowBlueSquares += second * second;
  }
  const pixels = data.length / CHANNELS;
  const [meanFirst, meanSecond] = [redGreen / pixels, yellowBlue / pixels];
  const variances = (redGreenSquares + yellowBlueSquares) / pixels - meanFirst ** 2 - meanSecond ** 2;
  return Math.sqrt(Math.max(0, variances)) + 0.3 * Math.hypot(meanFirst, meanSecond);
}
