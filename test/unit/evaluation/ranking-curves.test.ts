import { describe, expect, it } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import type { PredictionSet } from '#main/evaluation/prediction-set.ts';
import { classCurves, rocArea } from '#main/evaluation/ranking-curves.ts';

/** Scores of one decimal, so that many are equal. */
function tiedScores(count: number): PredictionSet {
  const stream = new RandomStream(3, 'bootstrap');
  const scores = Array.from({ length: count }, () => Math.round(10 * stream.uniform()) / 10);
  const labels = scores.map((score) => (stream.chance(score) ? 0 : 1));
  return { labels, probabilities: scores.flatMap((score) => [score, 1 - score]), classNames: ['a', 'b'] };
}

describe('rocArea', () => {
  it('is the chance that an image of the class scores higher, ties counting half', () => {
    const set = tiedScores(200);
    let [wins, pairs] = [0, 0];
    for (let one = 0; one < 200; one++) {
      for (let other = 0; other < 200; other++) {
        if (set.labels[one] !== 0 || set.labels[other] !== 1) continue;
        pairs++;
        wins += (Math.sign(set.probabilities[2 * one]! - set.probabilities[2 * other]!) + 1) / 2;
      }
    }
    expect(pairs).toBeGreaterThan(5_000);
    expect(rocArea(set, 0)).toBeCloseTo(wins / pairs, 12);
    expect(rocArea(set, 1)).toBeCloseTo(wins / pairs, 12);
  });

  it('is none for a class without images, or without others', () => {
    const all = { labels: [0, 0], probabilities: [0.5, 0.5, 0.5, 0.5], classNames: ['a', 'b'] };
    expect(rocArea(all, 0)).toBeNull();
    expect(rocArea(all, 1)).toBeNull();
  });
});

describe('classCurves', () => {
  it('goes through a point for each score, images of equal score entering together', () => {
    const [first] = classCurves({
      labels: [0, 0, 1, 0],
      probabilities: [0.8, 0.2, 0.5, 0.5, 0.5, 0.5, 0.2, 0.8],
      classNames: ['a', 'b'],
    });
    expect(first!.roc).toEqual([
      [0, 0],
      [0, 1 / 3],
      [1, 2 / 3],
      [1, 1],
    ]);
    expect(first!.precisionRecall).toEqual([
      [1 / 3, 1],
      [2 / 3, 2 / 3],
      [1, 3 / 4],
    ]);
  });

  it('is thinned to what a figure can show, its ends kept', () => {
    const stream = new RandomStream(1, 'bootstrap');
    const scores = Array.from({ length: 5_000 }, () => stream.uniform());
    const labels = scores.map((score) => (stream.chance(score) ? 0 : 1));
    const probabilities = scores.flatMap((score) => [score, 1 - score]);
    const [first] = classCurves({ labels, probabilities, classNames: ['a', 'b'] });
    expect(first!.roc.length).toBeLessThanOrEqual(202);
    expect(first!.roc[0]).toEqual([0, 0]);
    expect(first!.roc.at(-1)).toEqual([1, 1]);
    // The area under what is drawn is the area that is told.
    const area = first!.roc.reduce((sum, [x, y], index) => {
      const [lastX, lastY] = first!.roc[Math.max(0, index - 1)]!;
      return sum + ((x - lastX) * (y + lastY)) / 2;
    }, 0);
    expect(area).toBeCloseTo(first!.rocArea!, 2);
  });

  it('has nothing to show for a class without images', () => {
    const [, empty] = classCurves({ labels: [0], probabilities: [0.9, 0.1], classNames: ['a', 'b'] });
    expect(empty).toEqual({ name: 'b', rocArea: null, averagePrecision: null, roc: [], precisionRecall: [] });
  });
});
