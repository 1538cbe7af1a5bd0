import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { runCheckpointGoldens } from '#main/interchange/goldens.ts';

const GOLDENS = join(import.meta.dirname, '..', '..', 'goldens', 'checkpoints');
const BAD = join(GOLDENS, 'bad');
const CHILD = join(import.meta.dirname, 'read-checkpoint.ts');

/** Where the process that reads stands: what a checkpoint could have made would be here. */
const folder = mkdtempSync(join(tmpdir(), 'bad-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('every golden checkpoint is read as PyTorch reads it, and every bad one is refused', async () => {
  const results = await runCheckpointGoldens(GOLDENS);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect(results).toHaveLength(9 + 23);
});

const names = Object.keys((JSON.parse(readFileSync(join(BAD, 'expected.json'), 'utf8')) as { files: object }).files);

test.each(names)('%s is refused in a sentence, in time and within memory, and nothing comes of it', async (name) => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, join(BAD, name)], {
    cwd: folder,
    timeout: 30_000,
  });
  const { error, milliseconds, peakMebibytes } = JSON.parse(stdout) as {
    error: { code: string; message: string; hint: string };
    milliseconds: number;
    peakMebibytes: number;
  };
  expect(['corrupt', 'unsupported']).toContain(error.code);
  expect(error.message).toMatch(
    new RegExp(`${name.replaceAll('.', '\\.')} (is not a sound checkpoint|cannot be read): .+\\.$`),
  );
  expect(error.hint).toMatch(/\.$/);
  expect(milliseconds).toBeLessThan(2_000);
  expect(peakMebibytes).toBeLessThan(200);
  expect(readdirSync(folder)).toEqual([]);
  expect(existsSync(join(root, 'PWNED-by-checkpoint'))).toBe(false);
});
