import { expect, test } from 'vitest';
import type { Evaluation, NetworkName, StepMetrics } from '#shared/training.ts';
import { csvOfChart, fileNameOf } from '../../../src/renderer/views/runs/charts/chart-export.ts';
import {
  accuracyChart,
  memoryChart,
  nearestStep,
  recallChart,
  smooth,
  stepCharts,
  withKeptBatches,
} from '../../../src/renderer/views/runs/charts/curves.ts';

test('smoothing is the bias-corrected moving average, and leaves gaps as gaps', () => {
  // weight 0.5: sums 2, then 0.5·1 + 0.5·4 = 2.5 over 0.75 = 3.333…, then 0.5·2.5 + 0.5·6 = 4.25 over 0.875 = 4.857…
  const smoothed = smooth([2, 4, null, 6], 0.5);
  expect(smoothed[0]).toBeCloseTo(2, 12);
  expect(smoothed[1]).toBeCloseTo(2.5 / 0.75, 12);
  expect(smoothed[2]).toBeNull();
  expect(smoothed[3]).toBeCloseTo(4.25 / 0.875, 12);
});

function metrics(step: number, values: Partial<StepMetrics>): StepMetrics {
  return {
    step,
    baseLearningRate: 0.01,
    adaptationLearningRate: 0,
    labeledLoss: null,
    unlabeledLoss: null,
    unlabeledLossMasked: null,
    maskMean: null,
    unlabeledWeight: null,
    udaLoss: null,
    adaptationLoss: null,
    labeledLossOld: null,
    labeledLossNew: null,
    feedback: null,
    feedbackLoss: null,
    baseLoss: null,
    baseGradientNorm: null,
    adaptationGradientNorm: null,
    dataMilliseconds: 1,
    stepMilliseconds: 10,
    imagesPerSecond: 100,
    ...values,
  };
}

test('curves and charts without a value are left out, and exact ones are never smoothed', () => {
  const charts = stepCharts([metrics(0, { labeledLoss: 2 }), metrics(1, { labeledLoss: 1 })], 'light');
  expect(charts.map(({ title }) => title)).toEqual(['Losses', 'Learning rate and mask', 'Throughput']);
  const [losses, rates] = charts;
  expect(losses!.steps).toEqual([0, 1]);
  expect(losses!.curves.map(({ label }) => label)).toEqual(['labeled']);
  expect(losses!.curves[0]!.raw).toEqual([2, 1]);
  // weight 0.8: (0.8·0.4 + 0.2·1) / (1 − 0.64) = 0.52 / 0.36
  expect(losses!.curves[0]!.values[1]).toBeCloseTo(0.52 / 0.36, 12);
  expect(rates!.curves[0]).toMatchObject({ values: [0.01, 0.01] });
  expect(rates!.curves[0]!.raw).toBeUndefined();
});

function evaluation(network: NetworkName, step: number, accuracy: number, recalls: number[]): Evaluation {
  return {
    network,
    split: 'validation',
    step,
    count: 100,
    accuracy,
    top2: 1,
    meanClassAccuracy: accuracy / 2,
    confusion: [],
    perClass: recalls.map((recall) => ({ name: 'any', precision: 0, recall, f1: 0, support: 0 })),
    ece: 0,
    nll: 0,
    imagesPerSecond: 0,
    failed: 0,
  };
}

test('accuracies of the networks stand beside one row of steps that spans the run', () => {
  const evaluations = [
    evaluation('base', 10, 0.5, []),
    evaluation('base', 20, 0.6, []),
    evaluation('adaptation', 20, 0.4, []),
  ];
  const { steps, curves } = accuracyChart(evaluations, [0, 25]);
  expect(steps).toEqual([0, 10, 20, 25]);
  expect(curves.map(({ label, values }) => [label, values])).toEqual([
    ['Base', [null, 0.5, 0.6, null]],
    ['Adaptation', [null, null, 0.4, null]],
  ]);
  const meanClass = accuracyChart(evaluations, [0, 25], 'meanClassAccuracy');
  expect(meanClass.curves.map(({ values }) => values)).toEqual([
    [null, 0.25, 0.3, null],
    [null, null, 0.2, null],
  ]);
});

test('recall has a curve for each class, in the colour that class has everywhere', () => {
  const { curves } = recallChart([evaluation('adaptation', 5, 0.5, [0.1, 0.9])], 'adaptation', [0, 5]);
  expect(curves.map(({ label, color, values }) => [label, color, values])).toEqual([
    ['N Neutral', '#8C8C8C', [null, 0.1]],
    ['H Happy', '#EE9B00', [null, 0.9]],
  ]);
});

test('a chart as csv has a row a step, what was measured instead of what was smoothed, and empty fields where there is nothing', () => {
  const [losses] = stepCharts([metrics(0, { labeledLoss: 2 }), metrics(1, { adaptationLoss: 1 })], 'light');
  expect(csvOfChart(losses!)).toBe('step,labeled,adaptation\r\n0,2,\r\n1,,1\r\n');
});

test('the name of a saved chart holds nothing a file system refuses', () => {
  expect(fileNameOf('Recall per class, adaptation')).toBe('recall-per-class-adaptation');
  expect(fileNameOf('plain', 'Feedback, old − new loss')).toBe('plain-feedback-old-new-loss');
});

test('the batches that were kept are dots in the feedback, at steps that thinning may have left out', () => {
  const steps = [0, 10, 20].map((step, feedback) => metrics(step, { feedback, labeledLoss: 1 }));
  const feedback = stepCharts(steps, 'none').find(({ title }) => title === 'Feedback')!;
  const chart = withKeptBatches(feedback, [
    { step: 13, feedback: -4 },
    { step: 10, feedback: 1 },
  ]);
  expect(chart.steps).toEqual([0, 10, 13, 20]);
  expect(chart.picks).toEqual([10, 13]);
  expect(chart.curves[0]!.values).toEqual([0, 1, null, 2]);
  expect(chart.curves.at(-1)).toMatchObject({ label: 'batch kept', isDots: true, values: [null, 1, -4, null] });
  const losses = stepCharts(steps, 'none')[0]!;
  expect(withKeptBatches(losses, [{ step: 10, feedback: 1 }])).toBe(losses);
  expect(withKeptBatches(feedback, [])).toBe(feedback);
  expect(nearestStep([10, 13, 40], 12)).toBe(13);
  expect(nearestStep([10, 13, 40], 1_000)).toBe(40);
  expect(nearestStep([], 12)).toBeNull();
});

test('memory is drawn in GiB over the steps of the run, the GPU’s where it is known; unknown is no chart', () => {
  const samples = [
    { step: 5, hostBytes: 2 ** 30, deviceBytes: null },
    { step: 15, hostBytes: 3 * 2 ** 29, deviceBytes: 2 ** 32 },
  ];
  const chart = memoryChart(samples, [0, 20])!;
  expect(chart.steps).toEqual([0, 5, 15, 20]);
  expect(chart.curves.map(({ label, values }) => [label, values])).toEqual([
    ['of the machine', [null, 1, 1.5, null]],
    ['of the GPU', [null, null, 4, null]],
  ]);
  expect(memoryChart(samples.slice(0, 1), [0, 20])!.curves).toHaveLength(1);
  expect(memoryChart([], [0, 20])).toBeNull();
});
