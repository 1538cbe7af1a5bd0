import type { RoundHistogram } from '#shared/rounds.ts';

/** Thresholds move in steps of one bin, so that what they accept is counted exactly and without asking. */
export const THRESHOLD_BINS = 200;
export const THRESHOLD_STEP = 1 / THRESHOLD_BINS;

export interface Acceptance {
  readonly accepted: number;
  readonly count: number;
  /** Of all labels, 0 … 1. */
  readonly share: number;
  readonly perClass: readonly { readonly accepted: number; readonly count: number; readonly share: number }[];
  /** Largest class over the smallest that has any; null where nothing is accepted. */
  readonly imbalanceRatio: number | null;
  /** Indices of classes of which nothing is accepted. */
  readonly emptyClasses: readonly number[];
}

/** For each class and threshold, how many labels are at or above it. */
export class AcceptanceCounts {
  /** By class: [bins + 1] labels in that bin and all above. */
  readonly #above: readonly Float64Array[];
  readonly #bins: number;

  constructor({ bins, perClass }: RoundHistogram) {
    this.#bins = bins;
    this.#above = perClass.map(({ counts }) => {
      const above = new Float64Array(bins + 1);
      for (let bin = bins - 1; bin >= 0; bin--) above[bin] = above[bin + 1]! + (counts[bin] ?? 0);
      return above;
    });
  }

  /** @param thresholds one for each class, multiples of the width of a bin; others count as the next bound below. */
  accepted(thresholds: readonly number[]): Acceptance {
    const found = this.#above.map((above, label) => {
      const bin = Math.min(this.#bins, Math.floor((thresholds[label] ?? 0) * this.#bins + 1e-6));
      // The last bin has both its bounds: a confidence of 1 is not below a threshold of 1.
      return { accepted: above[Math.min(bin, this.#bins - 1)]!, count: above[0]! };
    });
    const accepted = found.reduce((sum, one) => sum + one.accepted, 0);
    const count = found.reduce((sum, one) => sum + one.count, 0);
    const present = found.map((one) => one.accepted).filter((number) => number > 0);
    return {
      accepted,
      count,
      share: count === 0 ? 0 : accepted / count,
      perClass: found.map((one) => ({ ...one, share: accepted === 0 ? 0 : one.accepted / accepted })),
      imbalanceRatio: present.length === 0 ? null : Math.max(...present) / Math.min(...present),
      emptyClasses: found.flatMap((one, label) => (one.accepted === 0 ? [label] : [])),
    };
  }
}

/** Thresholds after one of them was moved: that one alone, or, when they are linked, all by as much. */
export function movedThresholds(
  thresholds: readonly number[],
  label: number,
  value: number,
  isLinked: boolean,
): readonly number[] {
  if (isLinked) return thresholds.map(() => value);
  return thresholds.map((before, index) => (index === label ? value : before));
}

/** On the nearest step, without the digits that division leaves. */
export function steppedThreshold(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * THRESHOLD_BINS) / THRESHOLD_BINS;
}
