import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { catalogStatsSchema, subsetSchema } from '#shared/catalog.ts';
import { facetsSchema, queryPageSchema } from '#shared/query.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** What the screens of data show, from the command line. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-query-'));
const workspace = ['--workspace', join(folder, 'workspace')];

beforeAll(async () => {
  await writeClassFolders(join(folder, 'faces', 'train'), { perClass: 4 });
  await writeIdentityFolders(join(folder, 'people'), { identities: 5, perIdentity: 4 });
  await runJson('import', join(folder, 'faces'), '--format', 'folder', ...workspace);
  await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('query gives rows of a filter in an order, and goes on behind a cursor', async () => {
  const ask = (...more: string[]) =>
    runJson<unknown>(
      'query',
      '--class',
      'happy',
      '--class',
      'Anger',
      '--sort',
      'path',
      '--descending',
      ...more,
      ...workspace,
    );
  const all = queryPageSchema.parse(await ask());
  expect(all.nextCursor).toBeNull();
  expect(all.rows).toHaveLength(8);
  expect(all.rows.map(({ path }) => path)).toEqual(
    all.rows
      .map(({ path }) => path)
      .toSorted()
      .reverse(),
  );
  expect(new Set(all.rows.map(({ label }) => label))).toEqual(new Set([1, 6]));
  const first = queryPageSchema.parse(await ask('--limit', '3'));
  const rest = queryPageSchema.parse(await ask('--cursor', first.nextCursor!));
  expect([...first.rows, ...rest.rows]).toEqual(all.rows);
  const { code, stdout } = await runCommand('query', '--text', 'nobody', ...workspace);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'No image meets this filter.\n' });
});

test('facets counts each facet under the others', async () => {
  const facets = facetsSchema.parse(await runJson('facets', '--class', 'none', '--text', 'person_000', ...workspace));
  expect(facets).toMatchObject({
    total: 20,
    complete: true,
    sources: [{ value: 'people', count: 20 }],
    labels: [{ value: null, count: 20 }],
  });
  const { stdout } = await runCommand('facets', '--split', 'train', ...workspace);
  expect(stdout).toMatch(/^28 images\.\n/);
  expect(stdout).toMatch(/class +happy +4\n/);
});

test('a round of a file, what people decided and similar faces are filtered by', { timeout: 60_000 }, async () => {
  const list = queryPageSchema.parse(await runJson('query', '--source', 'people', ...workspace));
  const csv = join(folder, 'labels.csv');
  // Ten are happy for sure, ten are sad, and hardly.
  const lines = list.rows.map(({ path }, row) => (row < 10 ? `${path},0.05,0.9,0.05` : `${path},0.3,0.3,0.4`));
  writeFileSync(csv, ['path,neutral,happy,sad', ...lines].join('\n'));
  await runJson('pseudo-label', '--from', csv, '--source', 'people', '--name', 'first', ...workspace);

  const sure = ['--round', 'first', '--confidence', '0.5..', ...workspace];
  const page = queryPageSchema.parse(await runJson('query', ...sure, '--sort', 'confidence', '--descending'));
  expect(page.rows).toHaveLength(10);
  expect(page.rows[0]!.pseudo).toMatchObject({ label: 1, confidence: Math.fround(0.9) });
  const facets = facetsSchema.parse(await runJson('facets', '--round', '1', '--pseudo-label', 'sad', ...workspace));
  expect(facets.total).toBe(10);
  expect(facets.round).toMatchObject({
    ...{ name: 'first', source: 'people' },
    pseudoLabels: [
      { value: 1, count: 10 },
      { value: 2, count: 10 },
    ],
  });
  expect(facets.round!.confidence.map((count, bin) => (count > 0 ? bin : -1)).filter((bin) => bin >= 0)).toEqual([8]);
  const table = await runCommand('query', ...sure, '--limit', '1');
  expect(table.stdout).toMatch(/pseudo label +confidence +margin/);
  expect(table.stdout).toMatch(/ happy +0\.900 +0\.850 /);

  await runJson('review', 'decide', '--verdict', 'reject', '--round', 'first', '--margin', '..0.5', ...workspace);
  const reviewed = facetsSchema.parse(await runJson('facets', '--source', 'people', ...workspace)).reviewed;
  expect(reviewed).toEqual([
    { value: 'undecided', count: 10 },
    { value: 'rejected', count: 10 },
  ]);
  const rejected = queryPageSchema.parse(await runJson('query', '--reviewed', 'rejected', ...workspace));
  expect(rejected.rows.map(({ id }) => id)).toEqual(list.rows.slice(10).map(({ id }) => id));
  const out = join(folder, 'sure.csv');
  expect(await runJson('export', out, '--format', 'csv', ...sure)).toMatchObject({ images: 10 });

  const stats = catalogStatsSchema.parse(await runJson<object>('stats', ...workspace));
  expect(stats.mismatch).toMatchObject({ round: { name: 'first' }, pseudoCounts: [0, 10, 10, 0, 0, 0, 0] });
  const { stdout } = await runCommand('stats', '--round', 'first', ...workspace);
  expect(stdout).toMatch(/happy +14\.29 % +50\.00 % +\+35\.7 points/);

  const alike = ['query', '--similar-to', String(list.rows[0]!.id), ...workspace];
  const early = await runCommand(...alike);
  expect(early.code).toBe(1);
  expect(early.stderr).toContain('is not analyzed yet');
  await runJson('analyze', ...workspace);
  const similar = await runJson<{ rows: { id: number; distance: number }[]; similar: object }>(...alike);
  expect(similar.similar).toMatchObject({ measure: 'hash', round: null });
  expect(similar.rows[0]).toMatchObject({ id: list.rows[0]!.id, distance: 0 });
  const distances = similar.rows.map(({ distance }) => distance);
  expect(distances).toEqual(distances.toSorted((one, other) => one - other));
  const count = similar.rows.length;
  const exported = await runJson('export', join(folder, 'alike.csv'), '--format', 'csv', ...alike.slice(1));
  expect(exported).toMatchObject({ images: count });
  expect((await runCommand(...alike)).stdout).toMatch(/^The faces most like \d+ of \d+, by perceptual hashes/);
});

test('wrong filters end with 2 and say what is possible', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['query', '--class', 'smug'], /neutral, happy, .* or none/],
    [['query', '--split', 'training'], /train, validation, test, unlabeled/],
    [['query', '--size', 'big'], /below-48/],
    [['query', '--sort', 'beauty'], /id, path, label/],
    [['query', '--text', 'ab'], /at least 3 characters/],
    [['query', '--cursor', 'here'], /no cursor of this order/],
    [['facets', '--excluded', 'maybe'], /no, only, any/],
    [['query', '--round', 'first', '--confidence', '0.9..0.3'], /0\.2\.\.0\.5/],
    [['query', '--margin', '0.5..'], /say which round/],
    [['query', '--sort', 'margin'], /none is chosen/],
    [['subset', 'a@2', '--per-class', '1'], /no @/],
    [['subset', 'a'], /either perClass or fraction/],
    [['subset', 'a', '--from', 'x.csv', '--per-class', '2'], /--from takes no filter/],
  ];
  for (const [parameters, sentence] of wrong) {
    const { code, stdout, stderr } = await runCommand(...parameters, ...workspace);
    expect(stderr).toMatch(sentence);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
  }
  const unknown = await runCommand('query', '--source', 'none', ...workspace);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('no source named “none”');
});

test('subsets have versions, go out as csv and come back as the same images', async () => {
  const csv = join(folder, 'set.csv');
  const make = async (...options: string[]) =>
    subsetSchema.parse(await runJson('subset', 'set', ...options, ...workspace));
  const first = await make('--per-class', '2', '--out', csv);
  const second = await make('--from', csv);
  expect([first.version, second.version]).toEqual([1, 2]);
  expect(second).toMatchObject({ counts: first.counts, rule: 'listed in set.csv' });
  const versions = z.array(subsetSchema).parse(await runJson('subsets', 'set', ...workspace));
  expect(versions).toEqual([first, second]);
  expect(z.array(subsetSchema).parse(await runJson('subsets', ...workspace))).toEqual([second]);
});

test('a validation split is carved out of the training split and put back', async () => {
  const held = subsetSchema.parse(
    await runJson('subset', 'held', '--split-off', 'validation', '--per-class', '1', '--seed', '3', ...workspace),
  );
  expect(held).toMatchObject({ splitOff: 'validation', counts: [1, 1, 1, 1, 1, 1, 1] });
  const splits = async () => facetsSchema.parse(await runJson('facets', '--class', 'sad', ...workspace)).splits;
  expect(await splits()).toEqual([
    { value: 'train', count: 3 },
    { value: 'validation', count: 1 },
  ]);
  expect(await runJson('subset', 'held', '--rejoin', ...workspace)).toEqual({ name: 'held', moved: 7 });
  expect(await splits()).toEqual([{ value: 'train', count: 4 }]);
});

test('a run says for good which version of a subset it trained on', async () => {
  const tiny = ['--width', '4', '--resize', '16', '--batch-size', '4', '--workers', '0', '--total-steps', '2'];
  await runJson('subset', 'held', '--split-off', 'validation', '--per-class', '1', ...workspace);
  await runJson(
    ...['train', '--name', 'pinned', '--method', 'supervised', '--labeled', 'set', ...tiny],
    ...['--finetune-epochs', '0', '--eval-step', '2', ...workspace],
  );
  const run = await runJson<{ request: { labeled: string } }>('runs', 'show', 'pinned', ...workspace);
  expect(run.request.labeled).toBe('set@2');
});
