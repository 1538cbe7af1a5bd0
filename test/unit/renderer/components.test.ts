import { expect, test } from 'vitest';
import { mostly } from '../../../src/renderer/components/histogram-words.ts';
import { sortRows } from '../../../src/renderer/components/sort-rows.ts';
import { runsUsing } from '../../../src/renderer/views/data/subset-uses.ts';

test('rows sort by numbers as numbers, by texts as a person counts, and equal ones stay', () => {
  const rows = [
    { name: 'run-10', size: 3 },
    { name: 'run-9', size: 20 },
    { name: 'Run-1', size: 3 },
  ];
  expect(sortRows(rows, ({ name }) => name, false).map(({ name }) => name)).toEqual(['Run-1', 'run-9', 'run-10']);
  expect(sortRows(rows, ({ size }) => size, true).map(({ name }) => name)).toEqual(['run-9', 'run-10', 'Run-1']);
});

test('a histogram says where half of its values are', () => {
  expect(mostly([0, 10, 20, 30, 40], [0.1, 0.4, 0.3, 0.2])).toBe('10 to 30'); // 0.4 + 0.3
  expect(mostly([0, 10, 20], [0.6, 0.4])).toBe('0 to 10');
});

test('a run without a version counts to the newest one', () => {
  const uses = [
    { id: 'a', name: 'a', labeled: 'balanced' },
    { id: 'b', name: 'b', labeled: 'balanced@1' },
    { id: 'c', name: 'c', labeled: 'other' },
  ];
  expect(runsUsing({ name: 'balanced', version: 2 }, uses).map(({ id }) => id)).toEqual(['a']);
  expect(runsUsing({ name: 'balanced', version: 1 }, uses, false).map(({ id }) => id)).toEqual(['b']);
});
