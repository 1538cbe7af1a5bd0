import type { Queue, Verdict } from '#shared/review.ts';

export const QUEUE_LABELS: Readonly<Record<Queue, string>> = {
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
};

export const VERDICT_LABELS: Readonly<Record<Verdict, string>> = {
  accept: 'Accepted',
  relabel: 'Relabeled',
  reject: 'Rejected',
  unsure: 'Unsure',
};
