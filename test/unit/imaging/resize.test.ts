import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { crop, flipHorizontally } from '#main/imaging/geometry.ts';
import type { RgbImage } from '#main/imaging/image.ts';
import { SOURCE_DIGEST } from '#main/imaging/kernels/generated.ts';
import { resizeShorterSide, resizeShorterSideAndCrop, resizeTo, sizeWithShorterSide } from '#main/imaging/resize.ts';
import { noise } from './support.ts';

/** Pillow's algorithm a value at a time, in plain numbers: a double holds its 22-bit sums exactly. */
function resizeAxis(values: number[], outputSize: number): number[] {
  const scale = values.length / outputSize;
  const support = Math.max(scale, 1);
  return Array.from({ length: outputSize }, (_, output) => {
    const center = (output + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(values.length, Math.trunc(center + support + 0.5));
    const weights = values
      .slice(start, end)
      .map((_, i) => Math.max(0, 1 - Math.abs((start + i + 0.5 - center) / support)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const sum = weights.reduce(
      (sum, weight, i) => sum + values[start + i]! * Math.floor((weight / total) * 2 ** 22 + 0.5),
      2 ** 21,
    );
    return Math.floor(sum / 2 ** 22);
  });
}

function resizePlainly(image: RgbImage, width: number, height: number): number[] {
  const channel = (c: number): number[][] => {
    const rows = Array.from({ length: image.height }, (_, y) =>
      resizeAxis(
        Array.from({ length: image.width }, (_, x) => image.data[(y * image.width + x) * 3 + c]!),
        width,
      ),
    );
    const columns = Array.from({ length: width }, (_, x) =>
      resizeAxis(
        rows.map((row) => row[x]!),
        height,
      ),
    );
    return Array.from({ length: height }, (_, y) => columns.map((column) => column[y]!));
  };
  const [red, green, blue] = [channel(0), channel(1), channel(2)];
  return red!.flatMap((row, y) => row.flatMap((value, x) => [value, green![y]![x]!, blue![y]![x]!]));
}

describe('resizing', () => {
  test.each([
    ['larger', 20, 13, 33, 31],
    ['smaller', 50, 41, 7, 11],
    ['wider and lower', 9, 60, 40, 17],
    ['from one pixel', 1, 1, 5, 3],
    ['from one row', 30, 1, 8, 8],
    ['to one pixel', 17, 19, 1, 1],
    // 1,000 rows of 1,200 bytes: more than the kernels are handed at once.
    ['a picture of over a megabyte', 400, 1000, 20, 12],
  ])('%s, as the plain algorithm does', (_, width, height, toWidth, toHeight) => {
    const image = noise(width, height);
    const resized = resizeTo(image, toWidth, toHeight);
    expect([resized.width, resized.height]).toEqual([toWidth, toHeight]);
    expect([...resized.data]).toEqual(resizePlainly(image, toWidth, toHeight));
  });

  test('the longer side is rounded down', () => {
    expect(sizeWithShorterSide(311, 402, 256)).toEqual({ width: 256, height: 330 }); // 256 · 402 / 311 = 330.9
    expect(sizeWithShorterSide(640, 427, 256)).toEqual({ width: 383, height: 256 }); // 256 · 640 / 427 = 383.7
    expect(sizeWithShorterSide(48, 48, 55)).toEqual({ width: 55, height: 55 });
  });

  test.each([
    ['enlarged', noise(40, 30), 64],
    ['reduced', noise(200, 310), 64],
    ['left at its size', noise(64, 90), 64],
  ])('a crop out of a picture %s equals the crop of the whole', (_, image, shorterSide) => {
    const place = { top: 3, left: 9, size: 50 };
    const expected = crop(resizeShorterSide(image, shorterSide), { top: 3, left: 9, width: 50, height: 50 });
    expect(resizeShorterSideAndCrop(image, shorterSide, { ...place, mirrored: false })).toEqual(expected);
    expect(resizeShorterSideAndCrop(image, shorterSide, { ...place, mirrored: true })).toEqual(
      flipHorizontally(expected),
    );
  });
});

test('the kernels were compiled from the source beside them', () => {
  const source = join(import.meta.dirname, '..', '..', '..', 'src', 'main', 'imaging', 'kernels', 'resize.as');
  expect(createHash('sha256').update(readFileSync(source)).digest('hex')).toBe(SOURCE_DIGEST);
});
