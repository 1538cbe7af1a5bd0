import type { PredictionSet } from './prediction-set.ts';
import { checkPredictionSet, predictedClasses } from './prediction-set.ts';

/**
 * Which given labels are likely wrong, from out-of-sample probabilities. Source: Northcutt, Jiang, Chuang: "Confident Learning: Estimating
 * Uncertainty in Dataset Labels", JAIR 2021, with the conventions of its reference program (cleanlab's `compute_confident_joint`).
 */
export interface ConfidentLearning {
  /** [K] mean probability of class k over the images labeled k; a class nobody was given has 2, which no probability reaches. */
  readonly thresholds: number[];
  /** [K×K] confident images; rows are given labels, columns likely true ones. The diagonal holds at least 1. */
  readonly counts: number[][];
  /** [K×K] `counts` scaled to the given labels' shares; sums to 1. */
  readonly joint: number[][];
  /** Rows whose given label disagrees with the confident one, ascending. */
  readonly offDiagonal: number[];
}

const UNREACHABLE = 2;
/** Rounding must not decide whether a probability reaches its own class's mean; a mean of nearly 0 must not let every image in. */
const THRESHOLD_SLACK = 1e-6;
const SMALLEST_THRESHOLD = 2e-6;

/**
 * @param predictions `labels` are the given, possibly wrong, labels; `probabilities` must come from a network that did not train on them.
 * @throws StudioError `bad-input` when the numbers are no probabilities of these classes.
 */
export function confidentLearning(predictions: PredictionSet): ConfidentLearning {
  checkPredictionSet(predictions);
  const { labels, classNames } = predictions;
  const thresholds = confidentThresholds(predictions);
  const likely = confidentClasses(predictions, thresholds);
  const counts = classNames.map(() => classNames.map(() => 0));
  const offDiagonal: number[] = [];
  likely.forEach((confident, row) => {
    if (confident < 0) return;
    counts[labels[row]!]![confident]!++;
    if (confident !== labels[row]) offDiagonal.push(row);
  });
  counts.forEach((row, index) => (row[index] = Math.max(1, row[index]!)));
  return { thresholds, counts, joint: calibratedJoint(counts, labels), offDiagonal };
}

function confidentThresholds({ labels, probabilities, classNames }: PredictionSet): number[] {
  const sums = new Float64Array(classNames.length);
  const counts = new Float64Array(classNames.length);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    sums[label]! += probabilities[row * classNames.length + label]!;
    counts[label]!++;
  }
  return Array.from(sums, (sum, label) =>
    counts[label] === 0 ? UNREACHABLE : Math.max(SMALLEST_THRESHOLD, sum / counts[label]!),
  );
}

/** [N] the class each image confidently belongs to, -1 for none. Among several, the most probable class of all. */
function confidentClasses(predictions: PredictionSet, thresholds: readonly number[]): Int32Array {
  const { probabilities, classNames } = predictions;
  return predictedClasses(predictions).map((predicted, row) => {
    const confident = classNames
      .map((_, column) => column)
      .filter((column) => probabilities[row * classNames.length + column]! >= thresholds[column]! - THRESHOLD_SLACK);
    return confident.length > 1 ? predicted : (confident[0] ?? -1);
  });
}

/** Each row scaled to its label's number of images, then all to a sum of 1, since not every image is confident of a class. */
function calibratedJoint(counts: readonly (readonly number[])[], labels: ArrayLike<number>): number[][] {
  const given = new Float64Array(counts.length);
  for (let row = 0; row < labels.length; row++) given[labels[row]!]!++;
  return counts.map((row, label) => {
    const rowTotal = row.reduce((total, count) => total + count, 0);
    return row.map((count) => (count / rowTotal) * (given[label]! / labels.length));
  });
}
