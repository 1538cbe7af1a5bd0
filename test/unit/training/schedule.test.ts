import { expect, test } from 'vitest';
import { learningRateFactor, unlabeledWeight } from '#main/training/schedule.ts';

test('the rate waits, rises from wait/(warmup+wait), and falls as half a cosine', () => {
  const schedule = { totalSteps: 20, warmupSteps: 4, waitSteps: 4 };
  expect([0, 3].map((step) => learningRateFactor(step, schedule))).toEqual([0, 0]);
  expect([4, 6, 8].map((step) => learningRateFactor(step, schedule))).toEqual([0.5, 0.75, 1]);
  // Half way of the 12 steps after warm-up: 0.5·(1 + cos 90°) = 0.5.
  expect(learningRateFactor(14, schedule)).toBeCloseTo(0.5, 12);
  expect(learningRateFactor(20, schedule)).toBe(0);
});

test('the unlabeled weight reaches lambda at the end of its ramp and stays', () => {
  expect([0, 1, 3, 4, 100].map((step) => unlabeledWeight(step, 2, 4))).toEqual([0.5, 1, 2, 2, 2]);
});
