import { expect, test } from 'vitest';
import type { ActivationMaps } from '#shared/prediction.ts';
import { blackImage, type RgbImage } from '#main/imaging/image.ts';
import { heatOverlay, sideBySide, stacked } from '#main/prediction/overlay.ts';

const grey = (side: number, level = 100): RgbImage => {
  const image = blackImage(side, side);
  image.data.fill(level);
  return image;
};
const maps = (values: number[]): ActivationMaps => ({
  width: 2,
  height: 2,
  byClass: { happy: values, sad: [0, 0, 0, 0] },
  over: { x: 150, y: 150, side: 300, degrees: 0 },
});
const pixel = ({ width, data }: RgbImage, column: number, row: number): number[] => [
  ...data.subarray((row * width + column) * 3, (row * width + column) * 3 + 3),
];

test('the face shows where the network did not look, and heat where it did', () => {
  const overlay = heatOverlay(grey(300), maps([0, 0, 0, 5]), 'happy');
  expect(overlay).toMatchObject({ width: 300, height: 300 });
  expect(pixel(overlay, 0, 0)).toEqual([100, 100, 100]);
  // 0.65 of pale yellow, 0.35 of the face.
  expect(pixel(overlay, 299, 299)).toEqual([196, 192, 140]);
  const [red, , blue] = pixel(overlay, 150, 150);
  expect(red).toBeGreaterThan(blue!);
});

test('a class that nothing speaks for leaves the face alone', () => {
  expect(heatOverlay(grey(300), maps([0, 0, 0, 5]), 'sad').data).toEqual(grey(300).data);
});

test('pictures join in a row and in a column, narrower ones followed by black', () => {
  const row = sideBySide([grey(2, 1), grey(2, 2)]);
  expect([row.width, row.height, pixel(row, 1, 1)[0], pixel(row, 2, 1)[0]]).toEqual([4, 2, 1, 2]);
  const sheet = stacked([row, grey(2, 3)]);
  expect([sheet.width, sheet.height, pixel(sheet, 1, 2)[0], pixel(sheet, 2, 2)[0]]).toEqual([4, 4, 3, 0]);
});
