import type { PredictionSet } from './prediction-set.ts';
import { predictedClasses } from './prediction-set.ts';

/** Bins of equal width the expected calibration error is taken over (Guo et al. 2017). */
export const CALIBRATION_BINS = 15;

/** One bin of a reliability diagram: images whose confidence lies in (lower, upper]. */
export interface CalibrationBin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  /** Mean confidence and accuracy in the bin; 0 when it is empty. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** The reliability diagram's bins, from low confidence to high; confidence is the probability of the predicted class. */
export function calibrationBins(predictions: PredictionSet, binCount: number = CALIBRATION_BINS): CalibrationBin[] {
  const { labels, probabilities, classNames } = predictions;
  const counts = new Float64Array(binCount);
  const confidences = new Float64Array(binCount);
  const hits = new Float64Array(binCount);
  predictedClasses(predictions).forEach((predicted, row) => {
    const confidence = probabilities[row * classNames.length + predicted]!;
    const bin = Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1));
    counts[bin]!++;
    confidences[bin]! += confidence;
    if (predicted === labels[row]) hits[bin]!++;
  });
  return Array.from(counts, (count, bin) => ({
    lower: bin / binCount,
    upper: (bin + 1) / binCount,
    count,
    confidence: count === 0 ? 0 : confidences[bin]! / count,
    accuracy: count === 0 ? 0 : hits[bin]! / count,
  }));
}

/** Mean distance between confidence and accuracy, weighted by how many images each bin holds (Guo et al., ICML 2017). */
export function expectedCalibrationError(predictions: PredictionSet, binCount: number = CALIBRATION_BINS): number {
  return calibrationBins(predictions, binCount).reduce(
    (total, { count, confidence, accuracy }) =>
      total + (count / predictions.labels.length) * Math.abs(accuracy - confidence),
    0,
  );
}

/**
 * Mean natural-log loss of the true class. Probabilities are clipped to [ε, 1-ε], ε being the precision they were computed in, so that one
 * saturated image does not make the mean infinite. Source: scikit-learn's `log_loss`.
 */
export function negativeLogLikelihood({ labels, probabilities, classNames }: PredictionSet): number {
  const epsilon = probabilities instanceof Float32Array ? 2 ** -23 : Number.EPSILON;
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const probability = probabilities[row * classNames.length + labels[row]!]!;
    total -= Math.log(Math.min(1 - epsilon, Math.max(epsilon, probability)));
  }
  return total / labels.length;
}

/** Mean squared distance to the one-hot truth, summed over the classes: 0 … 2 (Brier 1950). */
export function brierScore({ labels, probabilities, classNames }: PredictionSet): number {
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    for (let column = 0; column < classNames.length; column++) {
      const truth = labels[row] === column ? 1 : 0;
      total += (probabilities[row * classNames.length + column]! - truth) ** 2;
    }
  }
  return total / labels.length;
}
