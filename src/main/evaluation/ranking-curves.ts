import type { ClassCurves } from '#shared/evaluation.ts';
import type { PredictionSet } from './prediction-set.ts';
import { averagePrecision } from './ranking.ts';

/** Points a drawn curve keeps: more than a figure has pixels for is waste. */
const CURVE_POINTS = 200;

type Point = [number, number];

/** ROC and precision-recall of every class against the rest. */
export function classCurves(predictions: PredictionSet): ClassCurves[] {
  return predictions.classNames.map((name, index) => curvesOf(predictions, name, index));
}

/**
 * The area under a ROC curve: the chance that an image of the class scores higher than one of another, ties counting half. Source:
 * scikit-learn's `roc_auc_score`, one class against the rest. Null where one of the two kinds has no images.
 */
export function rocArea(predictions: PredictionSet, classIndex: number): number | null {
  const { thresholds, positives, negatives } = rankedOf(predictions, classIndex);
  if (positives === 0 || negatives === 0) return null;
  let area = 0;
  let [hits, misses] = [0, 0];
  for (const { hits: newHits, misses: newMisses } of thresholds) {
    area += newMisses * (hits + newHits / 2);
    hits += newHits;
    misses += newMisses;
  }
  return area / (positives * misses);
}

function curvesOf(predictions: PredictionSet, name: string, classIndex: number): ClassCurves {
  const { thresholds, positives, negatives } = rankedOf(predictions, classIndex);
  if (positives === 0) return { name, rocArea: null, averagePrecision: null, roc: [], precisionRecall: [] };
  const roc: Point[] = [[0, 0]];
  const precisionRecall: Point[] = [];
  let [hits, misses] = [0, 0];
  for (const threshold of thresholds) {
    hits += threshold.hits;
    misses += threshold.misses;
    if (negatives > 0) roc.push([misses / negatives, hits / positives]);
    precisionRecall.push([hits / positives, hits / (hits + misses)]);
  }
  return {
    name,
    rocArea: rocArea(predictions, classIndex),
    averagePrecision: averagePrecision(predictions, classIndex),
    roc: negatives === 0 ? [] : thinned(roc),
    precisionRecall: thinned(precisionRecall),
  };
}

interface Ranked {
  /** Images of equal score enter together, the highest first. */
  readonly thresholds: readonly { readonly hits: number; readonly misses: number }[];
  readonly positives: number;
  readonly negatives: number;
}

function rankedOf({ labels, probabilities, classNames }: PredictionSet, classIndex: number): Ranked {
  const scores = Float64Array.from(labels, (_, row) => probabilities[row * classNames.length + classIndex]!);
  const order = Uint32Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  const thresholds: { hits: number; misses: number }[] = [];
  let positives = 0;
  for (let position = 0; position < order.length;) {
    const score = scores[order[position]!]!;
    const threshold = { hits: 0, misses: 0 };
    for (; position < order.length && scores[order[position]!] === score; position++) {
      if (labels[order[position]!] === classIndex) threshold.hits++;
      else threshold.misses++;
    }
    positives += threshold.hits;
    thresholds.push(threshold);
  }
  return { thresholds, positives, negatives: labels.length - positives };
}

/** Points of a curve at evenly spaced lengths along it, its ends among them: steep parts keep as many as flat ones. */
function thinned(points: readonly Point[]): Point[] {
  if (points.length <= CURVE_POINTS) return [...points];
  const lengths = new Float64Array(points.length);
  for (let index = 1; index < points.length; index++) {
    const [one, other] = [points[index - 1]!, points[index]!];
    lengths[index] = lengths[index - 1]! + Math.abs(other[0] - one[0]) + Math.abs(other[1] - one[1]);
  }
  const spacing = lengths.at(-1)! / (CURVE_POINTS - 1);
  const kept: Point[] = [];
  for (const [index, point] of points.entries()) {
    if (lengths[index]! >= kept.length * spacing || index === points.length - 1) kept.push(point);
  }
  return kept;
}
