import { describe, expect, test } from 'vitest';
import { columnsIn, moveIndex, sideIn, visibleRows } from '../../../src/renderer/views/data/grid-geometry.ts';

test('squares with gaps between, not after, fill a width', () => {
  expect(columnsIn(84 * 3 - 4, 80, 4)).toBe(3); // 3 squares of 80 and 2 gaps of 4
  expect(columnsIn(84 * 3 - 5, 80, 4)).toBe(2);
  expect(columnsIn(0, 80, 4)).toBe(1);
  expect(sideIn(300, 3, 4)).toBe(97); // 3 · 97 + 2 · 4 = 299
});

test('rows in sight have some to spare at both ends, and none beyond them', () => {
  const view = { height: 250, pitch: 100, count: 1_000_000, overscan: 2 };
  expect(visibleRows({ ...view, top: 0 })).toEqual({ first: 0, last: 4 });
  expect(visibleRows({ ...view, top: 5_000 })).toEqual({ first: 48, last: 54 });
  expect(visibleRows({ ...view, top: 99_999_900 })).toEqual({ first: 999_997, last: 999_999 });
  expect(visibleRows({ ...view, count: 0, top: 0 })).toEqual({ first: 0, last: -1 });
});

describe('keys', () => {
  const grid = { count: 23, columns: 5, pageRows: 2 };

  test.each([
    ['ArrowRight', 7, 8],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 7, 12],
    ['ArrowUp', 7, 2],
    ['ArrowDown', 21, 22],
    ['PageDown', 3, 13],
    ['PageUp', 13, 3],
    ['Home', 13, 0],
    ['End', 13, 22],
  ])('%s leads from %i to %i', (key, from, to) => {
    expect(moveIndex(key, from, grid)).toBe(to);
  });

  test('other keys move nothing', () => {
    expect(moveIndex('a', 3, grid)).toBeNull();
  });
});
