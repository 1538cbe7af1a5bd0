import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evaluationSchema, runDetailSchema } from '#shared/training.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { runCommand, runJson, startCommand } from './command.ts';

/** The flags of `train` that change what it does, by real processes. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-train-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const tiny = [
  ...['--arch', 'resnet18', '--width', '4', '--resize', '16', '--batch-size', '4', '--mu', '1', '--workers', '0'],
  ...['--labeled', 'faces', '--unlabeled', 'people', '--finetune-epochs', '1', '--finetune-batch-size', '4'],
];

beforeAll(async () => {
  for (const split of ['train', 'val', 'test']) await writeClassFolders(join(folder, 'faces', split), { perClass: 2 });
  await writeIdentityFolders(join(folder, 'people'), { identities: 3, perIdentity: 4 });
  await runJson('import', join(folder, 'faces'), '--format', 'folder', ...workspace);
  await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('flags that contradict each other are refused before anything is written', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['--released', '--align'], /released program had no --align: --released cannot be combined/],
    [['--released', '--stem', 'small', '--grayscale'], /had no --stem, --grayscale/],
    [['--total-steps', '10', '--base-warmup', '10'], /adaptation network would never learn/],
    [['--evaluate'], /train --evaluate --resume RUN/],
    [['--finetune', '--evaluate', '--resume', 'x'], /exclude each other/],
  ];
  for (const [flags, sentence] of wrong) {
    const { code, stderr } = await runCommand('train', ...tiny, ...flags, ...workspace);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  }
  expect(await runJson('runs', 'list', ...workspace)).toEqual([]);
});

test('a run may be named like a place of the window, and is found all the same', async () => {
  const flags = ['--method', 'supervised', '--total-steps', '1', '--eval-step', '1', '--finetune-epochs', '0'];
  const { run } = await runJson<{ run: string }>('train', '--name', 'compare', ...tiny, ...flags, ...workspace);
  expect(run).toBe('compare-2');
  await runJson('runs', 'delete', run, ...workspace);
});

test(
  'a run ended early is fine-tuned from the best it had, and scored on the test split',
  { timeout: 120_000 },
  async () => {
    const running = startCommand(
      ...['train', '--name', 'early', ...tiny, '--total-steps', '100000', '--eval-step', '2', '--threads', '1'],
      ...['--tensorboard', ...workspace],
    );
    await running.sees(/validation \d/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);

    await runJson('train', '--resume', 'early', '--finetune', ...workspace);
    const run = runDetailSchema.loose().parse(await runJson('runs', 'show', 'early', ...workspace));
    expect(run).toMatchObject({ status: 'finished', phase: 'done' });
    expect(run.step).toBeLessThan(100_000);
    expect(run.evaluations.map(({ network }) => network)).toContain('finetuned');
    const again = await runCommand('train', '--resume', 'early', '--finetune', ...workspace);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/fine-tuned already/);

    const evaluation = evaluationSchema.parse(await runJson('train', '--resume', 'early', '--evaluate', ...workspace));
    expect(evaluation).toMatchObject({ split: 'test', count: 14, network: run.best!.network });

    // One event file for each time it ran.
    expect(readdirSync(join(run.directory, 'tensorboard'))).toHaveLength(2);
    const written = await runJson<{ steps: number; evaluations: number; path: string }>(
      ...['runs', 'tensorboard', 'early', join(folder, 'curves'), ...workspace],
    );
    expect(written.steps).toBe(run.step);
    expect(readdirSync(join(folder, 'curves'))).toEqual([written.path.split('/').at(-1)]);
  },
);
