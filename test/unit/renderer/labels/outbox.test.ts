import { beforeEach, expect, test, vi } from 'vitest';
import { StudioError } from '#shared/errors.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import {
  type KeptAct,
  Outbox,
  type Outcome,
  type Recipient,
} from '../../../../src/renderer/views/labels/review/outbox.ts';
import { addSource, newImage, temporaryCatalog } from '../../catalog/temporary-catalog.ts';

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

/** The host's own log, on a catalog. `fails` says when a call dies, before or after it was done. */
class DyingHost implements Recipient {
  fails: ('before' | 'after' | null)[] = [];

  /** "decision IMAGE", "undo ACT" and so on, the oldest first. */
  get log(): string[] {
    return catalog.decisions
      .list()
      .toReversed()
      .map(({ kind, target, first }) => `${kind} ${target ?? first?.image}`);
  }

  /** Of the decisions, the oldest first. */
  get states(): unknown[] {
    return catalog.decisions
      .list()
      .flatMap(({ kind, state }) => (kind === 'decision' ? [state] : []))
      .toReversed();
  }

  async deliver(act: KeptAct): Promise<number> {
    return this.#attempt(() => {
      if (act.kind === 'answer') throw new Error('Nothing here answers an audit.');
      if (act.kind === 'turn') return catalog.decisions[act.turn]('ann', act).id;
      const { images, verdict, label, key } = act.request;
      const note = { reviewer: 'ann', round: null, audit: null, queue: null, reason: '', seconds: 0, key: key! };
      return catalog.decisions.record(
        images!.map((image) => ({ image, verdict, label })),
        note,
      ).id;
    });
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
let catalog: Catalog;
let host: DyingHost;
let outcomes: Outcome[];

beforeEach(() => {
  vi.useFakeTimers();
  storage = new MemoryStorage();
  ({ catalog } = temporaryCatalog());
  catalog.images.insertBatch(
    addSource(catalog, 'faces'),
    [1, 2, 3].map((number) => newImage({ path: `${number}.png` })),
  );
  host = new DyingHost();
  outcomes = [];
});

function open(): Outbox {
  const outbox = new Outbox({
    storage,
    prefix: 'kept.',
    recipient: host,
    isFinal: (error) => error instanceof StudioError,
  });
  outbox.onOutcome((outcome) => outcomes.push(outcome));
  return outbox;
}

/** Of a face by its number. */
const decision = (image: number): KeptAct => ({
  kind: 'decide',
  key: `key-of-${image}`,
  request: { images: [image], verdict: 'relabel', label: 3, key: `key-of-${image}`, reason: '', seconds: 0 },
});
const turnOf = (turn: 'undo' | 'redo', image: number): KeptAct => ({
  kind: 'turn',
  key: `${turn}-of-${image}`,
  turn,
  act: `key-of-${image}`,
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(60_000);

test('acts arrive in their order and leave the storage empty', async () => {
  const outbox = open();
  for (const image of [1, 2, 3]) outbox.add(decision(image));
  expect(outbox.state().waiting).toBe(3);
  await settle();
  expect(host.log).toEqual(['decision 1', 'decision 2', 'decision 3']);
  expect(storage.length).toBe(0);
  expect(outbox.state()).toEqual({ waiting: 0, problem: null });
  expect(outcomes).toHaveLength(3);
});

test('a host that dies before or after it has written loses nothing and gets nothing twice', async () => {
  host.fails = ['before', 'after', null, 'after', 'before'];
  const outbox = open();
  for (const image of [1, 2, 3]) outbox.add(decision(image));
  await settle();
  expect(host.log).toEqual(['decision 1', 'decision 2', 'decision 3']);
  expect(storage.length).toBe(0);
});

test('what a closed window kept, the next one sends', async () => {
  host.fails = Array.from({ length: 50 }, () => 'before' as const);
  const first = open();
  first.add(decision(1));
  await vi.advanceTimersByTimeAsync(100);
  first.stop();
  expect(storage.length).toBe(1);
  host.fails = [];
  const second = open();
  expect(second.state().waiting).toBe(1);
  await second.flush();
  expect(host.log).toEqual(['decision 1']);
});

test('undo and redo whose answers were lost are each done once, in the next window too', async () => {
  const first = open();
  first.add(decision(1));
  first.add(decision(2));
  await settle();
  host.fails = ['after', 'after', ...Array.from({ length: 50 }, () => 'before' as const)];
  first.add(turnOf('undo', 2));
  await settle();
  expect(host.states).toEqual(['standing', 'undone']);
  first.stop();
  expect(storage.length).toBe(1);
  host.fails = [];
  const second = open();
  await second.flush();
  host.fails = ['after'];
  second.add(turnOf('redo', 2));
  await settle();
  expect(host.log).toEqual(['decision 1', 'decision 2', 'undo 2', 'redo 2']);
  expect(host.states).toEqual(['standing', 'standing']);
  expect(storage.length).toBe(0);
});

test('an undo that waits behind its decision takes back that one', async () => {
  const outbox = open();
  host.fails = ['before', null, 'after'];
  outbox.add(decision(1));
  await vi.advanceTimersByTimeAsync(10);
  // Tried once: it may be there, and cannot be withdrawn any more.
  expect(outbox.withdraw('key-of-1')).toBe(false);
  outbox.add(turnOf('undo', 1));
  await settle();
  expect(host.log).toEqual(['decision 1', 'undo 1']);
  expect(storage.length).toBe(0);
});

test('the undo of a decision that was refused takes back no other', async () => {
  const outbox = open();
  outbox.add(decision(1));
  outbox.add(decision(99)); // no such face
  outbox.add(turnOf('undo', 99));
  await settle();
  expect(outcomes.map((outcome) => 'refusal' in outcome)).toEqual([false, true, true]);
  expect(host.states).toEqual(['standing']);
  expect(storage.length).toBe(0);
});

test('an act that waits behind a failing one can be withdrawn and is never sent', async () => {
  const outbox = open();
  host.fails = ['before'];
  outbox.add(decision(1));
  outbox.add(decision(2));
  await vi.advanceTimersByTimeAsync(10);
  expect(outbox.state().problem).not.toBeNull();
  expect(outbox.withdraw('key-of-2')).toBe(true);
  await settle();
  expect(host.log).toEqual(['decision 1']);
});

test('an act that the host refuses for good is told and does not hold up the others', async () => {
  const outbox = open();
  outbox.add(turnOf('undo', 3));
  outbox.add(decision(1));
  await settle();
  expect(outcomes[0]).toMatchObject({ key: 'undo-of-3', refusal: expect.any(StudioError) });
  expect(host.log).toEqual(['decision 1']);
  expect(storage.length).toBe(0);
});

test('entries of other workspaces and of other versions are left alone', async () => {
  storage.setItem('kept.00000000000001.000000.damaged', '{"kind":"future"}');
  storage.setItem('other.1', 'x');
  const outbox = open();
  outbox.add(decision(1));
  await settle();
  expect(host.log).toEqual(['decision 1']);
  expect([...storage.entries.keys()]).toEqual(['kept.00000000000001.000000.damaged', 'other.1']);
});
