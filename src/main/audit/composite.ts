import { DEFAULT_WEIGHTS, SUSPICIONS, type Queue, type Suspicion, type Weights } from '#shared/review.ts';
import { StudioError } from '#shared/errors.ts';
import { orderOf } from './ranking.ts';
import type { RankInput, SuspicionScores } from './suspicions.ts';

/** Margin below which it is called low. */
const LOW_MARGIN = 0.2;
/** Share of the neighbours with another label from which they are said to disagree. */
const MOST = 0.5;
/** A class is called rare below this part of an even share. */
const RARE_SHARE = 0.5;

/** An order of images, the most suspicious first. */
export interface QueueOrder {
  /** [N] 0 … 1; 0 or NaN: not in the queue. */
  readonly scores: Float32Array;
  /** Rows that are in the queue. */
  readonly order: Uint32Array;
  /** How many have a reason of this kind that is worth naming. */
  readonly count: number;
}

/** The weights that count: the default ones, changed where others are given. @throws StudioError 'bad-input' when all are 0. */
export function weightsOf(weights: Weights): Record<Suspicion, number> {
  const merged = { ...DEFAULT_WEIGHTS, ...weights };
  if (SUSPICIONS.every((suspicion) => merged[suspicion] === 0)) {
    throw new StudioError('bad-input', 'The mixed queue has no order: every weight is 0.', {
      hint: 'Give at least one suspicion a weight above 0.',
    });
  }
  return merged;
}

/** One queue over the images of a round. @param weights for `mixed`. */
export function queueOrder(
  queue: Queue,
  input: RankInput,
  found: SuspicionScores,
  weights: Readonly<Record<Suspicion, number>>,
): QueueOrder {
  const scores =
    queue === 'mixed'
      ? mixed(found.scores, weights, input.labels.length)
      : queue === 'confidence'
        ? lackOfConfidence(input)
        : (found.scores[queue] ?? new Float32Array(input.labels.length));
  const order = orderOf(scores);
  let end = order.length;
  while (end > 0 && !(scores[order[end - 1]!]! > 0)) end--;
  const named = order.subarray(0, end);
  if (queue === 'mixed' || queue === 'confidence') return { scores, order: named, count: named.length };
  const isNamed = reasonTest(queue, input, found);
  let count = 0;
  for (const row of named) if (isNamed(row)) count++;
  return { scores, order: named, count };
}

/** An order of some rows alone, by the scores of a queue; all of them, whether or not anything speaks against them. */
export function chosenOrder(rows: Uint32Array, scores: Float32Array): QueueOrder {
  // NaN: nothing is known.
  const scoreOf = (row: number): number => scores[row]! || 0;
  const order = rows.toSorted((one, other) => scoreOf(other) - scoreOf(one) || one - other);
  return { scores, order, count: order.length };
}

/** Tells whether a suspicion is worth naming on an image's card. */
export function reasonTest(
  suspicion: Suspicion,
  { labels, classCount }: RankInput,
  { scores, issues }: SuspicionScores,
): (row: number) => boolean {
  const ofKind = scores[suspicion];
  if (ofKind === null) return () => false;
  switch (suspicion) {
    case 'margin':
      return (row) => ofKind[row]! > 1 - LOW_MARGIN;
    case 'neighbours':
      return (row) => ofKind[row]! > MOST;
    case 'confident-learning':
      return (row) => issues![row] === 1;
    case 'rare': {
      const counts = new Float64Array(classCount);
      for (const label of labels) counts[label]!++;
      const few = (labels.length / classCount) * RARE_SHARE;
      return (row) => counts[labels[row]!]! < few;
    }
    default:
      return (row) => ofKind[row]! > 0;
  }
}

/** The weighted mean of what is known at all; what is not known of an image counts as no suspicion. */
function mixed(
  scores: SuspicionScores['scores'],
  weights: Readonly<Record<Suspicion, number>>,
  length: number,
): Float32Array {
  const sums = new Float32Array(length);
  const known = SUSPICIONS.filter((suspicion) => scores[suspicion] !== null && weights[suspicion] > 0);
  const total = known.reduce((sum, suspicion) => sum + weights[suspicion], 0);
  for (const suspicion of known) {
    const share = weights[suspicion] / total;
    scores[suspicion]!.forEach((score, row) => {
      if (!Number.isNaN(score)) sums[row]! += share * score;
    });
  }
  return sums;
}

function lackOfConfidence({ labels, probabilities, classCount }: RankInput): Float32Array {
  return Float32Array.from(labels, (_, row) => {
    let most = 0;
    for (let column = 0; column < classCount; column++) {
      most = Math.max(most, probabilities[row * classCount + column]!);
    }
    return 1 - most;
  });
}
