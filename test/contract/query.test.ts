import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { subsetSchema } from '#shared/catalog.ts';
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

test('wrong filters end with 2 and say what is possible', async () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['query', '--class', 'smug'], /neutral, happy, .* or none/],
    [['query', '--split', 'training'], /train, validation, test, unlabeled/],
    [['query', '--size', 'big'], /below-48/],
    [['query', '--sort', 'beauty'], /id, path, label/],
    [['query', '--text', 'ab'], /at least 3 characters/],
    [['query', '--cursor', 'here'], /no cursor of this order/],
    [['facets', '--excluded', 'maybe'], /no, only, any/],
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
