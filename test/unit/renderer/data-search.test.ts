import { describe, expect, test } from 'vitest';
import {
  dataSearchSchema,
  filterOfSearch,
  listOfSearch,
  only,
  searchOfFilter,
  sourceSearch,
  toggled,
} from '../../../src/renderer/views/data/search.ts';
import { filterWords } from '../../../src/renderer/views/data/filter-words.ts';

describe('a filter in an address', () => {
  test('is the filter again', () => {
    const filter = {
      sources: ['faces, 2024', '100 %2C', 'plain'],
      splits: ['train', 'test'] as const,
      labels: [5, null],
      sizes: ['below-48'] as const,
      qualities: ['dark', 'good'] as const,
      duplicates: 'near-leak' as const,
      excluded: 'only' as const,
      text: 'person_0012',
    };
    expect(filterOfSearch(dataSearchSchema.parse(searchOfFilter(filter as never)))).toEqual(filter);
  });

  test('has names between commas', () => {
    expect(searchOfFilter({ splits: ['train'], labels: [5, null] })).toMatchObject({
      split: 'train',
      class: 'disgust,none',
    });
    expect(sourceSearch('a,b')).toEqual({ source: 'a%2Cb' });
  });

  test('leaves out what is not valid, and what is too short to be looked up', () => {
    const search = dataSearchSchema.parse({
      split: 'train,nowhere',
      class: 'glad',
      sort: 'best',
      text: 'ab',
      face: -1,
    });
    expect(filterOfSearch(search)).toEqual({ splits: ['train'] });
    expect(search.face).toBeUndefined();
    expect(listOfSearch(search)).toEqual({ filter: { splits: ['train'] }, sort: 'id', descending: false });
  });

  test('reads names that are numbers', () => {
    expect(filterOfSearch(dataSearchSchema.parse({ source: 2024 }))).toEqual({ sources: ['2024'] });
  });
});

test('a value is added, taken out, or alone', () => {
  expect(toggled(undefined, 1)).toEqual([1]);
  expect(toggled([1], 2)).toEqual([1, 2]);
  expect(toggled([1, 2], 1)).toEqual([2]);
  expect(toggled([1], 1)).toBeUndefined();
  expect(only([1, 2], 1)).toEqual([1]);
  expect(only([1], 1)).toBeUndefined();
});

test('a filter is said in words', () => {
  expect(filterWords({})).toBe('All images');
  expect(filterWords({ splits: ['train'], labels: [1, null], sizes: ['below-48'], text: 'abc' })).toBe(
    'Train · Happy or Unlabeled · Below 48 pixels · “abc”',
  );
});
