import { expect, test } from 'vitest';
import { DEFAULT_REVIEW_KEYS, type Suspect } from '#shared/review.ts';
import type { Round } from '#shared/rounds.ts';
import {
  decide,
  emptyGrid,
  markRange,
  takeBack,
  toggleMark,
  unmarked,
} from '../../../../src/renderer/views/labels/review/grid-marks.ts';
import { actionOfKey, classOfAction, keyName, shownKey } from '../../../../src/renderer/views/labels/review/keys.ts';
import { paceOf } from '../../../../src/renderer/views/labels/review/pace.ts';
import { Pictures } from '../../../../src/renderer/views/labels/review/pictures.ts';
import { roundBefore, roundOriginText } from '../../../../src/renderer/views/labels/rounds/round-text.ts';
import {
  AcceptanceCounts,
  movedThresholds,
  steppedThreshold,
} from '../../../../src/renderer/views/labels/rounds/thresholds.ts';
import { roundSearchSchema, textOfThresholds, thresholdsOf } from '../../../../src/renderer/views/labels/search.ts';

const pressed = (
  key: string,
  modifiers: Partial<Record<'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey', boolean>> = {},
): string => keyName({ key, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...modifiers });

test('keys are called as the settings call them, whatever Caps Lock says', () => {
  expect(pressed('Z', { shiftKey: true })).toBe('Shift+z');
  expect(pressed('Z')).toBe('z');
  expect(pressed(' ')).toBe('Space');
  expect(pressed('?', { shiftKey: true })).toBe('?');
  expect(pressed('ArrowLeft', { ctrlKey: true, shiftKey: true })).toBe('Control+Shift+ArrowLeft');
});

test('each default key means one act; modifiers may stand in any order', () => {
  expect(actionOfKey('6', DEFAULT_REVIEW_KEYS)).toBe('disgust');
  expect(actionOfKey('Enter', DEFAULT_REVIEW_KEYS)).toBe('accept');
  expect(actionOfKey('Shift+z', DEFAULT_REVIEW_KEYS)).toBe('redo');
  expect(actionOfKey('Control+z', DEFAULT_REVIEW_KEYS)).toBeNull();
  expect(actionOfKey('Control+Shift+a', { ...DEFAULT_REVIEW_KEYS, accept: 'Shift+Control+a' })).toBe('accept');
  expect(classOfAction('disgust')).toBe(5);
  expect(classOfAction('accept')).toBeNull();
  expect(shownKey('Shift+z')).toBe('⇧ Z');
});

test('thresholds accept what is at or above them, exactly, from the histogram', () => {
  // Ten bins: class 0 has 5 labels in 0.2–0.3 and 3 in 0.9–1; class 1 one in 0.5–0.6.
  const counts = new AcceptanceCounts({
    round: 1,
    bins: 10,
    perClass: [
      { name: 'neutral', counts: [0, 0, 5, 0, 0, 0, 0, 0, 0, 3] },
      { name: 'happy', counts: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0] },
    ],
  });
  expect(counts.accepted([0, 0])).toMatchObject({
    accepted: 9,
    count: 9,
    share: 1,
    imbalanceRatio: 8,
    emptyClasses: [],
  });
  expect(counts.accepted([0.3, 0.5])).toMatchObject({ accepted: 4, imbalanceRatio: 3 });
  expect(counts.accepted([0.2, 0.6])).toMatchObject({ accepted: 8, imbalanceRatio: 1, emptyClasses: [1] });
  // The last bin holds confidences of 1.
  expect(counts.accepted([1, 1])).toMatchObject({ accepted: 3 });
  expect(counts.accepted([0.3, 0.3]).perClass.map(({ share }) => share)).toEqual([0.75, 0.25]);
});

test('linked thresholds move together, free ones alone, in steps without stray digits', () => {
  expect(movedThresholds([0.1, 0.2, 0.3], 1, 0.9, true)).toEqual([0.9, 0.9, 0.9]);
  expect(movedThresholds([0.1, 0.2, 0.3], 1, 0.9, false)).toEqual([0.1, 0.9, 0.3]);
  expect(steppedThreshold(0.1 + 0.2)).toBe(0.3);
  expect(steppedThreshold(1.7)).toBe(1);
});

test('thresholds survive the way through an address', () => {
  for (const thresholds of [
    [0, 0, 0],
    [0.5, 0.5, 0.5],
    [0.1, 0.905, 1],
  ]) {
    expect(thresholdsOf(textOfThresholds(thresholds), 3) ?? [0, 0, 0]).toEqual(thresholds);
  }
  expect(thresholdsOf('0.5,2,0.1', 3)).toBeNull();
  expect(thresholdsOf('0.5,0.6', 3)).toBeNull();
  expect(thresholdsOf('x', 3)).toBeNull();
});

test('what is not valid in an address counts as not given', () => {
  expect(roundSearchSchema.parse({ view: 'moon', queue: 'x', label: 9, at: -1, accept: 0.5 })).toEqual({
    accept: '0.5',
  });
});

test('pace: corrections a minute of looking, and the share of the decided that was wrong', () => {
  expect(paceOf([])).toEqual({ decided: 0, corrections: 0, correctionsPerMinute: null, precision: null });
  const pace = paceOf([
    { verdict: 'relabel', seconds: 20, images: 1 },
    { verdict: 'reject', seconds: 10, images: 2 },
    { verdict: 'accept', seconds: 30, images: 3 },
  ]);
  expect(pace).toEqual({ decided: 6, corrections: 3, correctionsPerMinute: 3, precision: 0.5 });
});

test('grid: marks toggle and range, verdicts take marks away, and undo brings the wrong ones back', () => {
  const faces = Array.from({ length: 6 }, (_, id) => ({ image: { id } }) as Suspect);
  let state = toggleMark(emptyGrid(faces), 1);
  state = markRange(state, 3);
  expect([...state.marked]).toEqual([1, 2, 3]);
  expect(unmarked(state)).toEqual([0, 4, 5]);
  state = decide(state, unmarked(state), 'accept');
  state = decide(state, [1, 2, 3], 'relabel', 4);
  expect(unmarked(state)).toEqual([]);
  expect(state.marked.size).toBe(0);
  expect(toggleMark(state, 0).marked.size).toBe(0);
  state = takeBack(state, [1, 2, 3]);
  expect([...state.marked]).toEqual([1, 2, 3]);
  expect(unmarked(takeBack(state, [0]))).toEqual([0]);
});

const round = (id: number, part: Partial<Round>): Round =>
  ({ id, source: 's', run: null, network: null, step: null, file: null, origin: 'file', ...part }) as Round;

test('a round is compared with the one before of the same network and source', () => {
  const rounds = [
    round(4, { run: 'a', network: 'adaptation' }),
    round(3, { run: 'a', network: 'base' }),
    round(2, { run: 'a', network: 'adaptation' }),
    round(1, { source: 'other', run: 'a', network: 'adaptation' }),
  ];
  expect(roundBefore(rounds[0]!, rounds)?.id).toBe(2);
  expect(roundBefore(rounds[1]!, rounds)?.id).toBe(2);
  expect(roundBefore(rounds[3]!, rounds)).toBeUndefined();
});

test('a round says what labeled it', () => {
  expect(roundOriginText(round(1, { run: 's5', network: 'adaptation', step: 12_000 }))).toBe(
    's5 · adaptation · step 12,000',
  );
  expect(roundOriginText(round(1, { file: 'C:\\made\\labels.csv' }))).toBe('file labels.csv');
});

test('pictures are fetched in the order of their urgency, four at a time, and closed once unwanted', async () => {
  const asked: number[] = [];
  const closed: number[] = [];
  const waiting = new Map<number, () => void>();
  const pictures = new Pictures((id) => {
    asked.push(id);
    return new Promise((resolve, reject) =>
      waiting.set(id, () =>
        id === 3 ? reject(new Error('gone')) : resolve({ close: () => closed.push(id) } as unknown as ImageBitmap),
      ),
    );
  });
  const arrive = async (id: number): Promise<void> => {
    waiting.get(id)!();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  pictures.want([1, 2, 3, 4, 5, 6]);
  expect(asked).toEqual([1, 2, 3, 4]);
  await arrive(1);
  expect(asked).toEqual([1, 2, 3, 4, 5]);
  await arrive(3);
  expect(pictures.get(3)).toBe('failed');
  pictures.want([5, 6]);
  expect(closed).toEqual([1]);
  // Under way when it was no longer wanted: closed as it comes.
  await arrive(2);
  expect(closed).toEqual([1, 2]);
  expect(pictures.get(2)).toBeUndefined();
});
