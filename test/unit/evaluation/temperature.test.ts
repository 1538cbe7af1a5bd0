import { describe, expect, it } from 'vitest';
import { negativeLogLikelihood } from '#main/evaluation/calibration.ts';
import type { PredictionSet } from '#main/evaluation/prediction-set.ts';
import { predictedClasses } from '#main/evaluation/prediction-set.ts';
import { fitTemperature, withTemperature } from '#main/evaluation/temperature.ts';

const classNames = ['a', 'b'];

/** Images whose labels are distributed exactly as the probabilities say: no temperature but 1 fits better. */
const calibrated: PredictionSet = {
  labels: [...new Array(7).fill(0), ...new Array(3).fill(1), ...new Array(4).fill(0), ...new Array(6).fill(1)],
  probabilities: [...new Array(10).fill([0.7, 0.3]), ...new Array(10).fill([0.4, 0.6])].flat(),
  classNames,
};

describe('fitTemperature', () => {
  it('finds the temperature at which probabilities were spoilt', () => {
    expect(fitTemperature(calibrated)).toBeCloseTo(1, 4);
    for (const temperature of [0.4, 2.5]) {
      const spoilt = withTemperature(calibrated, 1 / temperature);
      const fitted = fitTemperature(spoilt);
      expect(fitted / temperature).toBeCloseTo(1, 4);
      expect(negativeLogLikelihood(withTemperature(spoilt, fitted))).toBeCloseTo(negativeLogLikelihood(calibrated), 9);
      expect([...predictedClasses(withTemperature(spoilt, fitted))]).toEqual([...predictedClasses(spoilt)]);
    }
  });

  it('says when none is best', () => {
    const perfect = { labels: [0, 1], probabilities: [0.9, 0.1, 0.2, 0.8], classNames };
    expect(() => fitTemperature(perfect)).toThrow(/No temperature .* right on nearly all/);
    const alwaysWrong = { labels: [1, 0], probabilities: [0.9, 0.1, 0.2, 0.8], classNames };
    expect(() => fitTemperature(alwaysWrong)).toThrow(/No temperature .* as good as guessing/);
  });

  it('keeps rows that sum to one, even where a probability was too small to be kept', () => {
    const { probabilities } = withTemperature({ labels: [0], probabilities: [1, 0], classNames }, 50);
    expect(probabilities[0]! + probabilities[1]!).toBeCloseTo(1, 12);
    expect(probabilities[1]).toBeGreaterThan(0.01);
  });
});
