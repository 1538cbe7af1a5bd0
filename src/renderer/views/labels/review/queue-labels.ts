import type { Queue, Verdict } from '#shared/review.ts';

/** Faces that were chosen on the map stand in the place of a queue. */
export type ShownQueue = Queue | 'map';

export const QUEUE_LABELS: Readonly<Record<ShownQueue, string>> = {
  mixed: 'Mixed',
  margin: 'Low margin',
  disagreement: 'Disagree',
  neighbours: 'Neighbours',
  'confident-learning': 'Confident learning',
  flips: 'Flipped',
  rare: 'Rare class',
  duplicate: 'Copies differ',
  quality: 'Bad picture',
  confidence: 'Low confidence',
  map: 'From the map',
};

export const VERDICT_LABELS: Readonly<Record<Verdict, string>> = {
  accept: 'Accepted',
  relabel: 'Relabeled',
  reject: 'Rejected',
  unsure: 'Unsure',
};
