import { EXPRESSIONS } from '#shared/expressions.ts';
import { REVIEW_ACTIONS, type ReviewAction, type ReviewKeys } from '#shared/review.ts';

const ACTS: Readonly<Record<string, string>> = {
  accept: 'Accept the label',
  reject: 'Reject the face',
  unsure: 'Unsure',
  back: 'Back to the face before',
  undo: 'Take back the last decision',
  redo: 'Do it again',
  explain: 'Show where the network looked',
  zoom: 'Enlarge the face',
};

/** What a key does while labels are looked through. */
export function reviewActionText(action: ReviewAction): string {
  const expression = EXPRESSIONS.find(({ name }) => name === action);
  return expression === undefined ? (ACTS[action] ?? action) : `Label as ${expression.label.toLowerCase()}`;
}

/** The act that has a key already, other than the one it is wanted for; null for none. */
export function conflictOf(keys: ReviewKeys, action: ReviewAction, key: string): ReviewAction | null {
  const wanted = key.toLowerCase();
  return REVIEW_ACTIONS.find((other) => other !== action && keys[other].toLowerCase() === wanted) ?? null;
}

/** Whether a row has to do with what somebody looks for: in its words, or its key. */
export function matchesText(text: string, ...parts: readonly string[]): boolean {
  const words = text.trim().toLowerCase().split(/\s+/);
  const row = parts.join(' ').toLowerCase();
  return words.every((word) => row.includes(word));
}
