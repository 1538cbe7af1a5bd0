import { expect, test } from 'vitest';
import { type Evaluation, type RunDetail, trainingConfigSchema } from '#shared/training.ts';
import { csvOfChart } from '../../../src/renderer/views/runs/charts/chart-export.ts';
import { comparedRuns, recallOverlay, scoreOverlay } from '../../../src/renderer/views/runs/compare/overlay.ts';
import { meanOf, seedFamilies } from '../../../src/renderer/views/runs/compare/seed-means.ts';

function run(id: string, seed: number, of: { threshold?: number; accuracies: Record<number, number> }): RunDetail {
  const { threshold = 0.95, accuracies } = of;
  return {
    id,
    name: id,
    step: 40,
    config: trainingConfigSchema.parse({ name: id, seed, threshold, workers: seed }),
    request: { config: {}, labeled: `drawn@${seed}`, validation: 'validation' },
    snapshot: { labeledCounts: [5, 5] },
    evaluations: Object.entries(accuracies).map(
      ([step, accuracy]) =>
        ({
          ...{ step: Number(step), accuracy, network: 'adaptation', split: 'validation' },
          perClass: [{ recall: accuracy / 2 }, { recall: accuracy / 4 }],
        }) as Evaluation,
    ),
  } as RunDetail;
}

test('the mean of lines is taken where all of them are, straight between their steps, with how far they reach', () => {
  const lines = [
    [
      { step: 0, value: 1 },
      { step: 10, value: 3 },
      { step: 20, value: 3 },
    ],
    [
      { step: 5, value: 4 },
      { step: 7, value: null },
      { step: 15, value: 6 },
    ],
  ];
  const { steps, mean, low, high } = meanOf(lines, 'range');
  // Before 5 and after 15 one of them is missing; at 7 it has no value.
  expect(steps).toEqual([5, 10, 15]);
  expect(mean).toEqual([3, 4, 4.5]);
  expect(low).toEqual([2, 3, 3]);
  expect(high).toEqual([4, 5, 6]);
  const deviation = meanOf(lines, 'deviation');
  // Two values: their standard deviation is half their distance times √2.
  expect(deviation.high[0]! - deviation.mean[0]!).toBeCloseTo(Math.SQRT2, 12);
  expect(deviation.low[2]!).toBeCloseTo(4.5 - 1.5 * Math.SQRT2, 12);
  expect(meanOf([[{ step: 1, value: 2 }], [{ step: 3, value: 2 }]], 'range').steps).toEqual([]);
});

test('runs that only their seeds tell apart are one line in a band; another setting stands for itself', () => {
  const compared = comparedRuns([
    run('a', 1, { accuracies: { 10: 0.2, 20: 0.4 } }),
    run('other', 1, { threshold: 0.5, accuracies: { 10: 0.9, 20: 0.8 } }),
    run('b', 2, { accuracies: { 10: 0.4, 20: 0.6 } }),
  ]);
  expect(seedFamilies(compared).map((family) => family.map(({ number }) => number))).toEqual([[1, 3], [2]]);
  const chart = scoreOverlay(compared, 'adaptation', 'accuracy', 'range');
  expect(chart.curves.map(({ label }) => label)).toEqual(['1+3 a, mean of 2', '2 other']);
  const [mean, other] = chart.curves;
  expect(chart.steps).toEqual([0, 10, 20, 40]);
  expect(mean!.values).toEqual([null, expect.closeTo(0.3, 12), 0.5, null]);
  expect(mean!.band).toEqual({ low: [null, 0.2, 0.4, null], high: [null, 0.4, 0.6, null] });
  expect(other).toMatchObject({ values: [null, 0.9, 0.8, null] });
  expect(other!.band).toBeUndefined();
  expect(csvOfChart(chart).split('\r\n')[0]).toBe(
    'step,"1+3 a, mean of 2","1+3 a, mean of 2, low","1+3 a, mean of 2, high",2 other',
  );
  // Each for itself when no mean is asked for.
  expect(scoreOverlay(compared, 'adaptation', 'accuracy').curves).toHaveLength(3);
});

test('the recall of one class of each run', () => {
  const compared = comparedRuns([run('a', 1, { accuracies: { 10: 0.2 } }), run('b', 2, { accuracies: { 20: 0.8 } })]);
  const chart = recallOverlay(compared, 'adaptation', 1);
  expect(chart.title).toBe('Recall of happy on validation');
  expect(chart.curves.map(({ values }) => values)).toEqual([
    [null, 0.05, null, null],
    [null, null, 0.2, null],
  ]);
});
