import type { PredictionSet } from './prediction-set.ts';

/**
 * Share of images whose true class is among the `k` most probable. The lower index goes first in a tie, the same as for the predicted
 * class, so that the share never falls below accuracy.
 */
export function topAccuracy({ labels, probabilities, classNames }: PredictionSet, k: number): number {
  let hits = 0;
  for (let row = 0; row < labels.length; row++) {
    const truth = labels[row]!;
    const start = row * classNames.length;
    const probability = probabilities[start + truth]!;
    let ahead = 0;
    for (let column = 0; column < classNames.length; column++) {
      const other = probabilities[start + column]!;
      if (other > probability || (other === probability && column < truth)) ahead++;
    }
    if (ahead < k) hits++;
  }
  return hits / labels.length;
}

/**
 * Average precision of one class against the rest: the step-wise area under its precision-recall curve. Images of equal score enter
 * together, so their order never matters. 0 for a class without images. Source: scikit-learn's `average_precision_score`.
 */
export function averagePrecision({ labels, probabilities, classNames }: PredictionSet, classIndex: number): number {
  const scores = Float64Array.from(labels, (_, row) => probabilities[row * classNames.length + classIndex]!);
  const order = Uint32Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  let seen = 0;
  let hits = 0;
  let area = 0;
  while (seen < order.length) {
    const score = scores[order[seen]!]!;
    let tieHits = 0;
    for (; seen < order.length && scores[order[seen]!] === score; seen++) {
      if (labels[order[seen]!] === classIndex) tieHits++;
    }
    hits += tieHits;
    area += (tieHits * hits) / seen;
  }
  return hits === 0 ? 0 : area / hits;
}
