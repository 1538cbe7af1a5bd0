import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  auditReportSchema,
  decisionBatchSchema,
  queueListSchema,
  queuePageSchema,
  reviewStatsSchema,
} from '#shared/review.ts';
import { agreementSchema, decisionImportSchema, reviewedSubsetSchema } from '#shared/review-use.ts';
import { writeClassFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** Looking labels through from the command line: every queue, threshold and decision. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-review-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const CLASSES = ['neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'anger'];
const review = (...parameters: string[]) => runJson<unknown>('review', ...parameters, ...workspace);

beforeAll(async () => {
  await writeClassFolders(join(folder, 'faces'), { perClass: 4, size: 40 });
  await runJson('import', join(folder, 'faces'), '--format', 'folder', '--source', 'faces', ...workspace);
  // A network that is sure of every label but one: happy/0.png it takes for anger.
  const rows = CLASSES.flatMap((name) =>
    [0, 1, 2, 3].map((number) => {
      const told = name === 'happy' && number === 0 ? 'anger' : name;
      return `${name}/${number}.png,${CLASSES.map((column) => (column === told ? 0.94 : 0.01)).join(',')}`;
    }),
  );
  writeFileSync(join(folder, 'labels.csv'), [`path,${CLASSES.join(',')}`, ...rows].join('\n'));
  await runJson(
    'pseudo-label',
    '--from',
    join(folder, 'labels.csv'),
    '--source',
    'faces',
    '--name',
    'out of sample',
    ...workspace,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('queue, rank, decide, undo, redo, log and stats', { timeout: 180_000 }, async () => {
  const { queues } = queueListSchema.parse(await review('queue', '--round', 'out of sample'));
  expect(queues.find(({ queue }) => queue === 'confident-learning')).toMatchObject({ count: 1, undecided: 1 });
  const { suspects } = queuePageSchema.parse(await review('rank', '--round', 'out of sample', '--limit', '1'));
  const [first] = suspects;
  expect(first).toMatchObject({ image: { path: 'happy/0.png' }, label: 1, predicted: 6 });
  const image = String(first!.image.id);
  const decide = [
    'decide',
    '--image',
    image,
    '--reviewer',
    'ann',
    '--seconds',
    '6',
    '--queue',
    'mixed',
    '--reason',
    'brows',
  ];
  const made = decisionBatchSchema.parse(
    await review(...decide, '--verdict', 'relabel', '--label', 'anger', '--seen', 'happy', '--round', 'out of sample'),
  );
  expect(made.first).toMatchObject({ from: 1, to: 6 });
  const acts = z.array(decisionBatchSchema);
  expect(acts.parse(await review('undo', '--reviewer', 'ann'))).toMatchObject([{ kind: 'undo', target: made.id }]);
  expect(acts.parse(await review('redo', '--reviewer', 'ann'))).toMatchObject([{ kind: 'redo', target: made.id }]);
  expect(acts.parse(await review('log')).map(({ kind }) => kind)).toEqual(['redo', 'undo', 'decision']);
  expect(await review('log', '--image', image)).toMatchObject([{ reviewer: 'ann', from: 1, to: 6, reason: 'brows' }]);
  const stats = reviewStatsSchema.parse(await review('stats', '--reviewer', 'ann'));
  expect(stats.queues).toMatchObject([{ name: 'mixed', decided: 1, corrections: 1, correctionsPerMinute: 10 }]);
  const again = await runCommand('review', 'redo', '--reviewer', 'ann', ...workspace);
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is nothing of ann to redo.') as string,
  });
});

test('a bulk decision by a filter, export, import with conflicts, and agreement', async () => {
  const bulk = ['decide', '--source', 'faces', '--class', 'sad', '--verdict', 'accept', '--reviewer', 'bob'];
  expect(await review(...bulk)).toMatchObject({ images: 4 });
  const file = join(folder, 'decisions.csv');
  expect(await review('export', file)).toEqual({ file, decisions: 5 });
  // Somebody else sees one of the four otherwise.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(sad\/0\.png,0,)bob,accept,sad/, '$1eve,relabel,fear'));
  const taken = decisionImportSchema.parse(await review('import', file));
  expect(taken).toMatchObject({ added: 0, same: 4, conflictCount: 1, overwritten: 0 });
  expect(taken.conflicts[0]).toMatchObject({
    path: 'sad/0.png',
    here: { reviewer: 'bob' },
    file: { reviewer: 'eve', label: 4 },
  });
  const agreement = agreementSchema.parse(await review('agreement', 'bob', 'eve', '--file', file));
  expect(agreement).toMatchObject({ images: 1, observed: 0 });
});

test('a blind audit from its draw to its report, by thresholds', async () => {
  const start = ['audit', 'start', 'first', '--round', 'out of sample', '--threshold', '0.9', '--per-class', '1'];
  expect(auditReportSchema.parse(await review(...start))).toMatchObject({ population: 28, sampled: 7, answered: 0 });
  const { image } = (await review('audit', 'next', 'first')) as { image: number };
  const kept = await review('audit', 'answer', 'first', '--image', String(image), '--answer', 'unsure');
  expect(JSON.stringify(kept)).not.toContain('label');
  expect(auditReportSchema.parse(await review('audit', 'show', 'first'))).toMatchObject({ answered: 1 });
  expect(z.array(auditReportSchema).parse(await review('audit'))).toHaveLength(1);
});

test('a subset of what was decided, weights and keys', async () => {
  const made = reviewedSubsetSchema.parse(await review('subset', 'clean', '--base', 'faces'));
  expect(made.subset.counts).toEqual([4, 3, 4, 4, 4, 4, 5]);
  const weighed = ['--base', 'faces', '--weight', 'reviewed=3', '--weight', 'unreviewed=0.5'];
  const heavy = reviewedSubsetSchema.parse(await review('subset', 'heavy', ...weighed));
  expect(heavy.subset.rule).toContain('reviewed counting 3 times');
  expect(await review('weights', '--weight', 'margin=0.7')).toMatchObject({ margin: 0.7 });
  expect(await review('keys', '--set', 'anger=a')).toMatchObject({ anger: 'a', happy: '2' });
  expect(await review('confident', '--round', 'out of sample')).toMatchObject({ images: 28 });
});

test('wrong usage says what to do', async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['decide', '--verdict', 'accept'], /either --image, or a filter/],
    [['decide', '--image', '1', '--verdict', 'relabel'], /--label is for --verdict relabel/],
    [['audit', 'start', 'other'], /either --round, or a filter/],
    [['rank', '--round', 'nothing'], /There is no round “nothing”/],
  ];
  for (const [parameters, message] of cases) {
    const { code, stderr } = await runCommand('review', ...parameters, ...workspace);
    expect(code, stderr).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
  }
});
