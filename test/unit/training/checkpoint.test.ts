import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { SafetensorsTensor } from '#main/interchange/safetensors.ts';
import { loadCheckpoint, readCheckpoint, saveCheckpoint, type Tensors } from '#main/training/checkpoint.ts';
import { CLASSES, newRunFolder, removeRunFolders, smallConfig } from './small-run.ts';

afterAll(removeRunFolders);

const noWarning = (message: string): void => expect.fail(message);

function stateAt(step: number): Parameters<typeof saveCheckpoint>[2] {
  const best = { step, network: 'ema', accuracy: 0.5, meanClassAccuracy: 0.4 } as const;
  return {
    step,
    finetuneSteps: null,
    config: smallConfig(),
    classes: CLASSES,
    best,
    bestAdaptation: null,
    badImages: [7],
    devices: 1,
    firstDevices: 1,
  };
}

function tensorsOf(value: number): Tensors {
  return new Map([['w', { dtype: 'F32', shape: [1], data: Float32Array.of(value) }]]);
}

test('what was saved is loaded, the newest under each name, and only `last` keeps the one before', async () => {
  const folder = newRunFolder();
  for (const name of ['last', 'best']) {
    for (const step of [1, 2]) await saveCheckpoint(folder, name, stateAt(step), tensorsOf(step));
  }
  expect(readdirSync(folder).sort()).toEqual(['best', 'last', 'last.previous']);
  const { state, tensors } = (await loadCheckpoint(folder, 'last', noWarning))!;
  expect(state).toMatchObject(stateAt(2));
  expect(tensors).toEqual(tensorsOf(2));
  expect((await readCheckpoint(join(folder, 'last.previous'))).tensors).toEqual(tensorsOf(1));
  expect(await loadCheckpoint(folder, 'step-1', noWarning)).toBeNull();
});

test('a save that fails, or was cut off, leaves the checkpoint there was', async () => {
  const folder = newRunFolder();
  await saveCheckpoint(folder, 'last', stateAt(1), tensorsOf(1));
  const unfit: SafetensorsTensor = { dtype: 'F32', shape: [2], data: Float32Array.of(1) };
  await expect(saveCheckpoint(folder, 'last', stateAt(2), new Map([['w', unfit]]))).rejects.toThrow(/does not hold/);
  expect(readdirSync(folder)).toEqual(['last']);
  mkdirSync(join(folder, 'last.unfinished'));
  writeFileSync(join(folder, 'last.unfinished', 'weights.safetensors'), 'half of it');
  expect((await loadCheckpoint(folder, 'last', noWarning))?.state.step).toBe(1);
  await saveCheckpoint(folder, 'last', stateAt(2), tensorsOf(2));
  expect(readdirSync(folder).sort()).toEqual(['last', 'last.previous']);
});

test.each([
  ['not JSON', '{', /not JSON/],
  ['without what it needs', '{"format": 1}', /does not say what it should/],
])('a state that is %s is refused', async (_, text, message) => {
  const folder = newRunFolder();
  await saveCheckpoint(folder, 'last', stateAt(1), tensorsOf(1));
  writeFileSync(join(folder, 'last', 'state.json'), text);
  await expect(readCheckpoint(join(folder, 'last'))).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(message),
  });
});

test('a folder that is no checkpoint is not found', async () => {
  await expect(readCheckpoint(newRunFolder())).rejects.toMatchObject({ code: 'not-found' });
});
