import { expect, test } from 'vitest';
import { compare, median, quartiles } from '#main/bench/statistics.ts';

test('the median is the middle value, or half way between the two middle ones', () => {
  expect(median([40, 10, 12])).toBe(12);
  expect(median([4, 1, 3, 10])).toBe(3.5);
  expect(median([7])).toBe(7);
});

test('quartiles lie between the nearest values', () => {
  // Sorted 1 … 5: positions 1 and 3. Sorted 1 … 4: positions 0.75 and 2.25.
  expect(quartiles([3, 1, 2, 5, 4])).toEqual([2, 4]);
  expect(quartiles([4, 3, 2, 1])).toEqual([1.75, 3.25]);
});

test('two sides are compared by their medians, and block by block', () => {
  // Sorted: 10 10 11 12 40 and 19 20 20 21 22. Pairs: 10/20, 12/20, 11/22, 40/21, 10/19 = 0.5, 0.6, 0.5, 1.905, 0.526.
  const comparison = compare([10, 12, 11, 40, 10], [20, 20, 22, 21, 19]);
  expect(comparison).toMatchObject({ ours: 11, peer: 20, ratio: 11 / 20, pairwiseRatio: 10 / 19 });
  expect(comparison.spread).toEqual({ ours: [10, 12], peer: [20, 21] });
});

test('without a peer there is nothing to compare with', () => {
  const alone = { ours: 2, peer: null, ratio: null, pairwiseRatio: null, spread: { ours: [1.5, 2.5], peer: null } };
  expect(compare([1, 2, 3], null)).toEqual(alone);
});
