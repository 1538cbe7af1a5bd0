import { expect, test, vi } from 'vitest';
import type { ImageRow } from '#shared/catalog.ts';
import { type AskForWindow, FaceWindows, WINDOW } from '../../../src/renderer/views/data/face-windows.ts';

const row = (id: number): ImageRow => ({
  id,
  source: 'faces',
  split: 'train',
  label: 0,
  identity: null,
  path: `${id}.png`,
  width: 48,
  height: 48,
  qualities: ['unknown'],
  excluded: false,
});

/** A list of so many rows, whose ids are their positions; each window waits until it is let go. */
function heldList(total: number) {
  const waiting: { offset: number; let: () => void }[] = [];
  const ask = vi.fn<AskForWindow>(
    (offset, limit) =>
      new Promise((resolve) => {
        const rows = Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, index) =>
          row(offset + index),
        );
        waiting.push({ offset, let: () => resolve({ rows, total }) });
      }),
  );
  return { ask, waiting, windows: new FaceWindows(ask) };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('rows in sight are asked for first, then those beside them', async () => {
  const { windows, waiting } = heldList(10 * WINDOW);
  windows.show(4 * WINDOW, 4 * WINDOW + 30);
  expect(waiting.map(({ offset }) => offset)).toEqual([4 * WINDOW, 5 * WINDOW]);
  waiting[0]!.let();
  await turns();
  expect(windows.row(4 * WINDOW + 7)?.id).toBe(4 * WINDOW + 7);
  expect(windows.row(3 * WINDOW)).toBeUndefined();
  expect(waiting.map(({ offset }) => offset)).toEqual([4 * WINDOW, 5 * WINDOW, 3 * WINDOW]);
});

test('what was passed by is never asked for', async () => {
  const { windows, ask, waiting } = heldList(1_000_000);
  windows.show(0, 30);
  for (let position = 1_000; position < 900_000; position += 1_000) windows.show(position, position + 30);
  expect(ask).toHaveBeenCalledTimes(2);
  for (const one of waiting.splice(0)) one.let();
  await turns();
  expect(waiting.map(({ offset }) => offset)).toEqual([899_000, 899_200]);
});

test('the number of rows is what the host counted, before that what was expected', async () => {
  const { windows, waiting } = heldList(321);
  expect(windows.total).toBeNull();
  windows.expect(300);
  expect(windows.total).toBe(300);
  windows.show(0, 10);
  waiting[0]!.let();
  await turns();
  expect(windows.total).toBe(321);
});

test('a failure is told and tried again on demand', async () => {
  const ask = vi
    .fn<AskForWindow>()
    .mockRejectedValueOnce(new Error('no answer'))
    .mockResolvedValue({ rows: [row(0)], total: 1 });
  const windows = new FaceWindows(ask);
  windows.show(0, 0);
  await turns();
  expect(windows.error).toEqual(new Error('no answer'));
  windows.retry();
  await turns();
  expect(windows.error).toBeNull();
  expect(windows.row(0)?.id).toBe(0);
});

test('after a change rows stay in sight until their successors are there', async () => {
  let version = 1;
  const ask = vi.fn<AskForWindow>((_offset, limit) =>
    Promise.resolve({ rows: Array.from({ length: limit }, (_, index) => row(1_000 * version + index)), total: limit }),
  );
  const windows = new FaceWindows(ask);
  windows.show(0, 10);
  await turns();
  version = 2;
  windows.refresh();
  expect(windows.row(5)?.id).toBe(1_005);
  await turns();
  expect(windows.row(5)?.id).toBe(2_005);
});

test('while one leaps the last place with rows is shown', async () => {
  const { windows, waiting } = heldList(10 * WINDOW);
  windows.show(0, 10);
  waiting[0]!.let();
  await turns();
  expect(windows.placeToShow('beginning', 0, 10)).toBe('beginning');
  expect(windows.placeToShow('far away', 5 * WINDOW, 5 * WINDOW + 10)).toBe('beginning');
});
