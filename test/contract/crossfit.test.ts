import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RoundResult } from '#shared/rounds.ts';
import type { RunSummary } from '#shared/training.ts';
import type { Subset } from '#shared/catalog.ts';
import { writeClassFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** Out-of-sample labels, from runs that fail and are made again. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-crossfit-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const faces = join(folder, 'faces');
const tiny = { architecture: 'resnet18', width: 4, imageSize: 16, totalSteps: 2, evaluateEvery: 2, batchSize: 4 };
const settings = Object.entries({ ...tiny, finetuneEpochs: 0, workers: 1, threads: 1 }).flatMap(([name, value]) => [
  '--set',
  `${name}=${value}`,
]);
const request = ['review', 'crossfit', '--labeled', 'faces', '--folds', '2', '--name', 'folds', ...settings];

beforeAll(async () => {
  for (const split of ['train', 'val']) await writeClassFolders(join(faces, split), { perClass: 2 });
  await runJson('import', faces, '--format', 'folder', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'a fold that fails says why, and the same request trains it anew and leaves nothing broken behind',
  { timeout: 240_000 },
  async () => {
    renameSync(faces, `${faces}-away`);
    const failed = await runCommand(...request, ...workspace);
    renameSync(`${faces}-away`, faces);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/Run folds-fold-1, which trains “folds fold 1”, failed: .*(read|picture|image)/i);
    expect(failed.stderr).toContain('The same request trains this fold anew, and keeps those that are done.');
    const runs = await runJson<RunSummary[]>('runs', 'list', ...workspace);
    expect(runs).toMatchObject([{ name: 'folds fold 1', status: 'failed' }]);

    const result = await runJson<RoundResult>(...request, ...workspace);
    expect(result).toMatchObject({ status: 'finished', count: 14, total: 14 });
    const after = await runJson<RunSummary[]>('runs', 'list', ...workspace);
    expect(after.map(({ name, status }) => [name, status])).toEqual([
      ['folds fold 2', 'finished'],
      ['folds fold 1', 'finished'],
    ]);
    // The subset of the first fold was frozen once.
    const subsets = await runJson<Subset[]>('subsets', ...workspace);
    expect(subsets.map(({ name, version }) => [name, version]).sort()).toEqual([
      ['folds fold 1', 1],
      ['folds fold 2', 1],
    ]);
  },
);
