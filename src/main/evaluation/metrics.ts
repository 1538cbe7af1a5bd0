import { brierScore, expectedCalibrationError, negativeLogLikelihood } from './calibration.ts';
import type { ClassScore } from './confusion.ts';
import { accuracyOf, classScores, confusionMatrix, macroF1Of, meanClassAccuracyOf } from './confusion.ts';
import type { PredictionSet } from './prediction-set.ts';
import { checkPredictionSet } from './prediction-set.ts';
import { averagePrecision, topAccuracy } from './ranking.ts';

/** How good a network's answers are. Shares in [0,1]; `nll` in nats. */
export interface Metrics {
  readonly count: number;
  readonly accuracy: number;
  /** Share of images whose true class is among the two most probable. */
  readonly top2: number;
  /** Mean recall over the classes that have images. */
  readonly meanClassAccuracy: number;
  /** [K×K] rows are true classes, columns predictions. */
  readonly confusion: number[][];
  readonly perClass: ClassScore[];
  readonly macroF1: number;
  /** Expected calibration error over 15 bins of equal width. */
  readonly ece: number;
  readonly nll: number;
  readonly brier: number;
  /** [K] one class against the rest; 0 for a class without images. */
  readonly averagePrecision: number[];
}

/**
 * Every metric of one network on one labeled split, by the definitions of scikit-learn.
 * @throws StudioError `bad-input` when there are no images, or the numbers are no probabilities of these classes.
 */
export function evaluatePredictions(predictions: PredictionSet): Metrics {
  checkPredictionSet(predictions);
  const confusion = confusionMatrix(predictions);
  const perClass = classScores(confusion, predictions.classNames);
  return {
    count: predictions.labels.length,
    accuracy: accuracyOf(confusion),
    top2: topAccuracy(predictions, 2),
    meanClassAccuracy: meanClassAccuracyOf(perClass),
    confusion,
    perClass,
    macroF1: macroF1Of(confusion, perClass),
    ece: expectedCalibrationError(predictions),
    nll: negativeLogLikelihood(predictions),
    brier: brierScore(predictions),
    averagePrecision: predictions.classNames.map((_, index) => averagePrecision(predictions, index)),
  };
}
