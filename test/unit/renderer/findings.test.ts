import { expect, test } from 'vitest';
import type { AnalysisSummary, DuplicateSummary } from '#shared/analysis.ts';
import { findingsOf } from '../../../src/renderer/views/overview/findings.ts';
import { catalogStats, classCounts, sourceStats } from './stats.ts';

const balanced = classCounts([10, 10, 10, 10, 10, 10, 10]);
const unlabeled = classCounts([0, 0, 0, 0, 0, 0, 0], 100);

/** Everything was looked at, and nothing found. */
const sound: AnalysisSummary = { images: 300, analyzed: 300, failed: 0, flags: [], exact: null, near: null };

test('balanced data with every part have no findings', () => {
  const splits = { train: balanced, validation: balanced, unlabeled };
  expect(findingsOf(catalogStats([sourceStats('one', splits)], splits), sound)).toEqual([]);
});

test('an imbalance names the largest and the smallest class and leads to the smallest', () => {
  const splits = { train: classCounts([30, 90, 30, 30, 30, 15, 30]), validation: balanced, unlabeled };
  expect(findingsOf(catalogStats([sourceStats('one', splits)], splits), sound)).toEqual([
    {
      text: 'Training images are unbalanced 6.0 : 1: 90 happy, 15 disgust.', // 90 / 15
      action: 'Show disgust',
      to: { place: 'faces', search: { split: 'train', class: 'disgust' } },
    },
  ]);
});

test('missing classes, missing parts and unreadable files are each told', () => {
  const splits = { train: classCounts([10, 10, 10, 10, 10, 10, 0]) };
  const texts = findingsOf(catalogStats([sourceStats('one', splits, 3)], splits), sound).map(({ text }) => text);
  expect(texts).toEqual([
    'There are no validation images: the best checkpoint cannot be chosen.',
    'There are no unlabeled images: Meta-Face2Exp has nothing to learn its pseudo labels on.',
    'No training image shows anger.',
    '3 files of one could not be read.',
  ]);
});

test('leaks, contradictions and poor pictures lead to the filters that show them, and what was not looked at is said', () => {
  const found = (leaks: number, contradictions: number): DuplicateSummary => ({
    kind: 'exact',
    distance: 0,
    isCurrent: true,
    madeAt: '2026-01-01T00:00:00Z',
    groups: 9,
    images: 20,
    leaks,
    contradictions,
  });
  const analysis: AnalysisSummary = {
    images: 300,
    analyzed: 280,
    failed: 5,
    flags: [
      { value: 'dark', count: 2 },
      { value: 'blurred', count: 7 },
      { value: 'tiny', count: 0 },
    ],
    exact: found(1, 0),
    near: found(0, 3),
  };
  const splits = { train: balanced, validation: balanced, unlabeled };
  expect(findingsOf(catalogStats([sourceStats('one', splits)], splits), analysis)).toEqual([
    {
      text: '1 group of the same picture in several splits: what is trained on is scored on too.',
      action: 'Show them',
      to: { place: 'faces', search: { duplicates: 'exact-leak' } },
    },
    {
      text: '3 groups of nearly the same picture with different labels.',
      action: 'Show them',
      to: { place: 'faces', search: { duplicates: 'near-contradiction' } },
    },
    {
      text: 'Pictures that show little: 7 blurred, 2 dark.',
      action: 'Show them',
      to: { place: 'faces', search: { quality: 'blurred,dark' } },
    },
    {
      text: '15 images not looked at yet: duplicates across splits and bad pictures among them are unknown.', // 300 − 280 − 5
      action: 'Look at them',
      to: { place: 'analysis' },
    },
  ]);
});
