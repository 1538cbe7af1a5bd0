import { firstWhere } from '#shared/sorted.ts';
import type { RoundColumns } from './columns.ts';

/** [K][bins] labels by class and confidence; bins are of equal width from 0 to 1, the lower bound of each belongs to it, the last has both. */
export function confidenceHistogram(
  { labels, confidences }: RoundColumns,
  classCount: number,
  bins: number,
): number[][] {
  const counts = new Float64Array(classCount * bins);
  for (let index = 0; index < labels.length; index++) {
    const bin = Math.min(bins - 1, Math.floor(confidences[index]! * bins));
    counts[labels[index]! * bins + bin]!++;
  }
  return Array.from({ length: classCount }, (_, label) => [...counts.subarray(label * bins, (label + 1) * bins)]);
}

/** The confidences of each class in ascending order, so that a threshold is a place in them: a moved threshold costs a search, not a count. */
export class ThresholdIndex {
  readonly #confidences: readonly Float32Array[];

  constructor({ labels, confidences }: RoundColumns, classCount: number) {
    const counts = new Uint32Array(classCount);
    for (const label of labels) counts[label]!++;
    const sorted = Array.from(counts, (count) => new Float32Array(count));
    const filled = new Uint32Array(classCount);
    for (let index = 0; index < labels.length; index++) {
      const label = labels[index]!;
      sorted[label]![filled[label]!++] = confidences[index]!;
    }
    for (const ofClass of sorted) ofClass.sort();
    this.#confidences = sorted;
  }

  /** Labels of a class, and how many of them have a confidence of at least the threshold, compared as float32, as training compares. */
  accepted(label: number, threshold: number): { readonly count: number; readonly accepted: number } {
    const confidences = this.#confidences[label]!;
    const limit = Math.fround(threshold);
    const first = firstWhere(confidences, (confidence) => confidence >= limit);
    return { count: confidences.length, accepted: confidences.length - first };
  }
}
