import { beforeEach, expect, test } from 'vitest';
import type { KeptAct, Outcome } from '../../../../src/renderer/views/labels/review/outbox.ts';
import { type QueueFace, ReviewSession } from '../../../../src/renderer/views/labels/review/session.ts';

const FACES = 100;

function faceOf(rank: number, isGiven: boolean): QueueFace {
  return {
    rank,
    image: {
      id: 1_000 + rank,
      source: 's',
      split: isGiven ? 'train' : 'unlabeled',
      label: null,
      identity: null,
      path: `${rank}.png`,
      width: null,
      height: null,
      qualities: ['unknown'],
      excluded: false,
    },
    score: 1,
    label: 3,
    isGiven,
    predicted: 3,
    confidence: 0.5,
    verdict: null,
    reasons: [],
    said: null,
    other: null,
  };
}

let acts: KeptAct[];
let isSent: boolean;
let tell: (outcome: Outcome) => void;
let now: number;
let loads: number[];

beforeEach(() => {
  acts = [];
  isSent = false;
  now = 0;
  loads = [];
});

async function begin({ isGiven = false, start = 0 } = {}): Promise<ReviewSession> {
  let keys = 0;
  const session = new ReviewSession({
    load: (from) => {
      loads.push(from);
      const ranks = Array.from({ length: Math.min(40, FACES - from) }, (_, index) => from + index);
      const next = from + ranks.length < FACES ? from + ranks.length : null;
      return Promise.resolve({
        page: { round: 1, queue: 'mixed', suspects: [], next },
        faces: ranks.map((rank) => faceOf(rank, isGiven)),
      });
    },
    outbox: {
      add: (act) => acts.push(act),
      withdraw: (key) => {
        if (isSent) return false;
        acts = acts.filter((act) => act.key !== key);
        return true;
      },
      onOutcome: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    round: 1,
    queue: 'mixed',
    reviewer: undefined,
    newKey: () => `key-${String(++keys).padStart(6, '0')}`,
    now: () => now,
    start,
  });
  session.start();
  await new Promise((resolve) => setTimeout(resolve, 0));
  return session;
}

test('decisions go out with the judged label, their own key and the time they took', async () => {
  const session = await begin();
  now = 2_500;
  session.decide('relabel', 5);
  now = 200_000;
  session.decide('accept');
  expect(acts).toMatchObject([
    {
      kind: 'decide',
      key: 'key-000001',
      request: { images: [1_000], verdict: 'relabel', label: 5, seen: 3, seconds: 2.5 },
    },
    // Whoever left the desk was not judging: a minute at most.
    { kind: 'decide', key: 'key-000002', request: { images: [1_001], verdict: 'accept', seconds: 60 } },
  ]);
  expect(session.state().index).toBe(2);
  expect(session.state().judgements.map(({ verdict }) => verdict)).toEqual(['relabel', 'accept']);
});

test('to say the judged class again is to accept it', async () => {
  const session = await begin();
  session.decide('relabel', 3);
  expect(session.state().judgements[0]?.verdict).toBe('accept');
});

test('faces are loaded well before they are reached, each once, to the end', async () => {
  const session = await begin();
  for (let step = 0; step < FACES; step++) {
    expect(session.face?.rank).toBe(step);
    session.decide('accept');
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  expect(loads).toEqual([0, 40, 80]);
  expect(session.state().isComplete).toBe(true);
  expect(session.face).toBeUndefined();
  expect(session.decide('accept')).toBe(false);
});

test('undo of what was not sent yet withdraws it; redo sends it under a new key', async () => {
  const session = await begin();
  session.decide('reject');
  expect(session.undo()).toBe(true);
  expect(acts).toEqual([]);
  expect(session.state()).toMatchObject({ index: 0, judgements: [], canRedo: true });
  expect(session.redo()).toBe(true);
  expect(acts).toMatchObject([
    { kind: 'decide', key: 'key-000002', request: { key: 'key-000002', verdict: 'reject' } },
  ]);
  expect(session.state().index).toBe(1);
});

test('undo of what is in the log is a turn that names it; a new decision ends redo', async () => {
  const session = await begin();
  session.decide('accept');
  isSent = true;
  session.undo();
  expect(acts[1]).toMatchObject({ kind: 'turn', turn: 'undo', act: 'key-000001' });
  session.decide('unsure');
  expect(session.redo()).toBe(false);
});

test('without a decision of this sitting there is nothing to undo', async () => {
  const session = await begin();
  expect(session.undo()).toBe(false);
  expect(session.redo()).toBe(false);
});

test('a labeled image is judged by its new label once it was relabeled, and by the old one after undo', async () => {
  const session = await begin({ isGiven: true });
  session.decide('relabel', 6);
  session.look(0);
  expect(session.face?.label).toBe(6);
  session.decide('accept');
  expect(acts[1]).toMatchObject({ request: { seen: 6, verdict: 'accept' } });
  session.undo();
  session.undo();
  expect(session.face?.label).toBe(3);
});

test('what the host refused counts as never decided', async () => {
  const session = await begin();
  session.decide('accept');
  tell({ key: 'key-000001', refusal: new Error('another label'), act: acts[0]! });
  expect(session.state().decided.size).toBe(0);
  expect(session.state().judgements).toEqual([]);
});

test('a sitting begins at the rank of its address', async () => {
  const session = await begin({ start: 60 });
  expect(session.face?.rank).toBe(60);
});
