import { describe, expect, it } from 'vitest';
import { bootstrapDifference, bootstrapIntervals } from '#main/evaluation/bootstrap.ts';
import { evaluatePredictions } from '#main/evaluation/metrics.ts';
import type { PredictionSet } from '#main/evaluation/prediction-set.ts';
import { RandomStream } from '#shared/random.ts';

const classNames = ['a', 'b', 'c'];

/** 1,000 images of the first class, 900 of the second, none of the third; about 80 % right. */
function drawn(): PredictionSet {
  const stream = new RandomStream(7, 'bootstrap');
  const labels = Array.from({ length: 1_900 }, (_, row) => (row < 1_000 ? 0 : 1));
  const probabilities = labels.flatMap((label) => {
    const own = stream.chance(0.8) ? 0.7 : 0.2;
    return classNames.map((_, column) => (column === label ? own : (1 - own) / 2));
  });
  return { labels, probabilities, classNames };
}

describe('bootstrapIntervals', () => {
  const predictions = drawn();

  it('is as wide as theory says, and holds the metric', async () => {
    const { accuracy, recall, intervals } = await (async () => {
      const metrics = evaluatePredictions(predictions);
      return {
        accuracy: metrics.accuracy,
        recall: metrics.perClass[1]!.recall,
        intervals: await bootstrapIntervals(predictions, { resamples: 2_000, seed: 0 }),
      };
    })();
    const reach = (share: number, count: number): number => 1.96 * Math.sqrt((share * (1 - share)) / count);
    const width = ([lower, upper]: readonly [number, number]): number => (upper - lower) / 2;
    expect(width(intervals.accuracy) / reach(accuracy, 1_900)).toBeCloseTo(1, 1);
    expect(width(intervals.perClass[1]!.recall) / reach(recall, 900)).toBeCloseTo(1, 1);
    for (const name of ['accuracy', 'top2', 'meanClassAccuracy', 'macroF1', 'nll', 'brier'] as const) {
      const [lower, upper] = intervals[name];
      const value = evaluatePredictions(predictions)[name];
      expect(lower).toBeLessThan(value);
      expect(upper).toBeGreaterThan(value);
    }
  });

  it('is the same for the same seed, and another for another', async () => {
    const choice = { resamples: 200, seed: 5 };
    const once = await bootstrapIntervals(predictions, choice);
    expect(await bootstrapIntervals(predictions, choice)).toEqual(once);
    expect((await bootstrapIntervals(predictions, { resamples: 200, seed: 6 })).nll).not.toEqual(once.nll);
  });

  it('draws each class as often as it is there', async () => {
    const rare = {
      labels: [...new Array(500).fill(0), 1],
      probabilities: [...new Array(500).fill([0.9, 0.1]), [0.2, 0.8]].flat(),
      classNames: ['a', 'b'],
    };
    const { perClass, meanClassAccuracy } = await bootstrapIntervals(rare, { resamples: 200, seed: 0 });
    expect(perClass[1]!.recall).toEqual([1, 1]);
    expect(meanClassAccuracy).toEqual([1, 1]);
  });

  it('ends when it is told to', async () => {
    const aborted = AbortSignal.abort(new Error('enough'));
    const request = bootstrapIntervals(predictions, { resamples: 100_000, seed: 0 }, aborted);
    await expect(request).rejects.toThrow('enough');
  });
});

describe('bootstrapDifference', () => {
  it('keeps the pairs: two networks wrong on the same images do not differ', () => {
    const right = Uint8Array.from({ length: 400 }, (_, row) => (row % 3 === 0 ? 0 : 1));
    const labels = Array.from({ length: 400 }, (_, row) => row % 2);
    expect(bootstrapDifference(labels, right, right, { resamples: 200, seed: 0 })).toEqual([0, 0]);
  });

  it('is the second less the first', () => {
    const labels = new Uint8Array(400);
    const first = Uint8Array.from({ length: 400 }, (_, row) => (row < 200 ? 1 : 0));
    const second = Uint8Array.from({ length: 400 }, (_, row) => (row < 300 ? 1 : 0));
    const [lower, upper] = bootstrapDifference(labels, first, second, { resamples: 2_000, seed: 0 });
    // A quarter of the images each time: 0.25 ± 1.96·√(0.25·0.75/400).
    expect(lower).toBeCloseTo(0.25 - 0.0424, 1.5);
    expect(upper).toBeCloseTo(0.25 + 0.0424, 1.5);
    expect(lower).toBeGreaterThan(0);
  });
});
