import { expect, test } from 'vitest';
import { facetsOf, splitColumns } from '../../../src/renderer/views/data/facets.ts';
import { catalogStats, classCounts, sourceStats } from './stats.ts';

const first = sourceStats('first', {
  train: classCounts([10, 20, 0, 0, 0, 4, 0]),
  test: classCounts([1, 2, 0, 0, 0, 3, 0]),
});
const second = sourceStats('second', {
  train: classCounts([5, 0, 0, 0, 0, 1, 0]),
  unlabeled: classCounts([0, 0, 0, 0, 0, 0, 0], 50),
});
const stats = catalogStats([first, second], {
  train: classCounts([15, 20, 0, 0, 0, 5, 0]),
  test: classCounts([1, 2, 0, 0, 0, 3, 0]),
  unlabeled: classCounts([0, 0, 0, 0, 0, 0, 0], 50),
});

test('without a filter each value counts all its images, the unlabeled ones too', () => {
  const { sources, splits, matching } = facetsOf(stats, {});
  expect(sources).toEqual([
    { value: 'first', count: 40 }, // 34 + 6
    { value: 'second', count: 56 }, // 6 + 50
  ]);
  expect(splits).toEqual([
    { value: 'train', count: 40 }, // 34 + 6
    { value: 'test', count: 6 },
    { value: 'unlabeled', count: 50 },
  ]);
  expect(matching).toBe(96);
});

test('the counts of a facet are those under the filters of the others, not under its own', () => {
  const { sources, splits, classes, matching } = facetsOf(stats, { source: 'first', split: 'train', label: 5 });
  expect(matching).toBe(4);
  expect(sources.map(({ count }) => count)).toEqual([4, 1]); // disgust in train, of each source
  expect(splits.map(({ count }) => count)).toEqual([4, 3, 0]); // disgust of the first source
  expect(classes.map(({ count }) => count)).toEqual([10, 20, 0, 0, 0, 4, 0]); // train of the first source
});

test('only labeled splits become columns of class bars, with their imbalance', () => {
  expect(splitColumns(stats)).toEqual([
    { key: 'train', label: 'Train', note: '4.0 : 1', counts: [15, 20, 0, 0, 0, 5, 0] }, // 20 / 5
    { key: 'test', label: 'Test', note: '3.0 : 1', counts: [1, 2, 0, 0, 0, 3, 0] }, // 3 / 1
  ]);
});
