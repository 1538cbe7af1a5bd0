import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Queue, Suspicion } from '#shared/review.ts';
import { bestOther } from './ranking.ts';
import { NEIGHBOURS, type RankInput, type SuspicionScores, argmax } from './suspicions.ts';

/** What each queue shows. */
export const QUEUE_SENTENCES: Readonly<Record<Queue, string>> = {
  mixed: 'All reasons for doubt together, weighted.',
  margin: 'The label is hardly ahead of the next class, or behind it.',
  disagreement: 'Two networks give different labels.',
  neighbours: 'Most of the images the network finds alike have another label.',
  'confident-learning': 'By probabilities of networks that did not train on the image, its label is likely wrong.',
  flips: 'The label changed from round to round.',
  rare: 'The label is of a class with few images, where each mistake counts.',
  duplicate: 'A copy of the image has another label.',
  quality: 'The picture is dark, blurred, tiny or otherwise hard to judge.',
  confidence: 'The network is least sure of its answer.',
};

/** What would give a suspicion that has no data. */
export const MISSING: Readonly<Record<Suspicion, string>> = {
  margin: 'The round holds no labels.',
  disagreement: 'Label the same source with another network of the run, or name a round to compare with.',
  neighbours: 'The round has no embeddings: label the source with a network and keep them.',
  'confident-learning':
    'Confident learning needs labels the probabilities were not made from: a labeled set that was labeled out of sample, or another network’s round to compare with.',
  flips: 'There is one round of this network only.',
  rare: 'The round holds no labels.',
  duplicate: 'Nobody searched for copies yet: analyze the images first.',
  quality: 'Nobody looked at the pictures yet: analyze the images first.',
};

/** Why an image is in question, for its card. @param row of the input. */
export function sentenceOf(
  suspicion: Suspicion,
  row: number,
  {
    input,
    found,
    against,
  }: { readonly input: RankInput; readonly found: SuspicionScores; readonly against: string | null },
): string {
  const { labels, probabilities, classCount, isGiven } = input;
  const start = row * classCount;
  const label = labels[row]!;
  const own = probabilities[start + label]!;
  const predicted = argmax(probabilities, start, classCount);
  switch (suspicion) {
    case 'margin': {
      const other = bestOther(probabilities, start, classCount, label);
      const second = secondOf(probabilities, start, classCount, label);
      return own >= other
        ? `${nameOf(label)} (${percent(own)}) is hardly ahead of ${nameOf(second)} (${percent(other)}).`
        : `${nameOf(label)} has ${percent(own)}, ${nameOf(second)} ${percent(other)}.`;
    }
    case 'disagreement': {
      const other = argmax(input.others!, start, classCount);
      return `This network says ${nameOf(predicted)} (${percent(probabilities[start + predicted]!)}), ${against ?? 'the other'} says ${nameOf(other)} (${percent(input.others![start + other]!)}).`;
    }
    case 'neighbours': {
      const around = neighbourLabels(row, input, found);
      const [most, count] = [...Map.groupBy(around, (other) => other)]
        .filter(([other]) => other !== label)
        .map(([other, members]) => [other, members.length] as const)
        .sort((one, another) => another[1] - one[1])[0]!;
      return `${count} of the ${around.length} nearest images are labeled ${nameOf(most)}, ${around.filter((other) => other === label).length} ${nameOf(label)}.`;
    }
    case 'confident-learning': {
      const source = isGiven[row] === 1 ? probabilities : input.others!;
      const likely = argmax(source, start, classCount);
      return `Networks that did not see its label give ${nameOf(label)} ${percent(source[start + label]!)} and ${nameOf(likely)} ${percent(source[start + likely]!)}.`;
    }
    case 'flips': {
      const changes = input.changes![row]!;
      return `The label changed ${changes === 1 ? 'once' : `${changes} times`} from round to round.`;
    }
    case 'rare': {
      const count = labels.reduce((sum, other) => sum + Number(other === label), 0);
      return `${nameOf(label)} is rare: ${count.toLocaleString('en')} of ${labels.length.toLocaleString('en')} labels.`;
    }
    case 'duplicate':
      return 'A copy of this image has another label.';
    case 'quality':
      return `The picture has ${input.flags![row] === 1 ? 'a flag' : `${input.flags![row]} flags`} of bad quality.`;
  }
}

function neighbourLabels(row: number, { labels }: RankInput, { neighbours }: SuspicionScores): number[] {
  return [...neighbours!.subarray(row * NEIGHBOURS, (row + 1) * NEIGHBOURS)]
    .filter((other) => other >= 0)
    .map((other) => labels[other]!);
}

function secondOf(values: ArrayLike<number>, start: number, count: number, label: number): number {
  let best = label === 0 ? 1 : 0;
  for (let index = 0; index < count; index++) {
    if (index !== label && values[start + index]! > values[start + best]!) best = index;
  }
  return best;
}

const nameOf = (label: number): string => EXPRESSIONS[label]!.name;
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
