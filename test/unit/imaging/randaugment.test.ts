import { describe, expect, test } from 'vitest';
import { applyAugmentation, AUGMENTATIONS, randAugment } from '#main/imaging/randaugment.ts';
import { RandomStream } from '#shared/random.ts';
import { noise } from './support.ts';

const image = { width: 2, height: 1, data: Uint8Array.of(0, 100, 130, 200, 254, 255) };
const after = (operation: (typeof AUGMENTATIONS)[number], magnitude: number): number[] => [
  ...applyAugmentation(image, operation, magnitude).data,
];

describe('one operation', () => {
  test('Posterize keeps int(4 · m / 10) bits, none at all below 2.5, all from 20 on', () => {
    expect(after('Posterize', 1)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(after('Posterize', 5)).toEqual([0, 64, 128, 192, 192, 192]); // 2 bits
    expect(after('Posterize', 16)).toEqual([0, 100, 128, 200, 252, 252]); // 6 bits
    expect(after('Posterize', 25)).toEqual([...image.data]); // 10 bits
  });

  test('Solarize inverts from 256 − int(25.6 · m) on', () => {
    expect(after('Solarize', 1)).toEqual([0, 100, 130, 200, 1, 0]); // from 231
    expect(after('Solarize', 5)).toEqual([0, 100, 125, 55, 1, 0]); // from 128
    expect(after('Solarize', 16)).toEqual([255, 155, 125, 55, 1, 0]); // from below 0
  });

  test('Brightness multiplies by 0.18 · m + 0.1', () => {
    expect(after('Brightness', 5)).toEqual([0, 100, 130, 200, 254, 255]); // × 1
    expect(after('Brightness', 10)).toEqual([0, 190, 247, 255, 255, 255]); // × 1.9
  });

  test('Cover grows with the picture: at 48 pixels it blackens the rows to 11, as to 50 at 224', () => {
    const white = { width: 48, height: 48, data: new Uint8Array(48 * 48 * 3).fill(255) };
    const rows = (released: boolean): number[] =>
      Array.from({ length: 48 }, (_, y) => applyAugmentation(white, 'Cover', 16, released).data[(y * 48 + 47) * 3]!);
    expect(rows(false)).toEqual([...Array<number>(12).fill(0), ...Array<number>(36).fill(255)]);
    // As released: the whole picture.
    expect(rows(true)).toEqual(Array<number>(48).fill(0));
  });

  test('Cover as released blackens to column 224 and row 50, both included', () => {
    const white = { width: 230, height: 60, data: new Uint8Array(230 * 60 * 3).fill(255) };
    const covered = applyAugmentation(white, 'Cover', 16, true).data;
    const at = (x: number, y: number): number => covered[(y * 230 + x) * 3]!;
    expect([at(0, 0), at(224, 50), at(225, 50), at(224, 51)]).toEqual([0, 0, 255, 255]);
  });

  test.each(AUGMENTATIONS)('%s leaves the picture it is given as it was', (operation) => {
    const given = noise(8, 8);
    const before = given.data.slice();
    applyAugmentation(given, operation, 16);
    expect(given.data).toEqual(before);
  });
});

describe('RandAugment', () => {
  test('is as many operations as asked for, each drawn from the whole pool', () => {
    const random = new RandomStream(3, 'view-strong', 1, 7);
    const drawn = [0, 1, 2].map(() => AUGMENTATIONS[random.integer(AUGMENTATIONS.length)]!);
    const expected = drawn.reduce((picture, operation) => applyAugmentation(picture, operation, 16), noise(60, 60));
    expect(randAugment(noise(60, 60), { count: 3, magnitude: 16 }, new RandomStream(3, 'view-strong', 1, 7))).toEqual(
      expected,
    );
  });

  test('draws every operation about as often', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 9000; index++) {
      const random = new RandomStream(0, 'view-strong', 0, index);
      const operation = AUGMENTATIONS[random.integer(AUGMENTATIONS.length)]!;
      counts.set(operation, (counts.get(operation) ?? 0) + 1);
    }
    // 1,000 each expected; the standard deviation is √(9000 · 1/9 · 8/9) = 30.
    for (const operation of AUGMENTATIONS) expect(Math.abs(counts.get(operation)! - 1000)).toBeLessThan(120);
  });
});
