import { EXPRESSIONS, type Expression, classNames } from '#shared/expressions.ts';
import type { Quality, ReviewState, SizeClass } from '#shared/filter.ts';
import type { Role, Split } from '#shared/images.ts';
import type { JobStatus } from '#shared/jobs.ts';
import type { NetworkName, Phase, RunStatus } from '#shared/training.ts';

/** How the words of the contract are shown. */

export const SPLIT_LABELS: Readonly<Record<Split, string>> = {
  train: 'Train',
  validation: 'Validation',
  test: 'Test',
  unlabeled: 'Unlabeled',
};

export const ROLE_LABELS: Readonly<Record<Role, string>> = {
  labeled: 'Labeled',
  unlabeled: 'Unlabeled',
  validation: 'Validation',
  test: 'Test',
};

export const QUALITY_LABELS: Readonly<Record<Quality, string>> = {
  unknown: 'Not analyzed',
  good: 'Nothing wrong',
  dark: 'Dark',
  bright: 'Bright',
  'low-contrast': 'Low contrast',
  blurred: 'Blurred',
  tiny: 'Tiny',
  uniform: 'Uniform',
};

/** What people decided of a face. */
export const REVIEW_LABELS: Readonly<Record<ReviewState, string>> = {
  undecided: 'Undecided',
  accepted: 'Accepted',
  relabeled: 'Relabeled',
  rejected: 'Rejected',
  unsure: 'Unsure',
};

/** The shorter side, pixels. */
export const SIZE_LABELS: Readonly<Record<SizeClass, string>> = {
  unknown: 'Unknown',
  'below-48': 'Below 48',
  '48-111': '48 to 111',
  '112-223': '112 to 223',
  'from-224': '224 and more',
};

export const NETWORK_LABELS: Readonly<Record<NetworkName, string>> = {
  base: 'Base',
  adaptation: 'Adaptation',
  ema: 'Adaptation, averaged',
  finetuned: 'Fine-tuned',
};

export const STATUS_LABELS: Readonly<Record<RunStatus | JobStatus, string>> = {
  queued: 'Waiting',
  running: 'Running',
  paused: 'Paused',
  interrupted: 'Interrupted',
  finished: 'Finished',
  stopped: 'Stopped',
  cancelled: 'Cancelled',
  failed: 'Failed',
};

export const PHASE_LABELS: Readonly<Record<Phase, string>> = {
  preparing: 'preparing',
  training: 'training',
  evaluating: 'evaluating',
  finetuning: 'fine-tuning',
  done: 'done',
};

/** The expression of a class index; an index beyond those known is a fault of whoever made it. */
export function expressionAt(index: number): Expression {
  const expression = EXPRESSIONS[index];
  if (expression === undefined) throw new RangeError(`There is no class ${index}.`);
  return expression;
}

/** The class index of a name in an address, or undefined. */
export function classIndexOf(name: string | undefined): number | undefined {
  const index = name === undefined ? -1 : classNames(EXPRESSIONS.length).indexOf(name);
  return index < 0 ? undefined : index;
}
