import { expect, test } from 'vitest';
import { mistakesOf } from '#main/evaluation/mistakes.ts';

const predictions = {
  classNames: ['neutral', 'happy'],
  labels: Int32Array.from([0, 0, 1, 1, 0]),
  // Predicted: neutral, happy, happy, neutral, happy.
  probabilities: Float32Array.from([0.75, 0.25, 0.375, 0.625, 0.125, 0.875, 0.5625, 0.4375, 0.0625, 0.9375]),
};

test('the wrong ones come with the surest first', () => {
  expect(mistakesOf(predictions)).toEqual([
    { row: 4, predicted: 1, confidence: 0.9375 },
    { row: 1, predicted: 1, confidence: 0.625 },
    { row: 3, predicted: 0, confidence: 0.5625 },
  ]);
  expect(mistakesOf(predictions, { label: 0 }).map(({ row }) => row)).toEqual([4, 1]);
  expect(mistakesOf(predictions, { predicted: 0 }).map(({ row }) => row)).toEqual([3]);
});

test('a class taken for itself are the right ones of it', () => {
  expect(mistakesOf(predictions, { label: 1, predicted: 1 })).toEqual([{ row: 2, predicted: 1, confidence: 0.875 }]);
});
