import { predictedClasses } from './prediction-set.ts';
import type { PredictionSet } from './prediction-set.ts';

/** One class against the rest, from a confusion matrix. Shares in [0,1]; a share without a denominator is 0, as in scikit-learn. */
export interface ClassScore {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Images of this class. */
  readonly support: number;
}

/** [K×K] image counts; rows are true classes, columns predictions. */
export function confusionMatrix(predictions: PredictionSet): number[][] {
  const classCount = predictions.classNames.length;
  const matrix = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  predictedClasses(predictions).forEach((predicted, row) => {
    matrix[predictions.labels[row]!]![predicted]!++;
  });
  return matrix;
}

/** [K] scores of each class. Source: scikit-learn's `precision_recall_fscore_support` with `zero_division=0`. */
export function classScores(confusion: readonly (readonly number[])[], classNames: readonly string[]): ClassScore[] {
  return classNames.map((name, index) => {
    const hits = confusion[index]![index]!;
    const support = sum(confusion[index]!);
    const predicted = sum(confusion.map((row) => row[index]!));
    return {
      name,
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + predicted),
      support,
    };
  });
}

/** Share of images on the diagonal. */
export function accuracyOf(confusion: readonly (readonly number[])[]): number {
  return ratio(sum(confusion.map((row, index) => row[index]!)), sum(confusion.map(sum)));
}

/** Mean recall over the classes that have images. Source: scikit-learn's `balanced_accuracy_score`. */
export function meanClassAccuracyOf(scores: readonly ClassScore[]): number {
  const present = scores.filter(({ support }) => support > 0);
  return ratio(sum(present.map(({ recall }) => recall)), present.length);
}

/** Mean F1 over the classes that occur as truth or as prediction. Source: scikit-learn's `f1_score(average='macro')`. */
export function macroF1Of(confusion: readonly (readonly number[])[], scores: readonly ClassScore[]): number {
  const occurring = scores.filter(({ support }, index) => support > 0 || confusion.some((row) => row[index]! > 0));
  return ratio(sum(occurring.map(({ f1 }) => f1)), occurring.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
