import { predictedClasses, type PredictionSet } from './prediction-set.ts';

/** A row of a prediction set that is wrong. */
export interface Mistake {
  readonly row: number;
  readonly predicted: number;
  /** Probability of what was predicted. */
  readonly confidence: number;
}

/**
 * The wrong ones, the surest first; of equals the earlier.
 * @param only class indices that must meet; the same for both: the right ones of that class.
 */
export function mistakesOf(predictions: PredictionSet, only: { label?: number; predicted?: number } = {}): Mistake[] {
  const { labels, probabilities, classNames } = predictions;
  const areRightOnes = only.label !== undefined && only.label === only.predicted;
  const mistakes: Mistake[] = [];
  for (const [row, predicted] of predictedClasses(predictions).entries()) {
    if (predicted === labels[row] && !areRightOnes) continue;
    if (only.label !== undefined && only.label !== labels[row]) continue;
    if (only.predicted !== undefined && only.predicted !== predicted) continue;
    mistakes.push({ row, predicted, confidence: probabilities[row * classNames.length + predicted]! });
  }
  return mistakes.sort((one, other) => other.confidence - one.confidence || one.row - other.row);
}
