import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FittedTemperature } from '#shared/evaluation.ts';
import { readTemperature, saveTemperature } from '#main/host/services/calibration-store.ts';
import { EvaluationStore, type NewRecord } from '#main/host/services/evaluation-store.ts';
import { openWorkspace, type Workspace } from '#main/host/workspace.ts';

let workspace: Workspace;
beforeEach(() => {
  workspace = openWorkspace(mkdtempSync(join(tmpdir(), 'face2exp-evaluations-')));
});
afterEach(() => rmSync(workspace.directory, { recursive: true }));

const answers = { ids: [7, 2 ** 40], labels: [0, 2], probabilities: [0.5, 0.25, 0.25, 0, 1, 0] };
const record = (change: Partial<NewRecord> = {}): NewRecord => ({
  ...{ run: 'a', checkpoint: 'runs/a/best', network: 'base', step: 5, split: 'test', map: {} },
  ...{ networkClasses: ['neutral', 'happy', 'sad'], imagesPerSecond: 10, failed: 0 },
  createdAt: '2026-01-01T00:00:00.000Z',
  ...change,
});

test('an evaluation is read as it was kept', async () => {
  const store = new EvaluationStore(workspace);
  const kept = await store.save(record({ map: { fear: null } }), answers);
  expect(kept.id).toBe('runs/a/evaluations/1');
  const read = await store.read(kept.id);
  expect(read.record).toEqual(kept);
  expect(Array.from(read.answers.ids)).toEqual(answers.ids);
  expect(Array.from(read.answers.labels)).toEqual(answers.labels);
  expect(Array.from(read.answers.probabilities)).toEqual(answers.probabilities);
});

test('each has a number of its own, even those saved at once; the same again takes its place', async () => {
  const store = new EvaluationStore(workspace);
  const splits = ['test', 'validation', 'train'];
  const kept = await Promise.all(splits.map((split) => store.save(record({ split }), answers)));
  expect(kept.map(({ id }) => id)).toEqual([1, 2, 3].map((number) => `runs/a/evaluations/${number}`));
  const again = await store.save(record({ split: 'validation', createdAt: '2026-02-01T00:00:00.000Z' }), answers);
  expect(again.id).toBe('runs/a/evaluations/2');
  expect((await store.list('a')).map(({ id }) => id)[0]).toBe(again.id); // the newest first
  expect(await store.list('a')).toHaveLength(3);
  expect((await store.save(record({ run: null }), answers)).id).toBe('evaluations/1');
  expect(await store.list('b')).toEqual([]);
});

test('a damaged one is left out of the list, and named when it is read', async () => {
  const store = new EvaluationStore(workspace);
  const { id } = await store.save(record(), answers);
  truncateSync(join(workspace.directory, `${id}.safetensors`), 40);
  expect(await store.list('a')).toEqual([]);
  await expect(store.read(id)).rejects.toMatchObject({ code: 'corrupt' });
  await expect(store.read('runs/a/evaluations/9')).rejects.toMatchObject({
    code: 'not-found',
    message: 'There is no evaluation runs/a/evaluations/9 in this workspace.',
  });
});

test('an id leads nowhere outside the evaluations', async () => {
  const store = new EvaluationStore(workspace);
  for (const id of [
    '../evaluations/1',
    'runs/../evaluations/1',
    'evaluations/../1',
    '/evaluations/1',
    'evaluations/1/',
  ]) {
    await expect(store.read(id)).rejects.toThrow(/names no evaluation/);
  }
});

test('temperatures lie beside a checkpoint, one for each of its networks', async () => {
  const fitted: FittedTemperature = {
    ...{ temperature: 1.5, network: 'base', step: 5, split: 'validation', count: 9 },
    ...{ nllBefore: 1, nllAfter: 0.9, eceBefore: 0.2, eceAfter: 0.1, fittedAt: '2026-01-01T00:00:00.000Z' },
  };
  const folder = workspace.directory;
  expect(await readTemperature({ checkpoint: folder, network: 'base' })).toBeNull();
  await saveTemperature({ checkpoint: folder, network: 'base' }, fitted);
  await saveTemperature({ checkpoint: folder, network: 'ema' }, { ...fitted, network: 'ema', temperature: 2 });
  expect(await readTemperature({ checkpoint: folder, network: 'base' })).toEqual(fitted);
  expect((await readTemperature({ checkpoint: folder, network: 'ema' }))!.temperature).toBe(2);
  const file = join(folder, 'weights.safetensors');
  writeFileSync(file, '');
  await saveTemperature({ checkpoint: file, network: 'base' }, fitted);
  expect(await readTemperature({ checkpoint: file, network: 'base' })).toEqual(fitted);
  writeFileSync(join(folder, 'calibration.json'), '{"format":1,"networks":{"base":{}}}');
  await expect(readTemperature({ checkpoint: folder, network: 'base' })).rejects.toMatchObject({ code: 'corrupt' });
});
