import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { readCheckpoint } from '#main/training/checkpoint.ts';
import { drawManifest, newRunFolder, removeRunFolders } from './small-run.ts';

afterAll(removeRunFolders);

const CHILD = fileURLToPath(new URL('./train-child.ts', import.meta.url));
const KILLS = 3;

test(
  'a run killed at random moments and started again ends with the very same weights',
  { timeout: 240_000 },
  async () => {
    const manifestFile = join(newRunFolder(), 'manifest.json');
    writeFileSync(manifestFile, JSON.stringify(await drawManifest()));
    const start = (folder: string): ChildProcess =>
      spawn(process.execPath, [CHILD, folder, manifestFile], { stdio: ['ignore', 'ignore', 'inherit'] });

    const uninterrupted = newRunFolder();
    const begun = performance.now();
    expect(await once(start(uninterrupted), 'exit')).toEqual([0, null]);
    const wholeMilliseconds = performance.now() - begun;

    const killed = newRunFolder();
    const moments: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const child = start(killed);
      moments.push(Math.round(wholeMilliseconds * (0.4 + 0.5 * Math.random())));
      await Promise.race([once(child, 'exit'), setTimeout(moments.at(-1))]);
      const exited = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGKILL')) await exited;
    }
    expect(await once(start(killed), 'exit'), `killed after ${moments.join(', ')} ms`).toEqual([0, null]);
    for (const name of ['last', 'finetuned']) {
      const { tensors, state } = await readCheckpoint(join(killed, name));
      const expected = await readCheckpoint(join(uninterrupted, name));
      expect(tensors, `${name}, killed after ${moments.join(', ')} ms`).toEqual(expected.tensors);
      expect(state.best).toEqual(expected.state.best);
    }
  },
);
