import { EXPRESSIONS } from '#shared/expressions.ts';
import { REVIEW_ACTIONS, type ReviewAction, type ReviewKeys } from '#shared/review.ts';

/** What a key press is called in the settings: `Shift+z`, `Control+ArrowLeft`, `Space`. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>): string {
  const isLetter = /^\p{L}$/u.test(event.key);
  const key = event.key === ' ' ? 'Space' : isLetter ? event.key.toLowerCase() : event.key;
  // Shift is part of a symbol already (`?`), but tells a capital letter or a named key from the plain one.
  const needsShift = event.shiftKey && (isLetter || key.length > 1);
  return [
    ...(event.ctrlKey ? ['Control'] : []),
    ...(event.altKey ? ['Alt'] : []),
    ...(needsShift ? ['Shift'] : []),
    ...(event.metaKey ? ['Meta'] : []),
    key,
  ].join('+');
}

/** The act a key stands for; the order of modifiers in the settings does not matter. */
export function actionOfKey(name: string, keys: ReviewKeys): ReviewAction | null {
  const wanted = ordered(name);
  return REVIEW_ACTIONS.find((action) => keys[action] !== undefined && ordered(keys[action]) === wanted) ?? null;
}

/** The class index of a class key; null for the other acts. */
export function classOfAction(action: ReviewAction): number | null {
  const index = EXPRESSIONS.findIndex(({ name }) => name === action);
  return index === -1 ? null : index;
}

const SHOWN: Readonly<Record<string, string>> = {
  Enter: '⏎',
  Backspace: '⌫',
  Shift: '⇧',
  Space: 'Space',
  Control: 'Ctrl',
  ArrowLeft: '←',
  ArrowRight: '→',
};

/** As a key cap shows it: "⇧ Z". */
export function shownKey(name: string): string {
  return name
    .split('+')
    .map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');
}

/** Elements whose own keys come first: what is typed is theirs, and Enter or Space press a button that has the focus. */
export function keyBelongsTo(target: EventTarget | null, name: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const field = target.closest('input, textarea, select, [contenteditable], [role=dialog], [role=menu], .menu');
  if (field instanceof HTMLInputElement && field.type === 'range') return /^(Arrow|Home|End|Page)/.test(name);
  if (field !== null) return true;
  return (name === 'Enter' || name === 'Space') && target.closest('button, a, [role=button], .menu-item') !== null;
}

function ordered(name: string): string {
  const parts = name.split('+');
  const key = parts.pop()!;
  const base = key.length === 1 ? key.toLowerCase() : key;
  return [...parts.sort(), base].join('+');
}
