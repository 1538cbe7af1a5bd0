import { expect, test } from 'vitest';
import { findingsOf } from '../../../src/renderer/views/overview/findings.ts';
import { catalogStats, classCounts, sourceStats } from './stats.ts';

const balanced = classCounts([10, 10, 10, 10, 10, 10, 10]);
const unlabeled = classCounts([0, 0, 0, 0, 0, 0, 0], 100);

test('balanced data with every part have no findings', () => {
  const splits = { train: balanced, validation: balanced, unlabeled };
  expect(findingsOf(catalogStats([sourceStats('one', splits)], splits))).toEqual([]);
});

test('an imbalance names the largest and the smallest class and leads to the smallest', () => {
  const splits = { train: classCounts([30, 90, 30, 30, 30, 15, 30]), validation: balanced, unlabeled };
  expect(findingsOf(catalogStats([sourceStats('one', splits)], splits))).toEqual([
    {
      text: 'Training images are unbalanced 6.0 : 1: 90 happy, 15 disgust.', // 90 / 15
      action: 'Show disgust',
      to: { place: 'faces', split: 'train', classIndex: 5 },
    },
  ]);
});

test('missing classes, missing parts and unreadable files are each told', () => {
  const splits = { train: classCounts([10, 10, 10, 10, 10, 10, 0]) };
  const texts = findingsOf(catalogStats([sourceStats('one', splits, 3)], splits)).map(({ text }) => text);
  expect(texts).toEqual([
    'No training image shows anger.',
    'There are no validation images: the best checkpoint cannot be chosen.',
    'There are no unlabeled images: Meta-Face2Exp has nothing to learn its pseudo labels on.',
    '3 files of one could not be read.',
  ]);
});
