import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { catalogStatsSchema, importResultSchema, subsetSchema } from '#shared/catalog.ts';
import { imagePredictionSchema } from '#shared/prediction.ts';
import { doctorReportSchema } from '#shared/runtime.ts';
import { evaluationSchema, runDetailSchema, runSummarySchema } from '#shared/training.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** The command line as a contract: documents, exit codes and sentences, by real processes. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-cli-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const labeled = join(folder, 'labeled');
const people = join(folder, 'people');

beforeAll(async () => {
  await writeClassFolders(join(labeled, 'train'), { perClass: 5 });
  await writeClassFolders(join(labeled, 'val'), { perClass: 2, seed: 8 });
  await writeIdentityFolders(people, { identities: 5, perIdentity: 4 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('wrong usage ends with 2 and a sentence, without a stack trace', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['nonsense'], /nonsense/],
    [['import'], /path/],
    [['import', labeled, '--format', 'pictures'], /pictures.*auto/s],
    [['subset', 'half', '--per-class', 'many'], /whole number/],
    [['train', '--randaug', '2'], /two numbers/],
    [['evaluate', '--split', 'validation'], /--run RUN or --checkpoint/],
  ];
  for (const [parameters, sentence] of wrong) {
    const { code, stdout, stderr } = await runCommand(
      ...parameters,
      ...(parameters[0] === 'nonsense' ? [] : workspace),
    );
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  }
});

test('a path that is not there ends with 1 and says so', async () => {
  const { code, stderr } = await runCommand('import', join(folder, 'nowhere'), ...workspace);
  expect(code).toBe(1);
  expect(stderr).toContain('nowhere');
});

test('import gives its counts, keeps the splits of the set, names every bad file, and adds nothing twice', async () => {
  writeFileSync(join(labeled, 'train', 'sad', 'broken.png'), 'not a picture');
  writeFileSync(join(labeled, 'train', 'sad', 'empty.jpg'), '');
  const first = importResultSchema.parse(
    await runJson('import', labeled, '--format', 'folder', '--source', 'faces', ...workspace),
  );
  expect(first).toMatchObject({ source: 'faces', added: 49, skipped: 0, failed: 2 });
  expect(first.errors.map(({ path }) => path.split('/').at(-1)).sort()).toEqual(['broken.png', 'empty.jpg']);
  const second = importResultSchema.parse(
    await runJson('import', labeled, '--format', 'folder', '--source', 'faces', ...workspace),
  );
  expect(second).toMatchObject({ added: 0, skipped: 49 });
  const faces = importResultSchema.parse(
    await runJson('import', people, '--format', 'identity', '--role', 'unlabeled', ...workspace),
  );
  expect(faces).toMatchObject({ source: 'people', added: 20 });
});

test('stats counts per split and class', async () => {
  const stats = catalogStatsSchema.parse(await runJson('stats', ...workspace));
  expect(stats.splits.train).toMatchObject({ counts: [5, 5, 5, 5, 5, 5, 5], total: 35, imbalanceRatio: 1 });
  expect(stats.splits.validation).toMatchObject({ counts: [2, 2, 2, 2, 2, 2, 2], total: 14 });
  expect(stats.splits.unlabeled).toMatchObject({ total: 20 });
  expect(stats.sources.map(({ name, identities }) => [name, identities])).toEqual([
    ['faces', 0],
    ['people', 5],
  ]);
});

test('subset is balanced, has versions, states what is missing, and is written as csv', async () => {
  const csv = join(folder, 'subset.csv');
  const subset = subsetSchema.parse(
    await runJson('subset', 'three', '--per-class', '3', '--balanced', '--seed', '1', '--out', csv, ...workspace),
  );
  expect(subset).toMatchObject({ counts: [3, 3, 3, 3, 3, 3, 3], total: 21, shortfall: [0, 0, 0, 0, 0, 0, 0] });
  const lines = readFileSync(csv, 'utf8').trim().split(/\r?\n/);
  expect(lines).toHaveLength(22);
  expect(lines[0]).toContain('subDirectory_filePath');
  expect(lines[0]).toContain('expression');
  const large = subsetSchema.parse(await runJson('subset', 'nine', '--per-class', '9', ...workspace));
  expect(large).toMatchObject({ total: 35, shortfall: [4, 4, 4, 4, 4, 4, 4] });
  const again = subsetSchema.parse(
    await runJson('subset', 'three', '--per-class', '3', '--balanced', '--seed', '1', ...workspace),
  );
  expect(again).toEqual({ ...subset, version: 2, createdAt: again.createdAt });
});

test('the command of the released README is understood as it stands', async () => {
  const released =
    '--seed 5 --name aff --num-classes 7 --total-steps 180000 --eval-step 100 --randaug 2 16 --batch-size 32 --teacher_lr 1e-3 --student_lr 1e-3 --amp --resize 224 --world-size 2 --workers 16';
  // Two subsets exist, so the labeled set must be named: that is all that is asked for.
  const { code, stderr } = await runCommand('train', ...released.split(' '), ...workspace);
  expect(code).toBe(2);
  expect(stderr).toContain('Name one with --labeled');
});

test('train, runs, evaluate and predict give their documents', async () => {
  const trained = await runJson<{ run: string; step: number; status: string; best: { accuracy: number } }>(
    ...[
      'train',
      '--name',
      'tiny',
      '--labeled',
      'three',
      '--unlabeled',
      'people',
      '--arch',
      'resnet18',
      '--width',
      '4',
      '--resize',
      '16',
    ],
    ...[
      '--batch-size',
      '4',
      '--mu',
      '1',
      '--total-steps',
      '6',
      '--eval-step',
      '3',
      '--finetune-epochs',
      '1',
      '--workers',
      '0',
      ...workspace,
    ],
  );
  expect(trained).toMatchObject({ run: 'tiny', step: 6, status: 'finished' });
  expect(trained.best.accuracy).toBeGreaterThanOrEqual(0);

  const list = z.array(runSummarySchema).parse(await runJson('runs', 'list', ...workspace));
  expect(list).toHaveLength(1);
  const shown = runDetailSchema.loose().parse(await runJson('runs', 'show', 'tiny', ...workspace));
  expect(shown.history).toHaveLength(6);
  expect(new Set(shown.evaluations.map(({ network }) => network))).toEqual(
    new Set(['base', 'adaptation', 'finetuned']),
  );
  const compared = await runJson<{ runs: unknown[] }>('runs', 'compare', 'tiny', 'tiny', ...workspace);
  expect(compared.runs).toHaveLength(2);

  const evaluation = evaluationSchema.parse(
    await runJson('evaluate', '--run', 'tiny', '--split', 'validation', ...workspace),
  );
  expect(evaluation.count).toBe(14);
  expect(evaluation.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(14);

  const picture = join(people, 'person_0000', '0.png');
  const [prediction] = z
    .array(imagePredictionSchema)
    .parse(await runJson('predict', picture, '--run', 'tiny', ...workspace));
  expect(prediction!.path).toBe(picture);
  const probabilities = Object.values(prediction!.faces[0]!.probabilities);
  expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  expect(Math.max(...probabilities)).toBe(prediction!.faces[0]!.probability);

  const missing = await runCommand('predict', join(folder, 'no.png'), '--run', 'tiny', ...workspace);
  expect(missing).toMatchObject({ code: 1, stdout: '' });
  expect(missing.stderr).toContain('no.png');
  const unknown = await runCommand('runs', 'show', 'other', ...workspace);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('no run other');

  expect(await runJson('runs', 'delete', 'tiny', ...workspace)).toEqual({ id: 'tiny' });
  expect(await runJson('runs', 'list', ...workspace)).toEqual([]);
});

test('doctor answers for every part', async () => {
  const { stdout } = await runCommand('doctor', '--json', ...workspace);
  const report = doctorReportSchema.parse(JSON.parse(stdout));
  expect(report.checks.map(({ name }) => name)).toEqual([
    'node',
    'runtime',
    'devices',
    'sqlite',
    'sharp',
    'electron',
    'browser',
    'disk',
  ]);
  for (const check of report.checks) if (!check.ok) expect(check.fix).not.toBe('');
});
