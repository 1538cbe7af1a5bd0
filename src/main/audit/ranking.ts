import type { RankMethod } from '#shared/review.ts';
import { sortedPlaces } from '#shared/sorted.ts';
import { type ConfidentLearning, confidentLearning } from '../evaluation/confident-learning.ts';
import type { PredictionSet } from '../evaluation/prediction-set.ts';

/** How likely each label of a set is wrong. */
export interface LabelRanking {
  /** [N] 0 … 1; the higher, the likelier the label is wrong. */
  readonly scores: Float32Array;
  /** [N] rows, the likeliest wrong label first; of equal scores, the earlier row. */
  readonly order: Uint32Array;
  readonly confident: ConfidentLearning;
}

/**
 * Ranks labels by out-of-sample probabilities. `self-confidence` and `normalized-margin` are those of confident learning (Northcutt, Jiang,
 * Chuang, JAIR 2021, section 3.2): the probability of the given label, and how far it is behind the most probable other class. The latter
 * cannot tell a label that is out of the question (0.4 against 0.001) from one of two that are alike (0.6 against 0.2), as faces often are;
 * the odds can, hence `log-odds`: the logarithm of the best other class's probability over the label's, 0 where the label leads, 1 at 1,000 to
 * 1. No class is left out, however rare it is.
 *
 * @param predictions `labels` are the given ones; `probabilities` of networks that did not train on the images.
 * @throws StudioError `bad-input` when the numbers are no probabilities of these classes.
 */
export function rankLabels(predictions: PredictionSet, method: RankMethod = 'log-odds'): LabelRanking {
  const confident = confidentLearning(predictions);
  const { labels, probabilities, classNames } = predictions;
  const scores = new Float32Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const start = row * classNames.length;
    const own = probabilities[start + labels[row]!]!;
    scores[row] = SCORES[method](own, bestOther(probabilities, start, classNames.length, labels[row]!));
  }
  return { scores, order: orderOf(scores), confident };
}

/** Odds beyond which labels are all as good as certainly wrong. */
const HIGHEST_ODDS = 1000;
/** A probability of 0 is rounding. */
const SMALLEST_PROBABILITY = 1e-9;

/** How likely a label is wrong, 0 … 1, by its own probability and the best other class's. */
const SCORES: Readonly<Record<RankMethod, (own: number, other: number) => number>> = {
  'log-odds': (own, other) => {
    const odds = (other + SMALLEST_PROBABILITY) / (own + SMALLEST_PROBABILITY);
    return Math.min(1, Math.max(0, Math.log(odds) / Math.log(HIGHEST_ODDS)));
  },
  'self-confidence': (own) => 1 - own,
  'normalized-margin': (own, other) => (1 - own + other) / 2,
};

/** The highest probability of a row but that of one class. */
export function bestOther(probabilities: ArrayLike<number>, start: number, classCount: number, label: number): number {
  let best = 0;
  for (let column = 0; column < classCount; column++) {
    if (column !== label) best = Math.max(best, probabilities[start + column]!);
  }
  return best;
}

/** Rows by falling score; of equal ones, the earlier first. NaN counts as the lowest. */
export function orderOf(scores: Float32Array): Uint32Array {
  return sortedPlaces(fallingKeys(scores));
}

/** Unsigned integers that rise where the scores fall: the bits of an IEEE 754 number rise with it, those of a negative one fall. */
function fallingKeys(scores: Float32Array): Uint32Array {
  // Adding 0 makes -0 the same as 0.
  const bits = new Uint32Array(scores.map((score) => (Number.isNaN(score) ? -Infinity : score + 0)).buffer);
  return bits.map((pattern) => ((pattern & 0x80000000) === 0 ? ~(pattern | 0x80000000) : pattern));
}
