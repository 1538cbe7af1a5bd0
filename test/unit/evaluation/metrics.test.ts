import { describe, expect, it } from 'vitest';
import { calibrationBins } from '#main/evaluation/calibration.ts';
import { confidentLearning } from '#main/evaluation/confident-learning.ts';
import { wilsonInterval } from '#main/evaluation/intervals.ts';
import { evaluatePredictions } from '#main/evaluation/metrics.ts';

const classNames = ['a', 'b', 'c'];

/** Predictions a, a, b, b; the truth is a, b, b, b; nothing is of class c. */
const small = {
  labels: [0, 1, 1, 1],
  probabilities: [0.7, 0.2, 0.1, 0.5, 0.4, 0.1, 0.1, 0.9, 0.0, 0.3, 0.6, 0.1],
  classNames,
};

describe('evaluatePredictions', () => {
  const metrics = evaluatePredictions(small);

  it('counts by true row and predicted column', () => {
    expect(metrics.confusion).toEqual([
      [1, 0, 0],
      [1, 2, 0],
      [0, 0, 0],
    ]);
    expect(metrics.count).toBe(4);
    expect(metrics.accuracy).toBe(0.75); // 3 of 4
    expect(metrics.top2).toBe(1); // the one miss has its true class second
  });

  it('scores each class, and leaves the empty one out of the means', () => {
    expect(metrics.perClass[0]).toEqual({ name: 'a', precision: 0.5, recall: 1, f1: 2 / 3, support: 1 });
    expect(metrics.perClass[1]).toEqual({ name: 'b', precision: 1, recall: 2 / 3, f1: 0.8, support: 3 });
    expect(metrics.perClass[2]).toEqual({ name: 'c', precision: 0, recall: 0, f1: 0, support: 0 });
    expect(metrics.meanClassAccuracy).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(metrics.macroF1).toBeCloseTo((2 / 3 + 0.8) / 2, 12);
  });

  it('measures calibration and loss', () => {
    // Each confidence (.7, .5, .9, .6) has a bin of its own: |1-.7|, |0-.5|, |1-.9|, |1-.6|, each a quarter.
    expect(metrics.ece).toBeCloseTo((0.3 + 0.5 + 0.1 + 0.4) / 4, 12);
    expect(metrics.nll).toBeCloseTo(-(Math.log(0.7) + Math.log(0.4) + Math.log(0.9) + Math.log(0.6)) / 4, 12);
    // Rows: .09+.04+.01, .25+.36+.01, .01+.01+0, .09+.16+.01
    expect(metrics.brier).toBeCloseTo((0.14 + 0.62 + 0.02 + 0.26) / 4, 12);
  });

  it('measures average precision, with equal scores entering together', () => {
    expect(metrics.averagePrecision[0]).toBe(1); // .7 is class a's highest score and its only image
    expect(metrics.averagePrecision[2]).toBe(0);
    // Scores .8 (hit), .5 (hit and miss together), .2 (hit): 1/3·1/1 + 1/3·2/3 + 1/3·3/4
    const tied = evaluatePredictions({
      labels: [0, 0, 1, 0],
      probabilities: [0.8, 0.2, 0.5, 0.5, 0.5, 0.5, 0.2, 0.8],
      classNames: ['a', 'b'],
    });
    expect(tied.averagePrecision[0]).toBeCloseTo(1 / 3 + 2 / 9 + 1 / 4, 12);
  });

  it('gives the lower class in a tie, in prediction and in the top two', () => {
    const tied = evaluatePredictions({ labels: [2, 1, 0], probabilities: new Array(9).fill(1 / 3), classNames });
    expect(tied.accuracy).toBeCloseTo(1 / 3, 12);
    expect(tied.top2).toBeCloseTo(2 / 3, 12);
  });

  it('keeps the loss of a saturated image finite, at the precision of its numbers', () => {
    const saturated = { labels: [1], classNames: ['a', 'b'] };
    expect(evaluatePredictions({ ...saturated, probabilities: Float32Array.of(1, 0) }).nll).toBeCloseTo(
      23 * Math.LN2,
      12,
    );
    expect(evaluatePredictions({ ...saturated, probabilities: [1, 0] }).nll).toBeCloseTo(52 * Math.LN2, 12);
  });

  it.each([
    ['no images', { labels: [], probabilities: [], classNames }, /no images/],
    ['another number of classes', { labels: [0], probabilities: [0.5, 0.5], classNames }, /1 × 3 probabilities/],
    ['a label outside the classes', { labels: [3], probabilities: [1, 0, 0], classNames }, /label 3/],
    ['an unlabeled image', { labels: [-1], probabilities: [1, 0, 0], classNames }, /label -1/],
    ['a diverged network', { labels: [0], probabilities: [NaN, 0, 0], classNames }, /NaN/],
    ['logits', { labels: [0], probabilities: [3.2, -1, 0], classNames }, /3\.2, outside/],
    ['rows that are no distribution', { labels: [0], probabilities: [0.5, 0.1, 0.1], classNames }, /sum to 0\.7/],
  ])('refuses %s', (_, predictions, message) => {
    expect(() => evaluatePredictions(predictions)).toThrowError(
      expect.objectContaining({ code: 'bad-input', message: expect.stringMatching(message), hint: expect.any(String) }),
    );
  });
});

describe('calibrationBins', () => {
  it('puts a confidence on a border into the lower bin, and 1 into the last', () => {
    const bins = calibrationBins({ labels: [0, 1], probabilities: [0.5, 0.5, 0, 1], classNames: ['a', 'b'] }, 4);
    expect(bins.map(({ count }) => count)).toEqual([0, 1, 0, 1]);
    expect(bins[1]).toEqual({ lower: 0.25, upper: 0.5, count: 1, confidence: 0.5, accuracy: 1 });
  });
});

describe('confidentLearning', () => {
  it('finds the label that the other images speak against', () => {
    // Thresholds: a (.9+.8+.1)/3 = .6, b (.8+.6)/2 = .7. Confident: a, a, b, b, none. Row 2 is labeled a and confidently b.
    const found = confidentLearning({
      labels: [0, 0, 0, 1, 1],
      probabilities: [0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.2, 0.8, 0.4, 0.6],
      classNames: ['a', 'b'],
    });
    expect(found.thresholds[0]).toBeCloseTo(0.6, 12);
    expect(found.thresholds[1]).toBeCloseTo(0.7, 12);
    expect(found.counts).toEqual([
      [2, 1],
      [0, 1],
    ]);
    expect(found.offDiagonal).toEqual([2]);
    // Given shares 3/5 and 2/5, spread over the rows' 2:1 and 0:1.
    expect(found.joint[0]![0]).toBeCloseTo(0.4, 12);
    expect(found.joint[0]![1]).toBeCloseTo(0.2, 12);
    expect(found.joint[1]).toEqual([0, 0.4]);
  });

  it('never moves an image to a class that nobody was given', () => {
    const found = confidentLearning({ labels: [0, 0], probabilities: [0.4, 0.6, 0, 0.1, 0.9, 0], classNames });
    expect(found.thresholds).toEqual([0.25, 2, 2]);
    expect(found.offDiagonal).toEqual([]);
  });

  it('takes the most probable class where several are reached', () => {
    // Thresholds .6 (.8 and .4) and .3: the second image reaches only b, the third both, and a is the larger.
    const found = confidentLearning({
      labels: [0, 0, 1],
      probabilities: [0.8, 0.2, 0.4, 0.6, 0.7, 0.3],
      classNames: ['a', 'b'],
    });
    expect(found.offDiagonal).toEqual([1, 2]);
  });
});

describe('wilsonInterval', () => {
  it('agrees with a hand calculation', () => {
    // z² = 3.841459: centre (.5 + .1920729)/1.3841459 = .5, reach 1.959964/1.3841459·√(.025 + .0096036) = .2634
    const [lower, upper] = wilsonInterval(5, 10);
    expect(lower).toBeCloseTo(0.2366, 4);
    expect(upper).toBeCloseTo(0.7634, 4);
  });

  it('stays inside 0 … 1', () => {
    expect(wilsonInterval(0, 20)[0]).toBe(0);
    expect(wilsonInterval(20, 20)[1]).toBe(1);
  });

  it.each([
    [1, 0],
    [3, 2],
    [-1, 4],
    [NaN, 4],
  ])('refuses %d of %d', (hits, count) => {
    expect(() => wilsonInterval(hits, count)).toThrowError(expect.objectContaining({ code: 'bad-input' }));
  });
});
