import { describe, expect, test } from 'vitest';
import {
  centerCrop,
  centerCropOffset,
  crop,
  drawCropOffset,
  drawErasedRectangle,
  rotate,
} from '#main/imaging/geometry.ts';
import { roundHalfToEven } from '#main/imaging/image.ts';
import { eraseInto, normalizeInto } from '#main/imaging/normalize.ts';
import { RandomStream } from '#shared/random.ts';
import { noise } from './support.ts';

test('halves are rounded to even', () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6].map(roundHalfToEven)).toEqual([0, 2, 2, 0, -2, 2, 3]);
});

describe('crops', () => {
  const image = { width: 2, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) };

  test('are black outside the picture', () => {
    expect([...crop(image, { top: -1, left: 1, width: 2, height: 2 }).data]).toEqual([
      0, 0, 0, 0, 0, 0, 4, 5, 6, 0, 0, 0,
    ]);
    expect([...crop(image, { top: 0, left: 5, width: 1, height: 1 }).data]).toEqual([0, 0, 0]);
    expect([...crop(image, { top: 7, left: 0, width: 1, height: 1 }).data]).toEqual([0, 0, 0]);
  });

  test('of the centre start at half the room, halves to even', () => {
    expect(centerCropOffset(55, 48)).toBe(4); // 3.5
    expect(centerCropOffset(57, 48)).toBe(4); // 4.5
    expect([...centerCrop(image, 1).data]).toEqual([1, 2, 3]); // offset 0.5 → 0
  });

  test('start everywhere in the room and nowhere else', () => {
    const tops = new Set<number>();
    const lefts = new Set<number>();
    for (let index = 0; index < 200; index++) {
      const { top, left } = drawCropOffset(12, 10, 8, new RandomStream(1, 'view-weak', 0, index));
      tops.add(top);
      lefts.add(left);
    }
    expect([...tops].sort()).toEqual([0, 1, 2]);
    expect([...lefts].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

test('a rotation by 0 degrees keeps every pixel', () => {
  const image = noise(31, 22);
  expect(rotate(image, 0)).toEqual(image);
});

describe('erasing', () => {
  test('gives rectangles inside the picture, of 2 to 10 % of it', () => {
    for (let index = 0; index < 500; index++) {
      const { top, left, width, height } = drawErasedRectangle(100, 60, new RandomStream(0, 'view-labeled', 0, index))!;
      expect(top).toBeGreaterThanOrEqual(0);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top + height).toBeLessThanOrEqual(60);
      expect(left + width).toBeLessThanOrEqual(100);
      // Each side is rounded by up to half a pixel; the shortest is √(120 · 0.3) = 6 pixels.
      expect((width * height) / 6000).toBeGreaterThan(0.018);
      expect((width * height) / 6000).toBeLessThan(0.108);
    }
  });

  test('leaves a picture alone that no rectangle fits into', () => {
    // In 100 × 1 pixels the erased height is at least √(100 · 0.02 · 0.3) = 0.8, rounded 1, which must be below 1.
    expect(drawErasedRectangle(100, 1, new RandomStream(0, 'view-labeled'))).toBeNull();
  });

  test('touches its rectangle alone', () => {
    const image = noise(5, 4);
    const output = new Float32Array(70).fill(99);
    normalizeInto(image, output, 10);
    const before = output.slice();
    eraseInto(output, 10, 5, { top: 1, left: 2, width: 2, height: 2 });
    const changed = [...output.keys()].filter((i) => output[i] !== before[i]);
    // Rows 1 and 2, columns 2 and 3: bytes 10 + (y · 5 + x) · 3.
    expect(changed).toEqual([31, 32, 33, 34, 35, 36, 46, 47, 48, 49, 50, 51]);
    expect(output[31]).toBeCloseTo(-0.5863 / 0.2715, 6);
  });
});
