import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { electronBinaryIn } from '../../../src/main/bootstrap/electron-binary.ts';

/** An npm package `electron` of version 45.4.1, with the files that are given. */
function electronPackage(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'electron-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '45.4.1' }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const INSTALLED = { 'path.txt': 'program', 'dist/version': 'v45.4.1', 'dist/program': '' };

test('an installed program is found', () => {
  const folder = electronPackage(INSTALLED);
  expect(electronBinaryIn(folder, undefined)).toBe(join(folder, 'dist', 'program'));
});

test.each([
  ['was never downloaded', {}],
  ['was not unpacked to the end', { 'dist/version': '45.4.1', 'dist/program': '' }],
  ['was removed', { 'path.txt': 'program', 'dist/version': '45.4.1' }],
  ['is left over from another version', { ...INSTALLED, 'dist/version': 'v44.0.0' }],
])('a program that %s is none', (_why, files) => {
  expect(electronBinaryIn(electronPackage(files), undefined)).toBeNull();
});

test('another distribution is used when it is named', () => {
  const folder = electronPackage({ 'path.txt': 'program', 'dist/program': '' });
  expect(electronBinaryIn(folder, join(folder, 'dist'))).toBe(join(folder, 'dist', 'program'));
  expect(electronBinaryIn(folder, join(folder, 'missing'))).toBeNull();
});
