import { describe, expect, test } from 'vitest';
import {
  LARGEST_HEIGHT,
  elementHeight,
  placeAfterScroll,
  placeAt,
  scrollTopAt,
} from '../../../src/renderer/views/data/scaled-scroll.ts';

const SHORT = { length: 5_000, view: 500 };
/** Ten times as tall as an element may be. */
const TALL = { length: 10 * LARGEST_HEIGHT, view: 1_000 };

test('a list that fits is scrolled pixel by pixel', () => {
  expect(elementHeight(SHORT)).toBe(5_000);
  expect(placeAfterScroll({ top: 0, offset: 0 }, 4_200, SHORT)).toEqual({ top: 4_200, offset: 0 });
});

describe('a list taller than an element may be', () => {
  test('has an element of the largest height, whose ends are the list’s', () => {
    expect(elementHeight(TALL)).toBe(LARGEST_HEIGHT);
    expect(scrollTopAt(0, TALL)).toBe(0);
    expect(scrollTopAt(TALL.length - TALL.view, TALL)).toBe(LARGEST_HEIGHT - TALL.view);
    expect(placeAt(TALL.length, TALL).top).toBe(TALL.length - TALL.view);
  });

  test('moves pixel by pixel with a wheel', () => {
    const before = placeAt(60_000_000, TALL);
    const scrollTop = scrollTopAt(60_000_000, TALL) + 120;
    const after = placeAfterScroll(before, scrollTop, TALL);
    expect(after.top).toBeCloseTo(60_000_120, 3);
    // Where a row is drawn in the element does not change: scrolling itself moves it.
    expect(after.offset).toBeCloseTo(before.offset, 3);
  });

  test('goes to the same share of the list when the scrollbar is dragged', () => {
    const half = (LARGEST_HEIGHT - TALL.view) / 2;
    expect(placeAfterScroll(placeAt(0, TALL), half, TALL).top).toBeCloseTo((TALL.length - TALL.view) / 2, 3);
  });

  test('stops at its ends', () => {
    const end = placeAt(TALL.length, TALL);
    expect(placeAfterScroll(end, end.top - end.offset + 300, TALL).top).toBe(TALL.length - TALL.view);
    const start = placeAt(50, TALL);
    expect(placeAfterScroll(start, 0, TALL).top).toBeCloseTo(45, 0); // 50 px of the list are 5 of the element
  });
});
