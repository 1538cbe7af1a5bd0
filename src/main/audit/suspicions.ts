import { classNames } from '#shared/expressions.ts';
import type { RankMethod, Suspicion } from '#shared/review.ts';
import { nearestNeighbours } from './neighbours.ts';
import { bestOther, rankLabels } from './ranking.ts';

/** Neighbours each image is compared with. */
export const NEIGHBOURS = 10;

/** What is known of the images of a round: N rows, K classes. -1 stands for no label. */
export interface RankInput {
  readonly classCount: number;
  readonly method: RankMethod;
  /** [N] the labels in question: the image's own where it has one, else what the round says. */
  readonly labels: Int8Array;
  /** [N] 1 where the label is the image's own. */
  readonly isGiven: Uint8Array;
  /** [N×K] of the round; out of sample for images with a label of their own. */
  readonly probabilities: Float32Array;
  /** [N×K] what another network says; rows of zeros where it says nothing. */
  readonly others: Float32Array | null;
  /** [N] how often the label changed from round to round; null where there is one round only. */
  readonly changes: Uint16Array | null;
  /** [N] 1 where a copy has another label; null where nobody searched for copies. */
  readonly contradicted: Uint8Array | null;
  /** [N] flags of each picture; null where nobody looked. */
  readonly flags: Uint8Array | null;
  /** [N×D] what the network's last layer saw; null where it was not kept. */
  readonly embeddings: { readonly values: Float32Array; readonly size: number } | null;
}

/** Scores of each suspicion, 0 … 1: higher is more suspicious, NaN where nothing is known. Null where nothing is known of any image. */
export interface SuspicionScores {
  readonly scores: Readonly<Record<Suspicion, Float32Array | null>>;
  /** [N] 1 for the labels that confident learning takes for wrong; null as its scores. */
  readonly issues: Uint8Array | null;
  /** [K], [K×K]: thresholds and counts over the images with a label of their own; null where there are none. */
  readonly confident: { readonly thresholds: number[]; readonly counts: number[][]; readonly joint: number[][] } | null;
  /** [N×NEIGHBOURS] rows of the nearest images; null without embeddings. */
  readonly neighbours: Int32Array | null;
}

/** Scores every suspicion of every image. Seconds for a million images; neighbours take longer. */
export function scoreSuspicions(input: RankInput): SuspicionScores {
  const { labels, changes, contradicted, flags, embeddings } = input;
  const neighbours = embeddings && nearestNeighbours(embeddings.values, embeddings.size, NEIGHBOURS);
  const learned = confidentScores(input);
  return {
    scores: {
      margin: Float32Array.from(labels, (label, row) => Math.min(1, 1 - marginOf(input, row, label))),
      disagreement: input.others && disagreement(input),
      neighbours: neighbours && neighbourScores(labels, neighbours),
      'confident-learning': learned.scores,
      flips: changes && Float32Array.from(changes, (count) => 1 - 1 / (1 + count)),
      rare: rarity(input),
      duplicate: contradicted && Float32Array.from(contradicted),
      // Two flags are as bad as it gets.
      quality: flags && Float32Array.from(flags, (count) => Math.min(1, count / 2)),
    },
    issues: learned.issues,
    confident: learned.confident,
    neighbours,
  };
}

/** How far the label is ahead of every other class; below 0 where it is not the most probable one. */
function marginOf({ probabilities, classCount }: RankInput, row: number, label: number): number {
  const start = row * classCount;
  return probabilities[start + label]! - bestOther(probabilities, start, classCount, label);
}

/** 0 where both say the same; else how sure they are on average. */
function disagreement({ labels, probabilities, others, classCount }: RankInput): Float32Array {
  return Float32Array.from(labels, (_, row) => {
    const start = row * classCount;
    const [one, other] = [argmax(probabilities, start, classCount), argmax(others!, start, classCount)];
    const otherShare = others![start + other]!;
    if (otherShare === 0) return NaN;
    return one === other ? 0 : (probabilities[start + one]! + otherShare) / 2;
  });
}

export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let index = 1; index < count; index++) if (values[start + index]! > values[start + best]!) best = index;
  return best;
}

/** Share of the neighbours with another label. */
function neighbourScores(labels: Int8Array, neighbours: Int32Array): Float32Array {
  return Float32Array.from(labels, (label, row) => {
    let known = 0;
    let different = 0;
    for (let place = row * NEIGHBOURS; place < (row + 1) * NEIGHBOURS; place++) {
      const neighbour = neighbours[place]!;
      if (neighbour < 0) continue;
      known++;
      if (labels[neighbour] !== label) different++;
    }
    return known === 0 ? NaN : different / known;
  });
}

/** 1 - the class's number of labels over the largest class's. */
function rarity({ labels, classCount }: RankInput): Float32Array {
  const counts = new Float64Array(classCount);
  for (const label of labels) counts[label]!++;
  const most = counts.reduce((largest, count) => Math.max(largest, count), 0);
  return Float32Array.from(labels, (label) => 1 - counts[label]! / most);
}

type Learned = Pick<SuspicionScores, 'issues' | 'confident'> & { readonly scores: Float32Array | null };

/** Labels of the images' own by this round's probabilities; labels of the round by the other network's, which did not make them. */
function confidentScores(input: RankInput): Learned {
  const { labels, isGiven, classCount, probabilities, others } = input;
  const rows = Uint32Array.from(labels, (_, row) => row);
  const given = rows.filter((row) => isGiven[row] === 1);
  const told =
    others === null ? new Uint32Array() : rows.filter((row) => isGiven[row] === 0 && !isEmpty(others, row, classCount));
  if (given.length === 0 && told.length === 0) return { scores: null, issues: null, confident: null };
  const scores = new Float32Array(labels.length).fill(NaN);
  const issues = new Uint8Array(labels.length);
  const learn = (chosen: Uint32Array, source: Float32Array) => {
    const { scores: found, confident } = rankLabels(
      {
        labels: Int8Array.from(chosen, (row) => labels[row]!),
        probabilities: chosen.length === labels.length ? source : rowsOf(source, chosen, classCount),
        classNames: classNames(classCount),
      },
      input.method,
    );
    chosen.forEach((row, index) => (scores[row] = found[index]!));
    for (const index of confident.offDiagonal) issues[chosen[index]!] = 1;
    return confident;
  };
  if (told.length > 0) learn(told, others!);
  const confident = given.length > 0 ? learn(given, probabilities) : null;
  return { scores, issues, confident };
}

function isEmpty(values: Float32Array, row: number, classCount: number): boolean {
  return values.subarray(row * classCount, (row + 1) * classCount).every((value) => value === 0);
}

function rowsOf(values: Float32Array, rows: Uint32Array, length: number): Float32Array {
  const chosen = new Float32Array(rows.length * length);
  rows.forEach((row, index) => chosen.set(values.subarray(row * length, (row + 1) * length), index * length));
  return chosen;
}
