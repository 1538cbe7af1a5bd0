import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { csvRecords } from '#shared/csv.ts';
import { EXPORT_FORMATS, exportResultSchema } from '#shared/export.ts';
import { type Host, openHost } from '#main/host/host.ts';
import { writeClassFolders } from '../fixtures/faces.ts';
import { runCommand, runJson } from './command.ts';

/** Exports of a filter and of a subset, in every format, by real processes. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-exports-'));
const workspace = ['--workspace', join(folder, 'workspace')];

beforeAll(async () => {
  await writeClassFolders(join(folder, 'faces', 'train'), { perClass: 3 });
  await writeClassFolders(join(folder, 'faces', 'val'), { perClass: 1, seed: 4 });
  await runJson('import', join(folder, 'faces'), '--format', 'folder', ...workspace);
  await runJson('subset', 'two', '--per-class', '2', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every format makes what it says, of a filter', async () => {
  for (const format of EXPORT_FORMATS) {
    const target = join(folder, `filter-${format}`);
    const result = exportResultSchema.parse(
      await runJson('export', target, '--format', format, '--split', 'train', ...workspace),
    );
    expect(result).toMatchObject({ target, format, images: 21, notes: [] });
    expect(statSync(target).isDirectory()).toBe(format === 'folders' || format === 'datasheet');
  }
  expect(readdirSync(join(folder, 'filter-folders', 'train')).sort()).toEqual(
    ['anger', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'].sort(),
  );
  expect(readFileSync(join(folder, 'filter-datasheet', 'datasheet.md'), 'utf8')).toContain('images of splits train');
});

test('a subset is exported with its images alone', async () => {
  const target = join(folder, 'subset.csv');
  const { stdout } = await runCommand('export', target, '--format', 'csv', '--subset', 'two@1', ...workspace);
  expect(stdout).toMatch(/^14 images are in .*subset\.csv, in [\d.]+ s\.\n$/);
  expect([...csvRecords(readFileSync(target, 'utf8'))]).toHaveLength(15);
});

test('what cannot be exported is refused with the reason, and nothing is written', async () => {
  const target = join(folder, 'none.csv');
  const refusals: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['--format', 'csv', '--text', 'nobody'], 1, /nothing to export/],
    [['--format', 'csv', '--subset', 'none'], 1, /no subset named “none”/],
    [['--format', 'csv', '--subset', 'two', '--split', 'train'], 2, /either a subset, a filter/],
    [['--format', 'xls'], 2, /csv, jsonl, parquet/],
    [[], 2, /--format/],
  ];
  for (const [options, expected, sentence] of refusals) {
    const { code, stderr } = await runCommand('export', target, ...options, ...workspace);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(expected);
  }
  expect(readdirSync(folder)).not.toContain('none.csv');
});

test('an export is cancelled as a job, and leaves nothing', async () => {
  const host: Host = await openHost(join(folder, 'workspace'), { log: () => undefined });
  try {
    const target = join(folder, 'cancelled');
    const { job, result } = host.studio.exports.start({ target, format: 'folders', filter: {}, copy: true });
    await host.studio.cancelJob(job.id);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(host.studio.catalog.jobs.get(job.id).status).toBe('cancelled');
    expect(readdirSync(folder).filter((name) => name.startsWith('cancelled'))).toEqual([]);
  } finally {
    await host.close();
  }
});
