import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CatalogStats, ImportResult, Subset } from '#shared/catalog.ts';
import type { ImagePrediction } from '#shared/prediction.ts';
import type { Evaluation } from '#shared/training.ts';
import { runJson } from '../contract/command.ts';

/** FER2013 (class folders with the official splits, in fer2013/) and LFW (identity folders, in lfw-deepfunneled/), by the command line. */

const data = process.env['FACE2EXP_REAL_DATA'] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'face2exp-real-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const LIMIT = { timeout: 900_000 };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the data are there', () => {
  for (const set of ['fer2013', 'lfw-deepfunneled'])
    expect(existsSync(join(data, set)), `${set} in ${data}`).toBe(true);
});

test('all of FER2013 and LFW are imported, with the published counts', LIMIT, async () => {
  const fer = await runJson<ImportResult>(
    'import',
    join(data, 'fer2013'),
    '--format',
    'fer2013',
    '--source',
    'fer2013',
    ...workspace,
  );
  expect(fer).toMatchObject({ added: 35_887, failed: 0 });
  const again = await runJson<ImportResult>('import', join(data, 'fer2013'), '--source', 'fer2013', ...workspace);
  expect(again).toMatchObject({ added: 0, skipped: 35_887 });
  const lfw = await runJson<ImportResult>(
    'import',
    join(data, 'lfw-deepfunneled'),
    '--role',
    'unlabeled',
    '--source',
    'lfw',
    ...workspace,
  );
  expect(lfw).toMatchObject({ format: 'identity', added: 13_233, failed: 0 });
  const stats = await runJson<CatalogStats>('stats', ...workspace);
  // Neutral, Happy, Sad, Surprise, Fear, Disgust, Anger, as FER2013's authors count them.
  expect(stats.splits.train!.counts).toEqual([4965, 7215, 4830, 3171, 4097, 436, 3995]);
  expect(stats.splits.validation!.total).toBe(3589);
  expect(stats.splits.test!.total).toBe(3589);
  expect(stats.sources[1]!.identities).toBe(5749);
});

test('a balanced subset, a short run, its evaluation and a prediction', LIMIT, async () => {
  const subset = await runJson<Subset>(
    'subset',
    'fer400',
    '--per-class',
    '400',
    '--seed',
    '5',
    '--source',
    'fer2013',
    ...workspace,
  );
  expect(subset).toMatchObject({ total: 2800, shortfall: [0, 0, 0, 0, 0, 0, 0] });
  const run = await runJson<{ status: string; step: number }>(
    ...[
      'train',
      '--name',
      'real',
      '--labeled',
      'fer400',
      '--unlabeled',
      'lfw',
      '--arch',
      'resnet18',
      '--width',
      '32',
      '--resize',
      '48',
    ],
    ...[
      '--batch-size',
      '32',
      '--mu',
      '3',
      '--total-steps',
      '20',
      '--eval-step',
      '20',
      '--finetune-epochs',
      '0',
      ...workspace,
    ],
  );
  expect(run).toMatchObject({ status: 'finished', step: 20 });
  const evaluation = await runJson<Evaluation>('evaluate', '--run', 'real', '--split', 'validation', ...workspace);
  expect(evaluation).toMatchObject({ count: 3589, failed: 0 });
  const face = join(data, 'lfw-deepfunneled', 'AJ_Cook', 'AJ_Cook_0001.jpg');
  const [prediction] = await runJson<ImagePrediction[]>('predict', face, '--run', 'real', ...workspace);
  expect(Object.keys(prediction!.faces[0]!.probabilities)).toHaveLength(7);
});
