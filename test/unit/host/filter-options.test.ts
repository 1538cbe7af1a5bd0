import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { ImageFilter } from '#shared/filter.ts';
import {
  type FilterOptions,
  addFilterOptions,
  filterBesideRound,
  filterFrom,
} from '#main/host/commands/filter-options.ts';

function parsed(command: Command, words: string): FilterOptions {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  return command.parse(words.split(' ').filter(Boolean), { from: 'user' }).opts();
}

const filterOf = (words: string): ImageFilter => filterFrom(parsed(addFilterOptions(new Command()), words));

test('options are the parts of a filter', () => {
  expect(filterOf('')).toEqual({});
  expect(
    filterOf('--reviewed undecided --reviewed unsure --round aff-1 --pseudo-label Happy --pseudo-label anger'),
  ).toEqual({ reviewed: ['undecided', 'unsure'], round: 'aff-1', pseudoLabels: [1, 6] });
  expect(filterOf('--similar-to 12 --class none')).toEqual({ similarTo: 12, labels: [null] });
});

test('ranges are two shares, either of which may be left out', () => {
  const ranges: readonly (readonly [string, number, number])[] = [
    ['0.2..0.5', 0.2, 0.5],
    ['.25...75', 0.25, 0.75],
    ['0.9..', 0.9, 1],
    ['..0.3', 0, 0.3],
    ['0..1', 0, 1],
    ['0.5..1.0', 0.5, 1],
  ];
  for (const [text, from, to] of ranges)
    expect(filterOf(`--confidence ${text}`).confidence, text).toEqual({ from, to });
  for (const text of [
    '..',
    '0.5',
    '0.9..0.3',
    '0.5..0.5',
    '2..3',
    '-1..0.5',
    '0.5..1.5',
    'half..one',
    '0.1..0.2..0.3',
  ]) {
    expect(() => filterOf(`--margin=${text}`), text).toThrow(/two shares from 0 to 1/);
  }
});

test('what is no value of an option is refused with what is', () => {
  expect(() => filterOf('--reviewed seen')).toThrow(/undecided, accepted, relabeled, rejected, unsure/);
  expect(() => filterOf('--pseudo-label none')).toThrow(/one of neutral, happy/);
  expect(() => filterOf('--similar-to me')).toThrow(/similar-to/);
});

test('a command keeps its own --round, which restricts only with what a round says', () => {
  const filter = (words: string): ImageFilter =>
    filterBesideRound(parsed(addFilterOptions(new Command().option('--round <round>', 'judged')), words));
  expect(filter('--round aff-1')).toEqual({});
  expect(filter('--round aff-1 --split test')).toEqual({ splits: ['test'] });
  expect(filter('--round aff-1 --confidence 0.9..')).toEqual({ round: 'aff-1', confidence: { from: 0.9, to: 1 } });
});
