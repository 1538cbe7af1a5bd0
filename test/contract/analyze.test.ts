import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { analysisResultSchema, dataMismatchSchema, duplicatePageSchema, exclusionSchema } from '#shared/analysis.ts';
import { facetsSchema, queryPageSchema } from '#shared/query.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** Analysis, duplicates and exclusions from the command line. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-analyze-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const faces = join(folder, 'faces');

beforeAll(async () => {
  await writeClassFolders(join(faces, 'train'), { perClass: 3, size: 40 });
  await writeClassFolders(join(faces, 'validation'), { perClass: 1, size: 40, seed: 9 });
  await writeIdentityFolders(join(folder, 'people'), { identities: 2, perIdentity: 3, size: 60 });
  // One leak, and one image with two labels.
  copyFileSync(join(faces, 'train', 'happy', '0.png'), join(faces, 'validation', 'happy', 'leak.png'));
  copyFileSync(join(faces, 'train', 'sad', '1.png'), join(faces, 'train', 'fear', 'copy.png'));
  await runJson('import', faces, '--format', 'folder', ...workspace);
  await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const duplicates = (...options: string[]) =>
  runJson<{ counts: { groups: number; leaks: number; contradictions: number }; distance: number }>(
    'duplicates',
    ...options,
    ...workspace,
  );
const countOf = async (...filter: string[]) =>
  facetsSchema.parse(await runJson('facets', ...filter, ...workspace)).total;

test('before an analysis, duplicates and exclusions of them say what to do', async () => {
  for (const command of [['duplicates'], ['exclude', '--leaks', '--reason', 'clean']]) {
    const { code, stderr } = await runCommand(...command, ...workspace);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/Run `analyze` first\.|Analyze the images first \(`analyze`\)\./),
    });
  }
});

test('analyze looks at every image once and tells what it found', async () => {
  const first = analysisResultSchema.parse(await runJson('analyze', ...workspace));
  expect(first).toMatchObject({ analyzed: 36, skipped: 0, failed: 0 });
  expect(first.summary).toMatchObject({
    ...{ images: 36, analyzed: 36 },
    exact: { groups: 2, images: 4, leaks: 1, contradictions: 1, isCurrent: true },
    near: { distance: 6, leaks: expect.any(Number) as number },
  });
  const { code, stdout } = await runCommand('analyze', ...workspace);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^0 analyzed, 36 before, 0 failed/);
  expect(stdout).toContain('Exact duplicates: 2 groups of 4 images; 1 cross splits, 1 contradict themselves.');
  const wrong = await runCommand('analyze', '--distance', '99', ...workspace);
  expect(wrong.code).toBe(2);
});

test('duplicates lists the groups, all or those with a fault, and searches anew with another distance', async () => {
  const all = await duplicates();
  expect(all.counts).toEqual({ groups: 2, images: 4, leaks: 1, contradictions: 1 });
  const { groups } = duplicatePageSchema
    .extend({ nextCursor: z.string().nullable() })
    .parse(await duplicates('--leaks'));
  expect(groups).toHaveLength(1);
  expect(groups[0]!.members.map(({ path }) => path)).toEqual(['train/happy/0.png', 'validation/happy/leak.png']);
  const { stdout } = await runCommand('duplicates', '--contradictions', ...workspace);
  expect(stdout).toContain('train/fear/copy.png');
  expect(stdout).not.toContain('leak.png');
  expect((await duplicates('--distance', '0')).distance).toBe(0);
  expect((await duplicates('--near')).distance).toBe(0);
  const one = await duplicates('--limit', '1');
  const rest = await runJson<{ groups: unknown[] }>(
    ...['duplicates', '--cursor', (one as unknown as { nextCursor: string }).nextCursor, ...workspace],
  );
  expect(rest.groups).toHaveLength(1);
  for (const wrong of [
    ['--leaks', '--contradictions'],
    ['--cursor', 'here'],
  ]) {
    expect((await runCommand('duplicates', ...wrong, ...workspace)).code).toBe(2);
  }
});

test('quality and duplicates are filters of every list', async () => {
  const leaks = queryPageSchema.parse(await runJson('query', '--duplicates', 'exact-leak', ...workspace));
  expect(leaks.rows.map(({ path }) => path).sort()).toEqual(['train/happy/0.png', 'validation/happy/leak.png']);
  const { qualities } = facetsSchema.parse(await runJson('facets', ...workspace));
  const counts = qualities.map(({ count }) => count);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(36);
  expect(qualities.some(({ value }) => value === 'unknown')).toBe(false);
  expect(await countOf('--quality', 'unknown')).toBe(0);
  expect((await runCommand('query', '--quality', 'ugly', ...workspace)).code).toBe(2);
});

test('stats says how labeled and unlabeled faces differ', async () => {
  const { measures } = z.object({ measures: dataMismatchSchema }).parse(await runJson('stats', ...workspace));
  expect(measures).toMatchObject({ labeled: 22, unlabeled: 6 });
  const size = measures.measures.find(({ measure }) => measure === 'size')!;
  expect(size).toMatchObject({ totalVariation: 1, labeled: { mean: 40 }, unlabeled: { mean: 60 } });
  const { stdout } = await runCommand('stats', ...workspace);
  expect(stdout).toContain('The unlabeled faces are very much larger.');
});

test('leaks and contradictions are excluded in one step each, and taken back', async () => {
  const before = await countOf('--split', 'validation');
  const exclude = (...options: string[]) => runJson('exclude', ...options, ...workspace);
  const leaks = exclusionSchema.parse(await exclude('--leaks', '--reason', 'seen in training'));
  expect(leaks).toMatchObject({ excluded: true, images: 1, reason: 'seen in training' });
  expect(await countOf('--split', 'validation')).toBe(before - 1);
  expect((await duplicates()).counts.leaks).toBe(0);
  const both = exclusionSchema.parse(await exclude('--contradictions', '--reason', 'which label is right?'));
  expect(both).toMatchObject({ images: 2 });
  expect(await exclude('--leaks', '--reason', 'again')).toEqual({ images: 0 });
  expect(await exclude('--undo')).toMatchObject({ excluded: false, images: 2, undoes: both.id });
  expect(await exclude('--undo')).toMatchObject({ excluded: false, images: 1, undoes: leaks.id });
  expect(await countOf('--split', 'validation')).toBe(before);
  expect((await duplicates()).counts).toMatchObject({ leaks: 1, contradictions: 1 });
  const log = z.array(exclusionSchema).parse(await exclude('--log'));
  expect(log.map(({ undoes, isUndone }) => [undoes, isUndone])).toEqual([
    [leaks.id, false],
    [both.id, false],
    [null, true],
    [null, true],
  ]);
  const nothing = await runCommand('exclude', '--undo', ...workspace);
  expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining('no exclusion to undo') as string });
  const byFilter = exclusionSchema.parse(await exclude('--class', 'anger', '--split', 'train', '--reason', 'too few'));
  expect(byFilter).toMatchObject({ images: 3, rule: 'splits train; classes anger' });
  await exclude('--undo');
  for (const wrong of [['--leaks'], ['--reason', 'x'], ['--undo', '--leaks'], ['--undo', '--log']]) {
    const { code, stdout } = await runCommand('exclude', ...wrong, ...workspace);
    expect({ code, stdout }, wrong.join(' ')).toEqual({ code: 2, stdout: '' });
  }
});

test('a subset keeps copies together', async () => {
  const subset = await runJson<{ rule: string }>(
    ...['subset', 'clean', '--by', 'duplicates', '--per-class', '2', ...workspace],
  );
  expect(subset.rule).toBe('2 of each class, duplicates kept together');
});
