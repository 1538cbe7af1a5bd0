import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  calibrationFileSchema,
  evaluationReportSchema,
  runComparisonSchema,
  seedComparisonSchema,
  type PairComparison,
  type WrongPage,
} from '#shared/evaluation.ts';
import { readSafetensors } from '#main/interchange/safetensors.ts';
import { writeClassFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** Evaluating and comparing runs, by real processes. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-evaluate-'));
const place = join(folder, 'workspace');
const workspace = ['--workspace', place];

const trainTiny = (name: string, seed: number) =>
  runJson(
    ...['train', '--name', name, '--seed', String(seed), '--method', 'supervised', '--labeled', 'faces'],
    ...['--arch', 'resnet18', '--width', '4', '--resize', '16', '--batch-size', '4', '--mu', '1', '--workers', '0'],
    ...['--total-steps', '12', '--eval-step', '6', '--finetune-epochs', '0', ...workspace],
  );

beforeAll(async () => {
  await writeClassFolders(join(folder, 'faces', 'train'), { perClass: 4 });
  await writeClassFolders(join(folder, 'faces', 'val'), { perClass: 3 });
  await writeClassFolders(join(folder, 'faces', 'test'), { perClass: 3 });
  await runJson('import', join(folder, 'faces'), '--format', 'folder', ...workspace);
  for (const seed of [0, 1]) await trainTiny(`tiny${seed}`, seed);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an evaluation is kept, image by image, and told with intervals and a page', { timeout: 240_000 }, async () => {
  const page = join(folder, 'report.html');
  const document = await runJson<{ id: string; wrong: WrongPage['rows']; report: string }>(
    ...['evaluate', '--run', 'tiny0', '--split', 'test', '--bootstrap', '200', '--wrong', '3', '--report', page],
    ...workspace,
  );
  const report = evaluationReportSchema.parse(document);
  expect(report).toMatchObject({ count: 21, failed: 0, bootstrap: { resamples: 200, seed: 0 }, calibrated: null });
  expect(report.intervals.accuracy[0]).toBeLessThanOrEqual(report.accuracy);
  expect(report.intervals.accuracy[1]).toBeGreaterThanOrEqual(report.accuracy);
  const wrongCount = report.count - report.confusion.reduce((sum, row, index) => sum + row[index]!, 0);
  expect(document.wrong).toHaveLength(Math.min(3, wrongCount));
  const confidences = document.wrong.map(({ confidence }) => confidence);
  expect(confidences).toEqual(confidences.toSorted((one, other) => other - one));
  expect(document.wrong.every(({ label, predicted, path }) => label !== predicted && path!.includes('test'))).toBe(
    true,
  );
  expect(document.report).toBe(page);
  expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>[^]*tiny0 on test[^]*data:image\/webp/);

  expect(document.id).toBe('runs/tiny0/evaluations/1');
  const { tensors } = await readSafetensors(join(place, `${document.id}.safetensors`));
  expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
    ['image', [21]],
    ['label', [21]],
    ['probability', [21, 7]],
  ]);
  // The same again takes its place.
  await runJson('evaluate', '--run', 'tiny0', '--split', 'test', '--bootstrap', '200', ...workspace);
  expect(readdirSync(join(place, 'runs', 'tiny0', 'evaluations'))).toEqual(['1.safetensors']);
});

test('a checkpoint of no run is evaluated under a class map', { timeout: 240_000 }, async () => {
  const map = join(folder, 'map.csv');
  writeFileSync(map, 'fear,surprise\ndisgust,-\n');
  const best = join(place, 'runs', 'tiny0', 'best');
  const network = (await runJson<{ best: { network: string } }>('runs', 'show', 'tiny0', ...workspace)).best.network;
  const document = await runJson<{ id: string }>(
    ...['evaluate', '--checkpoint', best, '--network', network, '--split', 'test', '--map', map, ...workspace],
  );
  expect(document.id).toBe('evaluations/1');
  const report = evaluationReportSchema.parse(document);
  expect(report.classes).toEqual(['neutral', 'happy', 'sad', 'surprise', 'anger']);
  expect(report.leftOut).toEqual({ disgust: 3 });
  expect(report.perClass.map(({ support }) => support)).toEqual([3, 3, 3, 6, 3]);

  writeFileSync(map, 'smirk,happy\n');
  const { code, stderr } = await runCommand(
    'evaluate',
    '--run',
    'tiny0',
    '--split',
    'test',
    '--map',
    map,
    ...workspace,
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/“smirk”, which is no class of network or data/);
});

test('runs are compared on the same images', { timeout: 240_000 }, async () => {
  const page = join(folder, 'comparison.html');
  const comparison = runComparisonSchema.parse(
    await runJson('runs', 'compare', 'tiny0', 'tiny1', '--split', 'test', '--report', page, ...workspace),
  );
  expect(comparison.runs.map(({ run }) => run)).toEqual(['tiny0', 'tiny1']);
  const [pair] = comparison.pairs;
  const [first, second] = comparison.runs.map(({ evaluation }) => evaluation.record.id);
  const { against } = await runJson<{ against: PairComparison }>(
    ...['evaluate', '--run', 'tiny1', '--split', 'test', '--against', first!, ...workspace],
  );
  expect([against.first.id, against.second.id]).toEqual([first, second]);
  expect(against.mcNemar).toEqual(pair!.mcNemar);
  const { onlyFirst, onlySecond, method } = pair!.mcNemar;
  expect([pair!.count, method]).toEqual([21, 'exact']);
  expect(pair!.bothRight + pair!.bothWrong + onlyFirst + onlySecond).toBe(21);
  expect(pair!.differing).toHaveLength(onlyFirst + onlySecond);
  expect(comparison.settings).toEqual([{ name: 'seed', values: ['0', '1'] }]);
  expect(readFileSync(page, 'utf8')).toMatch(/tiny1 against tiny0/);

  const { groups } = seedComparisonSchema.parse(
    await runJson('runs', 'compare', '--seeds', '--split', 'test', '--report', page, ...workspace),
  );
  expect(groups).toHaveLength(1);
  const [group] = groups;
  expect(group!.runs.map(({ run, seed }) => [run, seed])).toEqual([
    ['tiny0', 0],
    ['tiny1', 1],
  ]);
  const accuracies = comparison.runs.map(({ evaluation }) => evaluation.accuracy);
  expect(group!.accuracy.mean).toBeCloseTo((accuracies[0]! + accuracies[1]!) / 2, 12);

  expect(readFileSync(page, 'utf8')).toMatch(/Means over seeds on test/);

  const plain = await runJson<{ runs: { id: string }[]; labelChanges: unknown[] }>(
    ...['runs', 'compare', 'tiny0', 'tiny1', ...workspace],
  );
  expect(plain.runs.map(({ id }) => id)).toEqual(['tiny0', 'tiny1']);
  // The same labeled set; no round of either.
  expect(plain.labelChanges).toMatchObject([
    { first: 'tiny0', second: 'tiny1', rounds: [], fixed: { changed: 0, onlyFrom: 0, onlyTo: 0 } },
  ]);
  const text = await runCommand('runs', 'compare', 'tiny0', 'tiny1', ...workspace);
  expect(text.stdout).toContain('tiny0 and tiny1 have no rounds of pseudo labels over the same source.');
});

test('a temperature is fitted on validation and kept beside the checkpoint', { timeout: 240_000 }, async () => {
  const document = await runJson('evaluate', '--run', 'tiny0', '--split', 'test', '--calibrate', ...workspace);
  const report = evaluationReportSchema.parse(document);
  const file = join(place, report.record.checkpoint, 'calibration.json');
  const { networks } = calibrationFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const fitted = networks[report.network]!;
  expect(report.calibrated!.temperature).toEqual(fitted);
  expect(fitted).toMatchObject({ split: 'validation', count: 21, step: report.step });
  expect(fitted.nllAfter).toBeLessThan(fitted.nllBefore);
});

test('wrong requests are told before anything is computed', { timeout: 240_000 }, async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['runs', 'compare', 'tiny0', '--split', 'test'], /Name two runs or more/],
    [['runs', 'compare', 'tiny0', 'tiny1', '--report', 'x.html'], /--report needs the split/],
    [['runs', 'compare', '--seeds', '--map', 'x.csv'], /--seeds goes without/],
    [['evaluate', '--run', 'tiny0', '--split', 'test', '--bootstrap', '0'], /whole number above 0/],
  ];
  for (const [command, sentence] of cases) {
    const { code, stderr } = await runCommand(...command, ...workspace);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  }
});

test('runs are tagged, and found by their tags', { timeout: 240_000 }, async () => {
  const tag = (...parameters: string[]) => runJson<unknown>('runs', 'tag', ...parameters, ...workspace);
  expect(await tag('tiny0', 'paper', 'ablation')).toEqual({ run: 'tiny0', tags: ['ablation', 'paper'] });
  expect(await tag('tiny0', '--remove', 'ablation')).toEqual({ run: 'tiny0', tags: ['paper'] });
  expect(await tag('tiny0')).toEqual({ run: 'tiny0', tags: ['paper'] });
  const found = await runJson<{ id: string }[]>('runs', 'list', '--tag', 'paper', ...workspace);
  expect(found.map(({ id }) => id)).toEqual(['tiny0']);
  const wrong = await runCommand('runs', 'tag', 'tiny0', 'a,b', ...workspace);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('holds a comma') as string });
});

test(
  'a run tells which of its labels were reviewed, and how they differ from another run’s',
  { timeout: 240_000 },
  async () => {
    const { rows } = await runJson<{ rows: { id: number }[] }>(
      'query',
      '--split',
      'train',
      '--limit',
      '1',
      ...workspace,
    );
    const image = rows[0]!.id;
    await runJson(
      ...['review', 'decide', '--image', String(image), '--verdict', 'relabel', '--label', 'fear', '--reviewer', 'ann'],
      ...workspace,
    );
    await trainTiny('reviewed', 0);
    expect(await runJson('runs', 'labels', 'reviewed', ...workspace)).toMatchObject({
      reviewed: { labeled: { images: 1, relabeled: 1 }, reviewers: ['ann'] },
      labels: [{ image, label: 4, verdict: 'relabel', reviewer: 'ann' }],
      nextAfterImage: null,
    });
    const shown = await runCommand('runs', 'show', 'reviewed', ...workspace);
    expect(shown.stdout).toContain('Reviewed labels: 1 (1 relabeled), by ann, up to decision 1.');
    const { stdout } = await runCommand('runs', 'compare', 'tiny0', 'reviewed', ...workspace);
    expect(stdout).toMatch(/Fixed labels, from \S+ to \S+: 1 of \d+ in both differ, 1 of them by decisions\./);
    const { labelChanges } = await runJson<{ labelChanges: unknown[] }>(
      ...['runs', 'compare', 'tiny0', 'reviewed', ...workspace],
    );
    expect(labelChanges).toMatchObject([{ fixed: { changed: 1, images: [{ image, to: 4 }] } }]);
  },
);
