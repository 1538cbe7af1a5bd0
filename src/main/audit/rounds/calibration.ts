import { CALIBRATION_BINS, type CalibrationBin } from '../../evaluation/calibration.ts';
import type { RoundColumns } from './columns.ts';

export interface RoundReliability {
  /** Images whose true class is known. */
  readonly known: number;
  /** Null where none is. */
  readonly accuracy: number | null;
  readonly ece: number | null;
  readonly bins: readonly CalibrationBin[];
  /** [K] known images given each class, and those of them that are of it. */
  readonly given: readonly number[];
  readonly right: readonly number[];
}

/**
 * The reliability diagram of a round (Guo et al. 2017), over the images whose true class is known: confidence lies in (lower, upper].
 * @param truths class of each image; one that is none of the classes is not known.
 */
export function reliabilityOf(
  { labels, confidences }: RoundColumns,
  truths: Uint8Array,
  classCount: number,
  binCount: number = CALIBRATION_BINS,
): RoundReliability {
  const counts = new Float64Array(binCount);
  const sums = new Float64Array(binCount);
  const hits = new Float64Array(binCount);
  const given = new Array<number>(classCount).fill(0);
  const right = new Array<number>(classCount).fill(0);
  for (let index = 0; index < labels.length; index++) {
    const truth = truths[index]!;
    if (truth >= classCount) continue;
    const label = labels[index]!;
    const confidence = confidences[index]!;
    const bin = Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1));
    counts[bin]!++;
    sums[bin]! += confidence;
    given[label]!++;
    if (truth !== label) continue;
    hits[bin]!++;
    right[label]!++;
  }
  const known = counts.reduce((sum, count) => sum + count, 0);
  const bins = Array.from(counts, (count, bin) => ({
    lower: bin / binCount,
    upper: (bin + 1) / binCount,
    count,
    confidence: count === 0 ? 0 : sums[bin]! / count,
    accuracy: count === 0 ? 0 : hits[bin]! / count,
  }));
  if (known === 0) return { known, accuracy: null, ece: null, bins, given, right };
  return {
    known,
    accuracy: hits.reduce((sum, count) => sum + count, 0) / known,
    ece: bins.reduce(
      (sum, { count, confidence, accuracy }) => sum + (count / known) * Math.abs(accuracy - confidence),
      0,
    ),
    bins,
    given,
    right,
  };
}
