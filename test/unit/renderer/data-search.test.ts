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

  test('holds what people decided, and a round with what it says', () => {
    const filter = {
      reviewed: ['undecided', 'unsure'] as const,
      round: '3',
      pseudoLabels: [0, 6],
      confidence: { from: 0.2, to: 0.55 },
      margin: { from: 0, to: 1 },
      similarTo: 12,
    };
    const search = searchOfFilter(filter as never);
    expect(search).toMatchObject({ round: 3, pseudo: 'neutral,anger', confidence: '0.2-0.55', similar: 12 });
    expect(filterOfSearch(dataSearchSchema.parse(search))).toEqual(filter);
    expect(filterOfSearch(dataSearchSchema.parse({ round: 'aff-s5 step 12' }))).toEqual({ round: 'aff-s5 step 12' });
  });

  test('asks nothing of a round where there is none, nor what is no range', () => {
    expect(filterOfSearch(dataSearchSchema.parse({ pseudo: 'happy', confidence: '0.2-0.5' }))).toEqual({});
    for (const confidence of ['0.5-0.2', '0.5-0.5', 'much', '0.2-', '-1-0.5', '0.2-1.5', 7]) {
      expect(filterOfSearch(dataSearchSchema.parse({ round: 2, confidence })), String(confidence)).toEqual({
        round: '2',
      });
    }
  });

  test('has only the orders that its filter has', () => {
    const sortOf = (search: object) => listOfSearch(dataSearchSchema.parse(search)).sort;
    expect(sortOf({ sort: 'margin' })).toBe('id');
    expect(sortOf({ sort: 'margin', round: 2 })).toBe('margin');
    expect(sortOf({ similar: 5 })).toBe('similarity');
    expect(sortOf({ similar: 5, sort: 'id' })).toBe('id');
    expect(sortOf({ sort: 'similarity' })).toBe('id');
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
  const round = { round: '2', pseudoLabels: [1, 6], confidence: { from: 0.29, to: 0.5 }, similarTo: 7 };
  expect(filterWords({ reviewed: ['undecided'], ...round })).toBe(
    'Undecided · Round 2 · Said Happy or Anger · Confidence 29 to 50 % · Like face 7',
  );
});
