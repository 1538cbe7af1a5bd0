import { describe, expect, test } from 'vitest';
import type { Landmarks } from '#shared/prediction.ts';
import { blackImage, type RgbImage } from '#main/imaging/image.ts';
import { cropOf, cutOut, rollOf } from '#main/prediction/face-crop.ts';

const nowhere = { x: 0, y: 0 };
const eyes = (rightEye: { x: number; y: number }, leftEye: { x: number; y: number }): Landmarks => ({
  rightEye,
  leftEye,
  nose: nowhere,
  mouth: nowhere,
  rightEar: nowhere,
  leftEar: nowhere,
});

/** Each pixel's red is its column, its green its row. */
function ruler(width: number, height: number): RgbImage {
  const image = blackImage(width, height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) image.data.set([column, row, 7], (row * width + column) * 3);
  }
  return image;
}
const pixel = ({ width, data }: RgbImage, column: number, row: number): number[] => [
  ...data.subarray((row * width + column) * 3, (row * width + column) * 3 + 3),
];

describe('cropOf', () => {
  const box = { x: 40, y: 60, width: 100, height: 100 };

  test('turns with the eyes only where the training pictures are upright', () => {
    const landmarks = eyes({ x: 60, y: 90 }, { x: 110, y: 140 });
    expect(rollOf(landmarks)).toBeCloseTo(45);
    expect(cropOf({ box, landmarks }, { faceSide: 0.5, x: 0.5, y: 0.5, upright: true })).toEqual({
      x: 90,
      y: 110,
      side: 200,
      degrees: 45,
    });
    expect(cropOf({ box, landmarks }, { faceSide: 0.5, x: 0.5, y: 0.5, upright: false }).degrees).toBe(0);
    expect(cropOf({ box, landmarks: null }, { faceSide: 0.5, x: 0.5, y: 0.5, upright: true }).degrees).toBe(0);
  });

  test('the shift of the framing turns with the face', () => {
    // A quarter turn clockwise: what is above the face lies to its right in the picture.
    const landmarks = eyes({ x: 90, y: 90 }, { x: 90, y: 140 });
    const crop = cropOf({ box, landmarks }, { faceSide: 0.5, x: 0.5, y: 0.75, upright: true });
    expect(crop.x).toBeCloseTo(90 + 50);
    expect(crop.y).toBeCloseTo(110);
  });
});

describe('cutOut', () => {
  test('cuts the very pixels where nothing is turned, black outside', () => {
    const cut = cutOut(ruler(100, 80), { x: 10, y: 40, side: 40, degrees: 0 });
    expect(cut).toMatchObject({ width: 40, height: 40 });
    expect(pixel(cut, 9, 0)).toEqual([0, 0, 0]);
    expect(pixel(cut, 10, 0)).toEqual([0, 20, 7]);
    expect(pixel(cut, 39, 39)).toEqual([29, 59, 7]);
  });

  test('turns back what is turned', () => {
    // A quarter turn clockwise in the picture: the crop's right is the picture's downward.
    const cut = cutOut(ruler(100, 100), { x: 50, y: 50, side: 20, degrees: 90 });
    expect(cut).toMatchObject({ width: 20, height: 20 });
    expect(pixel(cut, 0, 0)).toEqual([59, 40, 7]);
    expect(pixel(cut, 19, 0)).toEqual([59, 59, 7]);
    expect(pixel(cut, 0, 19)).toEqual([40, 40, 7]);
  });

  test('a large turned square is made smaller, and shows the same', () => {
    const large = blackImage(1600, 1600);
    // White from the middle to the right.
    for (let row = 0; row < 1600; row++) large.data.fill(255, (row * 1600 + 800) * 3, (row + 1) * 1600 * 3);
    const cut = cutOut(large, { x: 800, y: 800, side: 1024, degrees: 180 });
    expect(cut).toMatchObject({ width: 512, height: 512 });
    expect(pixel(cut, 200, 256)).toEqual([255, 255, 255]);
    expect(pixel(cut, 300, 256)).toEqual([0, 0, 0]);
  });
});
