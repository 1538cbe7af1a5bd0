import type { ActivationMaps } from '#shared/prediction.ts';
import { blackImage, CHANNELS, type RgbImage } from '../imaging/image.ts';
import { resizeTo } from '../imaging/resize.ts';
import { cutOut } from './face-crop.ts';

/** Side of an overlay, pixels: that of the face, within these. */
const [SMALLEST_SIDE, LARGEST_SIDE] = [224, 448];
/** How much of the face the hottest place hides. */
const DENSEST = 0.65;

/** From cold to hot, evenly spaced: dark violet, red, orange, pale yellow. Lightness rises throughout, so it reads without colour too. */
const HEAT = [
  [20, 11, 53],
  [122, 27, 109],
  [207, 68, 70],
  [251, 155, 6],
  [247, 242, 161],
] as const;

/**
 * The face as the network saw it, with where it looked for a class laid over: nothing where it did not look, pale yellow where most.
 * @param image the picture as shown. @param className one of the maps' classes.
 */
export function heatOverlay(
  image: RgbImage,
  { width, height, byClass, over }: ActivationMaps,
  className: string,
): RgbImage {
  const values = byClass[className];
  if (values === undefined) throw new Error(`There is no map of class ${className}.`);
  const side = Math.round(Math.min(LARGEST_SIDE, Math.max(SMALLEST_SIDE, over.side)));
  const face = resizeTo(cutOut(image, over), side, side);
  const hottest = Math.max(...values);
  if (hottest === 0) return face;
  const result = blackImage(side, side);
  for (let row = 0, at = 0; row < side; row++) {
    for (let column = 0; column < side; column++, at += CHANNELS) {
      const across = ((column + 0.5) / side) * width - 0.5;
      const down = ((row + 0.5) / side) * height - 0.5;
      const heat = between(values, { width, height }, across, down) / hottest;
      const color = heatColor(heat);
      const share = DENSEST * heat;
      for (let channel = 0; channel < CHANNELS; channel++) {
        result.data[at + channel] = Math.round(face.data[at + channel]! * (1 - share) + color[channel]! * share);
      }
    }
  }
  return result;
}

/** Pictures of one height side by side. */
export function sideBySide(images: readonly RgbImage[]): RgbImage {
  return joinedAlong(images, 'width');
}

/** Pictures one below the other; narrower ones are followed by black. */
export function stacked(images: readonly RgbImage[]): RgbImage {
  return joinedAlong(images, 'height');
}

function joinedAlong(images: readonly RgbImage[], axis: 'width' | 'height'): RgbImage {
  const sum = (of: 'width' | 'height'): number => images.reduce((total, image) => total + image[of], 0);
  const most = (of: 'width' | 'height'): number => Math.max(...images.map((image) => image[of]));
  const whole = axis === 'width' ? blackImage(sum('width'), most('height')) : blackImage(most('width'), sum('height'));
  let before = 0;
  for (const image of images) {
    const rowLength = image.width * CHANNELS;
    for (let row = 0; row < image.height; row++) {
      const start = axis === 'width' ? row * whole.width + before : (before + row) * whole.width;
      whole.data.set(image.data.subarray(row * rowLength, (row + 1) * rowLength), start * CHANNELS);
    }
    before += image[axis];
  }
  return whole;
}

/** Bilinear between the middles of the map's cells, the outermost going on to the edge. */
function between(
  values: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
  across: number,
  down: number,
): number {
  const cell = (position: number, count: number): number => Math.min(count - 1, Math.max(0, position));
  const left = Math.floor(across);
  const top = Math.floor(down);
  const valueAt = (column: number, row: number): number => values[cell(row, height) * width + cell(column, width)]!;
  const upper = valueAt(left, top) * (1 - across + left) + valueAt(left + 1, top) * (across - left);
  const lower = valueAt(left, top + 1) * (1 - across + left) + valueAt(left + 1, top + 1) * (across - left);
  return upper * (1 - down + top) + lower * (down - top);
}

function heatColor(heat: number): readonly number[] {
  const position = Math.min(1, Math.max(0, heat)) * (HEAT.length - 1);
  const index = Math.min(HEAT.length - 2, Math.floor(position));
  const [colder, hotter] = [HEAT[index]!, HEAT[index + 1]!];
  return colder.map((value, channel) => value + (hotter[channel]! - value) * (position - index));
}
