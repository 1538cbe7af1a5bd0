import { expect, test } from 'vitest';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Evaluation, RunDetail, StepMetrics } from '#shared/training.ts';
import { comparedRuns, metricOverlays, scoreOverlay } from '../../../src/renderer/views/runs/compare/overlay.ts';

function run(id: string, name: string, step: number, evaluations: Partial<Evaluation>[] = []): RunDetail {
  return { id, name, step, evaluations } as RunDetail;
}

const scored = (step: number, accuracy: number, network = 'adaptation', split = 'validation'): Partial<Evaluation> =>
  ({ step, accuracy, meanClassAccuracy: accuracy / 2, network, split }) as Partial<Evaluation>;

test('runs are told apart by number, and by id where names are the same', () => {
  const runs = [
    run('a', 'same', 1),
    run('a-2', 'same', 1),
    ...Array.from({ length: 7 }, (_, index) => run(`r${index}`, `r${index}`, 1)),
  ];
  const compared = comparedRuns(runs);
  expect(compared.slice(0, 2).map(({ number, label }) => [number, label])).toEqual([
    [1, 'a'],
    [2, 'a-2'],
  ]);
  const looks = compared.map(({ color, isDashed }) => `${color} ${isDashed}`);
  expect(new Set(looks).size).toBe(9);
  const classColors: readonly string[] = EXPRESSIONS.map(({ color }) => color.toLowerCase());
  expect(compared.filter(({ color }) => classColors.includes(color.toLowerCase()))).toEqual([]);
});

test('accuracies of one network stand over all steps of all runs, up to the end of the longest', () => {
  const compared = comparedRuns([
    run('a', 'a', 40, [
      scored(10, 0.2),
      scored(20, 0.4),
      scored(20, 0.9, 'base'),
      scored(20, 0.8, 'adaptation', 'test'),
    ]),
    run('b', 'b', 30, [scored(15, 0.3)]),
    run('c', 'c', 5),
  ]);
  const chart = scoreOverlay(compared, 'adaptation', 'accuracy');
  expect(chart.steps).toEqual([0, 10, 15, 20, 40]);
  expect(chart.curves.map(({ label, values }) => [label, values])).toEqual([
    ['1 a', [null, 0.2, null, 0.4, null]],
    ['2 b', [null, null, 0.3, null, null]],
  ]);
  expect(scoreOverlay(compared, 'adaptation', 'meanClassAccuracy').curves[1]!.values[2]).toBe(0.15);
});

test('metrics of runs are smoothed by themselves before they share steps, and charts without a value are left out', () => {
  const at = (step: number, labeledLoss: number): StepMetrics =>
    ({
      step,
      labeledLoss,
      adaptationLoss: null,
      unlabeledLoss: null,
      feedback: null,
      maskMean: null,
      imagesPerSecond: 1,
    }) as StepMetrics;
  const compared = comparedRuns([run('a', 'a', 3), run('b', 'b', 2)]);
  const steps = [[at(0, 2), at(2, 1)], [at(1, 5)]];
  const charts = metricOverlays(compared, steps, 'light');
  expect(charts.map(({ title }) => title)).toEqual(['Labeled loss', 'Throughput']);
  const [loss] = charts;
  expect(loss!.steps).toEqual([0, 1, 2, 3]);
  // Weight 0.8: (0.8·0.4 + 0.2·1) / (1 − 0.64) = 0.52 / 0.36
  expect(loss!.curves[0]!.values[0]).toBeCloseTo(2, 12);
  expect(loss!.curves[0]!.values[2]).toBeCloseTo(0.52 / 0.36, 12);
  expect(loss!.curves[1]!.values).toEqual([null, 5, null, null]);
});
