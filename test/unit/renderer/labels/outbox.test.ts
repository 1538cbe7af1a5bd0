import { beforeEach, expect, test, vi } from 'vitest';
import type { DecisionBatch } from '#shared/review.ts';
import {
  type KeptAct,
  Outbox,
  type Outcome,
  type Recipient,
} from '../../../../src/renderer/views/labels/review/outbox.ts';

/** As a browser's storage: it outlives the window. */
class MemoryStorage {
  readonly entries = new Map<string, string>();
  get length(): number {
    return this.entries.size;
  }
  key(index: number): string | null {
    return [...this.entries.keys()][index] ?? null;
  }
  getItem(name: string): string | null {
    return this.entries.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.entries.set(name, value);
  }
  removeItem(name: string): void {
    this.entries.delete(name);
  }
}

/** A log as the host's: a key that is there is not written again. `fails` says when a call dies, before or after it was done. */
class FakeHost implements Recipient {
  readonly log: { readonly id: number; readonly key: string; state: DecisionBatch['state'] }[] = [];
  readonly turns: string[] = [];
  fails: ('before' | 'after' | null)[] = [];

  async deliver(act: Exclude<KeptAct, { kind: 'turn' }>): Promise<number> {
    return this.#attempt(() => {
      const known = this.log.find(({ key }) => key === act.key);
      if (known !== undefined) return known.id;
      this.log.push({ id: this.log.length + 1, key: act.key, state: 'standing' });
      return this.log.length;
    });
  }

  async turn({ turn }: Extract<KeptAct, { kind: 'turn' }>): Promise<number> {
    return this.#attempt(() => {
      const acts =
        turn === 'undo'
          ? this.log.filter(({ state }) => state === 'standing')
          : this.log.filter(({ state }) => state === 'undone');
      const act = turn === 'undo' ? acts.at(-1) : acts[0];
      if (act === undefined) throw new Error('conflict');
      act.state = turn === 'undo' ? 'undone' : 'standing';
      this.turns.push(`${turn} ${act.key}`);
      return 1_000 + this.turns.length;
    });
  }

  async stateOf(batch: number): Promise<DecisionBatch['state']> {
    return this.log.find(({ id }) => id === batch)?.state ?? null;
  }

  #attempt(run: () => number): number {
    const fails = this.fails.shift() ?? null;
    if (fails === 'before') throw new Error('gone');
    const result = run();
    if (fails === 'after') throw new Error('gone');
    return result;
  }
}

let storage: MemoryStorage;
let host: FakeHost;
let outcomes: Outcome[];

beforeEach(() => {
  vi.useFakeTimers();
  storage = new MemoryStorage();
  host = new FakeHost();
  outcomes = [];
});

function open(): Outbox {
  const outbox = new Outbox({
    storage,
    prefix: 'kept.',
    recipient: host,
    isFinal: (error) => String(error).includes('conflict'),
  });
  outbox.onOutcome((outcome) => outcomes.push(outcome));
  return outbox;
}

const decision = (key: string): KeptAct => ({
  kind: 'decide',
  key: `key-of-${key}`,
  request: { images: [1], verdict: 'accept', key: `key-of-${key}`, reason: '', seconds: 0 },
});
const undoOf = (key: string, batch: number | null): KeptAct => ({
  kind: 'turn',
  key: `undo-of-${key}`,
  turn: 'undo',
  act: `key-of-${key}`,
  batch,
  image: 1,
  attempted: false,
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(60_000);

test('acts arrive in their order and leave the storage empty', async () => {
  const outbox = open();
  for (const key of ['one', 'two', 'three']) outbox.add(decision(key));
  expect(outbox.state().waiting).toBe(3);
  await settle();
  expect(host.log.map(({ key }) => key)).toEqual(['key-of-one', 'key-of-two', 'key-of-three']);
  expect(storage.length).toBe(0);
  expect(outbox.state()).toEqual({ waiting: 0, problem: null });
  expect(outcomes).toHaveLength(3);
});

test('a host that dies before or after it has written loses nothing and gets nothing twice', async () => {
  host.fails = ['before', 'after', null, 'after', 'before'];
  const outbox = open();
  for (const key of ['one', 'two', 'three']) outbox.add(decision(key));
  await settle();
  expect(host.log.map(({ key }) => key)).toEqual(['key-of-one', 'key-of-two', 'key-of-three']);
  expect(storage.length).toBe(0);
});

test('what a closed window kept, the next one sends', async () => {
  host.fails = Array.from({ length: 50 }, () => 'before' as const);
  const first = open();
  first.add(decision('one'));
  await vi.advanceTimersByTimeAsync(100);
  first.stop();
  expect(storage.length).toBe(1);
  host.fails = [];
  const second = open();
  expect(second.state().waiting).toBe(1);
  await second.flush();
  expect(host.log.map(({ key }) => key)).toEqual(['key-of-one']);
});

test('an undo whose answer was lost takes back one act, not two', async () => {
  const outbox = open();
  outbox.add(decision('one'));
  outbox.add(decision('two'));
  await settle();
  host.fails = ['after'];
  outbox.add(undoOf('two', 2));
  await settle();
  expect(host.turns).toEqual(['undo key-of-two']);
  expect(host.log.map(({ state }) => state)).toEqual(['standing', 'undone']);
});

test('an undo that was queued behind its decision learns its number, so that it too is safe to send again', async () => {
  const outbox = open();
  host.fails = ['before', null, 'after'];
  outbox.add(decision('one'));
  await vi.advanceTimersByTimeAsync(10);
  // Tried once: it may be there, and cannot be withdrawn any more.
  expect(outbox.withdraw('key-of-one')).toBe(false);
  outbox.add(undoOf('one', null));
  await settle();
  expect(host.turns).toEqual(['undo key-of-one']);
  expect(storage.length).toBe(0);
});

test('an act that waits behind a failing one can be withdrawn and is never sent', async () => {
  const outbox = open();
  host.fails = ['before'];
  outbox.add(decision('one'));
  outbox.add(decision('two'));
  await vi.advanceTimersByTimeAsync(10);
  expect(outbox.state().problem).not.toBeNull();
  expect(outbox.withdraw('key-of-two')).toBe(true);
  await settle();
  expect(host.log.map(({ key }) => key)).toEqual(['key-of-one']);
});

test('an act that the host refuses for good is told and does not hold up the others', async () => {
  const outbox = open();
  outbox.add(undoOf('nothing', null));
  outbox.add(decision('one'));
  await settle();
  expect(outcomes[0]).toMatchObject({ key: 'undo-of-nothing', refusal: expect.any(Error) });
  expect(host.log).toHaveLength(1);
  expect(storage.length).toBe(0);
});

test('entries of other workspaces and of other versions are left alone', async () => {
  storage.setItem('kept.00000000000001.000000.damaged', '{"kind":"future"}');
  storage.setItem('other.1', 'x');
  const outbox = open();
  outbox.add(decision('one'));
  await settle();
  expect(host.log).toHaveLength(1);
  expect([...storage.entries.keys()]).toEqual(['kept.00000000000001.000000.damaged', 'other.1']);
});
