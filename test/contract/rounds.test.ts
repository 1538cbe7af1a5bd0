import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readSafetensors } from '#main/interchange/safetensors.ts';
import {
  distributionSchema,
  feedbackBatchSchema,
  feedbackExtremeSchema,
  flipsSchema,
  pseudoLabelSchema,
  roundCalibrationSchema,
  roundResultSchema,
  roundSchema,
  thresholdPreviewSchema,
} from '#shared/rounds.ts';
import { queryPageSchema } from '#shared/query.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** Rounds of pseudo labels from the command line: by a network, from a file, and while a run trains. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-rounds-'));
const workspaceFolder = join(folder, 'workspace');
const workspace = ['--workspace', workspaceFolder];
/** One of the twelve cannot be read. */
const IMAGES = 11;

beforeAll(async () => {
  for (const split of ['train', 'val']) await writeClassFolders(join(folder, 'faces', split), { perClass: 2 });
  await writeIdentityFolders(join(folder, 'people'), { identities: 3, perIdentity: 4 });
  await runJson('import', join(folder, 'faces'), '--format', 'folder', ...workspace);
  await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
  const { rows } = queryPageSchema.parse(await runJson('query', '--source', 'people', ...workspace));
  writeFileSync(join(folder, 'people', rows[10]!.path), 'no picture any more');
  await runJson(
    ...['train', '--name', 'tiny', '--arch', 'resnet18', '--width', '4', '--resize', '16', '--batch-size', '4'],
    ...['--mu', '1', '--workers', '0', '--labeled', 'faces', '--unlabeled', 'people', '--finetune-epochs', '0'],
    ...['--total-steps', '6', '--eval-step', '3', '--checkpoint-every', '3', '--threads', '1'],
    ...['--round-every', '3', '--round-images', '10', ...workspace],
  );
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const label = async (...options: string[]) =>
  roundResultSchema.parse(await runJson('pseudo-label', ...options, '--source', 'people', ...workspace));
const rounds = (...options: string[]) => runJson('rounds', ...options, ...workspace);

test(
  'a round by a network: labels, class counts, embeddings, and a name of its own',
  { timeout: 180_000 },
  async () => {
    const round = await label('--run', 'tiny', '--network', 'adaptation', '--step', '6');
    expect(round).toMatchObject({
      ...{ name: 'tiny adaptation step 6 on people', origin: 'network', status: 'finished', run: 'tiny', step: 6 },
      ...{ network: 'adaptation', count: IMAGES, total: 12, problems: 1, embeddingSize: 32 },
    });
    expect(round.perClass.map(({ count }) => count).reduce((sum, count) => sum + count)).toBe(IMAGES);
    expect(round.errors).toMatchObject([{ line: null, reason: expect.stringMatching(/./) as string }]);
    expect(round.meanConfidence).toBeGreaterThan(1 / 7);
    expect(round.imagesPerSecond).toBeGreaterThan(0);
    const { tensors } = await readSafetensors(
      join(workspaceFolder, 'rounds', String(round.round), 'embeddings.safetensors'),
    );
    expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ['ids', 'I64', [IMAGES]],
      ['embeddings', 'F16', [IMAGES, 32]],
    ]);
    const again = await label('--run', 'tiny', '--network', 'adaptation', '--step', '6', '--no-embeddings');
    expect(again).toMatchObject({ name: 'tiny adaptation step 6 on people (2)', embeddingSize: null });
    const flips = flipsSchema.parse(await rounds('flips', String(round.id), again.name));
    expect(flips).toMatchObject({ compared: IMAGES, changed: 0, onlyFrom: 0, onlyTo: 0 });
    const earlier = await label('--run', 'tiny', '--network', 'base', '--step', '3', '--name', 'early');
    expect(earlier).toMatchObject({ step: 3, network: 'base', name: 'early' });
  },
);

test('rounds of training came by themselves, with the feedback’s strongest batches', { timeout: 120_000 }, async () => {
  const list = z.array(roundSchema).parse(await rounds('list', '--run', 'tiny'));
  const trained = list.filter(({ origin }) => origin === 'training');
  expect(trained.map(({ network, step, count, status }) => ({ network, step, count, status }))).toEqual(
    [6, 3].flatMap((step) =>
      ['adaptation', 'base'].map((network) => ({ network, step, count: 10, status: 'finished' })),
    ),
  );
  const extremes = z.array(feedbackExtremeSchema).parse(await rounds('feedback', '--run', 'tiny'));
  expect(extremes.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  const batch = feedbackBatchSchema.parse(await rounds('feedback', '--run', 'tiny', '--step', '4'));
  expect(batch).toMatchObject({ step: 4, feedback: extremes[4]!.feedback });
  expect(batch.labeled.map(({ image }) => image?.source)).toEqual(Array(4).fill('faces'));
  expect(batch.unlabeled.map(({ image }) => image?.source)).toEqual(Array(4).fill('people'));
  const missing = await runCommand('rounds', 'feedback', '--run', 'tiny', '--step', '99', ...workspace);
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('was not kept') as string });
});

test('a round from a csv of another program: bad rows are told with their lines', { timeout: 180_000 }, async () => {
  const { rows } = queryPageSchema.parse(await runJson('query', '--source', 'people', ...workspace));
  const paths = rows.map(({ path }) => path);
  const sure = '0.9,0.1,0,0,0,0,0';
  const lines = [
    'path,happy,neutral,sad,surprise,fear,disgust,anger',
    `${paths[0]},${sure}`,
    `${paths[1]},0.2,0.8,0,0,0,0,0`,
    `${paths[0]},${sure}`,
    `nowhere.png,${sure}`,
    `${paths[2]},3,1,0,0,0,0,0`,
    `${paths[3]},0.5,0.1,0,0,0,0,0`,
    `${paths[4]},x,0.1,0,0,0,0,0`,
    `${paths[5]},1`,
    `${join(folder, 'people', paths[6]!)},${sure}`,
  ];
  const file = join(folder, 'answers.csv');
  writeFileSync(file, lines.join('\n'));
  const round = await label('--from', file, '--name', 'torch');
  expect(round).toMatchObject({ origin: 'file', count: 3, total: 9, problems: 6, name: 'torch', network: null });
  expect(round.perClass.slice(0, 3).map(({ name, count }) => [name, count])).toEqual([
    ['neutral', 1],
    ['happy', 2],
    ['sad', 0],
  ]);
  expect(round.errors.map(({ line, place, reason }) => `${line} ${place}: ${reason}`)).toEqual([
    `4 ${paths[0]}: The image is in line 2 already.`,
    '5 nowhere.png: The source “people” has no image at that path.',
    `6 ${paths[2]}: Its probability 1 of 7 is 3, outside 0 … 1: give softmax outputs, not logits.`,
    `7 ${paths[3]}: Its probabilities sum to 0.6, not to 1: give softmax outputs.`,
    `8 ${paths[4]}: Its probability 1 of 7 is not a number.`,
    '9 : The row has 2 fields and the first line 8.',
  ]);
  const timeline = z.array(pseudoLabelSchema).parse(await rounds('image', String(rows[0]!.id)));
  expect(timeline.find(({ name }) => name === 'torch')).toMatchObject({ label: 1, confidence: Math.fround(0.9) });
  const preview = thresholdPreviewSchema.parse(await rounds('thresholds', 'torch', '--at', '0.85'));
  expect(preview).toMatchObject({ count: 3, accepted: 2, imbalanceRatio: 1 });
  const perClass = thresholdPreviewSchema.parse(await rounds('thresholds', 'torch', '--at', '0.5,0.95,1,1,1,1,1'));
  expect(perClass.perClass.map(({ accepted }) => accepted)).toEqual([1, 0, 0, 0, 0, 0, 0]);
  const distribution = distributionSchema.parse(await rounds('distribution', 'torch'));
  expect(distribution.perClass[1]).toMatchObject({ name: 'happy', labeledCount: 2, pseudoCount: 2 });
  expect(roundCalibrationSchema.parse(await rounds('calibration', 'torch'))).toMatchObject({ known: 0, ece: null });
});

test('what cannot be done says why', { timeout: 180_000 }, async () => {
  const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['pseudo-label', '--source', 'people'], 2, /one origin/],
    [['pseudo-label', '--from', 'x.csv', '--source', 'people'], 2, /needs a name/],
    [['pseudo-label', '--from', join(folder, 'none.csv'), '--source', 'people', '--name', 'n'], 1, /No such file/],
    [['pseudo-label', '--run', 'tiny', '--source', 'people', '--step', '5'], 1, /no checkpoint of step 5/],
    [['pseudo-label', '--run', 'tiny', '--source', 'people', '--name', 'torch'], 1, /already/],
    [['rounds', 'thresholds', 'torch', '--at', '0.5,0.5'], 2, /7 classes and got 2 thresholds/],
  ];
  for (const [command, code, sentence] of wrong) {
    const ended = await runCommand(...command, ...workspace);
    expect(ended.stderr, command.join(' ')).toMatch(sentence);
    expect(ended.code, command.join(' ')).toBe(code);
  }
});

test('a deleted round is gone with its labels and embeddings', { timeout: 120_000 }, async () => {
  const { id } = roundSchema.parse(await rounds('show', 'early'));
  await rounds('delete', 'early');
  const { code, stderr } = await runCommand('rounds', 'show', String(id), ...workspace);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`no round ${id}`) as string });
});
