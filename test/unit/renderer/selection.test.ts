import { describe, expect, test } from 'vitest';
import {
  EVERYTHING,
  NOTHING,
  isSelected,
  onlyFaces,
  pickOf,
  selectedCount,
  selectionOf,
  selectionRequest,
  withFaces,
} from '../../../src/renderer/views/data/selection.ts';

test('some faces are selected one by one', () => {
  const selection = withFaces(withFaces(onlyFaces([3]), [5], true), [3], false);
  expect([3, 5].map((id) => isSelected(selection, id))).toEqual([false, true]);
  expect(selectedCount(selection, 100)).toBe(1);
  expect(selectionRequest(selection, {})).toEqual({ ids: [5] });
});

test('all that match are selected without naming one, and single ones taken out of them', () => {
  const selection = withFaces(EVERYTHING, [7], false);
  expect([7, 8].map((id) => isSelected(selection, id))).toEqual([false, true]);
  expect(selectedCount(selection, 1_000_000)).toBe(999_999);
  expect(selectionRequest(selection, { splits: ['train'] })).toEqual({ filter: { splits: ['train'] }, except: [7] });
  expect(selectedCount(withFaces(selection, [7], true), 1_000_000)).toBe(1_000_000);
});

describe('in an address', () => {
  test.each([
    [NOTHING, undefined],
    [onlyFaces([12, 3, 10, 11, 14]), '3,10-12,14'],
    [EVERYTHING, 'all'],
    [withFaces(EVERYTHING, [4, 5], false), 'all,4-5'],
  ])('%j is %s', (selection, text) => {
    expect(pickOf(selection)).toBe(text);
    expect(selectionOf(text)).toEqual(selection);
  });

  test('a long selection is kept beside it', () => {
    const selection = onlyFaces(Array.from({ length: 2_000 }, (_, index) => 2 * index + 1));
    const text = pickOf(selection)!;
    expect(text.length).toBeLessThan(20);
    expect(selectionOf(text)).toEqual(selection);
  });

  test('what is made up selects nothing', () => {
    for (const text of ['x', '9-3', '1-999999999999', 'kept-99']) expect(selectedCount(selectionOf(text), 10)).toBe(0);
  });
});
