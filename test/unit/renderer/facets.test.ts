import { expect, test } from 'vitest';
import type { Facets } from '#shared/query.ts';
import { columnsOfFacets, sizesBetween, splitColumns, withSelected } from '../../../src/renderer/views/data/facets.ts';
import { catalogStats, classCounts } from './stats.ts';

const stats = catalogStats([], {
  train: classCounts([15, 20, 0, 0, 0, 5, 0]),
  test: classCounts([1, 2, 0, 0, 0, 3, 0]),
  unlabeled: classCounts([0, 0, 0, 0, 0, 0, 0], 50),
});

test('a column stands for each labeled split, with its imbalance', () => {
  expect(splitColumns(stats)).toEqual([
    { key: 'train', label: 'Train', note: '4.0 : 1', counts: [15, 20, 0, 0, 0, 5, 0] }, // 20 / 5
    { key: 'test', label: 'Test', note: '3.0 : 1', counts: [1, 2, 0, 0, 0, 3, 0] }, // 3 / 1
  ]);
});

test('the same of a filter’s images; a split without labeled ones has none', () => {
  const facets = (labels: Facets['labels']): Facets => ({
    total: 0,
    complete: true,
    sources: [],
    splits: [],
    labels,
    sizes: [],
    qualities: [],
    reviewed: [],
    excluded: [],
    round: null,
  });
  const train = facets([
    { value: 1, count: 30 },
    { value: 2, count: 12 },
    { value: null, count: 400 },
  ]);
  expect(
    columnsOfFacets(
      [
        { split: 'train', facets: train },
        { split: 'unlabeled', facets: facets([{ value: null, count: 9 }]) },
      ],
      3,
    ),
  ).toEqual([{ key: 'train', label: 'Train', note: '2.5 : 1', counts: [0, 30, 12] }]); // 30 / 12
});

test('a value that is filtered by is there though no image has it', () => {
  const facets = [{ value: 'test' as const, count: 3 }];
  expect(withSelected(facets, undefined)).toBe(facets);
  expect(withSelected(facets, ['train'], ['train', 'validation', 'test'])).toEqual([
    { value: 'train', count: 0 },
    { value: 'test', count: 3 },
  ]);
});

test('a stretch of pixels touches classes of size', () => {
  expect(sizesBetween(16, 45)).toEqual(['below-48']);
  expect(sizesBetween(45, 128)).toEqual(['below-48', '48-111', '112-223']);
  expect(sizesBetween(256, 4096)).toEqual(['from-224']);
});
