import { describe, expect, it } from 'vitest';
import type { EvaluationRecord } from '#shared/evaluation.ts';
import { mapClasses } from '#main/evaluation/class-mapping.ts';
import { comparePair, type ComparedEvaluation } from '#main/evaluation/comparison.ts';
import { meanInterval } from '#main/evaluation/intervals.ts';
import { mistakesOf } from '#main/evaluation/mistakes.ts';
import { differingSettings, type ScoredRun, seedGroups } from '#main/evaluation/seed-groups.ts';
import { trainingConfigSchema } from '#shared/training.ts';

const networkClasses = ['neutral', 'happy', 'sad'];
const record = (run: string): EvaluationRecord => ({
  ...{ id: `runs/${run}/evaluations/1`, run, checkpoint: `runs/${run}/best`, network: 'base', step: 10, split: 'test' },
  ...{ networkClasses, map: {}, imagesPerSecond: 100, failed: 0, createdAt: '2026-01-01T00:00:00.000Z' },
});

/** @param rows image id, label, and what was predicted with which probability. */
function evaluated(run: string, rows: readonly (readonly [number, number, number, number])[]): ComparedEvaluation {
  const predictions = mapClasses({
    ids: rows.map(([id]) => id),
    labels: rows.map(([, label]) => label),
    probabilities: rows.flatMap(([, , predicted, probability]) =>
      networkClasses.map((_, column) => (column === predicted ? probability : (1 - probability) / 2)),
    ),
    networkClasses,
  });
  return { record: record(run), predictions };
}

const first = evaluated('one', [
  [11, 0, 0, 0.9],
  [12, 0, 1, 0.6],
  [13, 1, 1, 0.5],
  [14, 1, 2, 0.8],
  [15, 2, 2, 0.7],
]);
// The same images in another order, one of them missing and one more.
const second = evaluated('two', [
  [13, 1, 0, 0.9],
  [11, 0, 0, 0.6],
  [12, 0, 0, 0.7],
  [14, 1, 1, 0.9],
  [99, 2, 2, 0.9],
]);

describe('comparePair', () => {
  const pair = comparePair(first, second, { limit: 10, resamples: 200, seed: 0 });

  it('counts who is right on the images that both have', () => {
    expect(pair).toMatchObject({ count: 4, unpaired: 2, bothRight: 1, bothWrong: 0 });
    expect(pair.mcNemar).toMatchObject({ onlyFirst: 1, onlySecond: 2, method: 'exact', pValue: 1 });
    expect(pair.accuracyDifference.value).toBeCloseTo(1 / 4, 12);
    expect(
      pair.perClass.map(({ support, recall }) => [support, recall.first, recall.second, recall.difference]),
    ).toEqual([
      [2, 0.5, 1, 0.5],
      [2, 0.5, 0.5, 0],
      [0, 0, 0, 0],
    ]);
    expect(pair.perClass[2]!.interval).toBeNull();
  });

  it('lists the images on which one alone is right, those furthest apart first', () => {
    expect(pair.differing.map(({ image, label, right }) => [image, label, right])).toEqual([
      [14, 'happy', 'second'], // happy: .1 against .9
      [12, 'neutral', 'second'], // neutral: .2 against .7
      [13, 'happy', 'first'], // happy: .5 against .05
    ]);
    expect(pair.differing[0]!.first.predicted).toBe('sad');
    expect(pair.differing[0]!.second.confidence).toBeCloseTo(0.9, 6);
    expect(comparePair(first, second, { limit: 1, resamples: 100, seed: 0 }).differing).toHaveLength(1);
  });

  it('says why two cannot be compared', () => {
    const elsewhere = evaluated('three', [[50, 0, 0, 0.9]]);
    expect(() => comparePair(first, elsewhere, { limit: 1, resamples: 100, seed: 0 })).toThrow(/no image in common/);
    const other = { ...second, predictions: { ...second.predictions, classNames: ['neutral', 'happy', 'fear'] } };
    expect(() => comparePair(first, other, { limit: 1, resamples: 100, seed: 0 })).toThrow(/tell different classes/);
  });
});

describe('mistakesOf', () => {
  it('gives the surest first, of one class or taken for one', () => {
    const { predictions } = first;
    expect(mistakesOf(predictions).map(({ row, predicted }) => [row, predicted])).toEqual([
      [3, 2],
      [1, 1],
    ]);
    expect(mistakesOf(predictions, { label: 0 }).map(({ row }) => row)).toEqual([1]);
    expect(mistakesOf(predictions, { predicted: 2 }).map(({ row }) => row)).toEqual([3]);
    expect(mistakesOf(predictions, { label: 2 })).toEqual([]);
  });
});

describe('meanInterval', () => {
  it('is Student’s, which is wide for few runs', () => {
    const { mean, deviation, interval } = meanInterval([1, 2, 3]);
    expect([mean, deviation]).toEqual([2, 1]);
    expect(interval![0]).toBeCloseTo(2 - 4.302652729911 / Math.sqrt(3), 9);
    expect(interval![1]).toBeCloseTo(2 + 4.302652729911 / Math.sqrt(3), 9);
    expect(meanInterval([5])).toEqual({ count: 1, mean: 5, deviation: null, interval: null });
  });

  it('goes on beyond the table', () => {
    // Two values a standard deviation of 1 apart, so that the reach is the quantile over √n.
    for (const [count, quantile] of [
      [41, 2.021075390306],
      [101, 1.983971518523],
    ] as const) {
      const values = Array.from({ length: count }, (_, index) => index);
      const { deviation, interval, mean } = meanInterval(values);
      expect(((interval![1] - mean) * Math.sqrt(count)) / deviation!).toBeCloseTo(quantile, 6);
    }
  });
});

describe('seedGroups', () => {
  const scored = (id: string, accuracy: number, config: object, labeled = 'balanced'): ScoredRun => ({
    run: {
      id,
      config: trainingConfigSchema.parse({ name: id, ...config }),
      request: { config: {}, labeled, unlabeled: 'people', validation: 'validation' },
      snapshot: { classes: networkClasses, labeledCounts: [5, 5, 5], unlabeled: 9, validation: 9, digest: id },
    },
    evaluation: {
      ...{ network: 'base', split: 'test', step: 1, count: 10, failed: 0, imagesPerSecond: 1, confusion: [] },
      ...{ accuracy, top2: 1, meanClassAccuracy: accuracy / 2, ece: 0.1, nll: 1 },
      perClass: networkClasses.map((name) => ({ name, precision: 1, recall: accuracy, f1: 1, support: 1 })),
    },
  });
  const runs = [
    scored('a1', 0.5, { seed: 1, workers: 2 }, 'balanced1@1'),
    scored('b1', 0.9, { seed: 1, feedback: 'off' }),
    scored('a0', 0.7, { seed: 0, threads: 1 }, 'balanced0@1'),
  ];

  it('puts runs together that differ by seed, name and how the work was done', () => {
    const groups = seedGroups(runs);
    expect(groups.map((group) => group.runs.map(({ run }) => run))).toEqual([['b1'], ['a0', 'a1']]);
    expect(groups[1]!.accuracy.mean).toBeCloseTo(0.6, 12);
    expect(groups[1]!.accuracy.count).toBe(2);
    expect(groups[0]!.accuracy.interval).toBeNull();
    expect(groups[1]!.perClass[0]!.recall.mean).toBeCloseTo(0.6, 12);
    expect(groups.map(({ settings }) => settings['feedback'])).toEqual(['"off"', '"released"']);
  });

  it('tells in which settings runs differ, the seed among them', () => {
    const settings = differingSettings(runs.map(({ run }) => run));
    expect(settings.map(({ name }) => name).toSorted()).toEqual(['feedback', 'labeled', 'seed']);
    expect(settings.find(({ name }) => name === 'seed')!.values).toEqual(['1', '1', '0']);
  });
});
