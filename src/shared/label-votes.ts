import { EXPRESSIONS } from './expressions.ts';

/** What people vote for: an expression, or that it cannot be told, or that there is no face. */
export const VOTE_CHOICES = [...EXPRESSIONS.map(({ name }) => name), 'unknown', 'non-face'] as const;

/** The choice with the most votes: a class index, one of the last two choices, or null where several have as many. */
export type Majority = number | 'unknown' | 'non-face' | null;

/** What several people said of an image. */
export interface LabelVotes {
  /** The voting, such as `ferplus`. */
  readonly origin: string;
  /** Votes by choice, in the order of {@link VOTE_CHOICES}. */
  readonly counts: readonly number[];
  readonly majority: Majority;
}

/** @param counts votes in the order of {@link VOTE_CHOICES}. */
export function majorityOf(counts: readonly number[]): Majority {
  const most = Math.max(...counts);
  const first = counts.indexOf(most);
  if (most === 0 || counts.lastIndexOf(most) !== first) return null;
  if (first < EXPRESSIONS.length) return first;
  return first === EXPRESSIONS.length ? 'unknown' : 'non-face';
}
