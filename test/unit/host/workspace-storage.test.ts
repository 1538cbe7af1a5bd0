import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importedNetworks, openWorkspace } from '#main/host/workspace.ts';
import { workspaceStorage } from '#main/host/services/workspace-storage.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'storage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, bytes: number): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), Buffer.alloc(bytes));
}

test('a workspace’s size is told by its parts: folders whole, the catalog with its log, links not followed', async () => {
  const workspace = openWorkspace(folder);
  write('catalog.sqlite', 1_000);
  write('catalog.sqlite-wal', 200);
  write('runs/a/best/weights', 5_000);
  write('runs/a/log.jsonl', 500);
  write('cache/features', 70);
  write('host.lock', 9);
  symlinkSync(tmpdir(), join(folder, 'runs', 'elsewhere'));
  const storage = await workspaceStorage(workspace);
  expect(storage.parts).toEqual([
    { name: 'runs', bytes: 5_500, files: 2, disposable: false },
    { name: 'catalog.sqlite', bytes: 1_200, files: 2, disposable: false },
    { name: 'cache', bytes: 70, files: 1, disposable: true },
  ]);
  expect(storage.bytes).toBe(5_500 + 1_200 + 70 + 9);
  expect(storage.free).toBeGreaterThan(0);
  expect(storage.backups).toEqual([]);
});

test('backups are listed', async () => {
  const workspace = openWorkspace(folder);
  write('backups/catalog-20260101.sqlite', 30);
  write('backups/note.txt', 4);
  const { backups } = await workspaceStorage(workspace);
  expect(backups).toEqual([
    { file: join(folder, 'backups', 'catalog-20260101.sqlite'), bytes: 30, writtenAt: expect.any(String) as string },
  ]);
});

test('imported networks are listed by name, and there are none before the first', () => {
  const workspace = openWorkspace(folder);
  expect(importedNetworks(workspace)).toEqual([]);
  write('networks/zeta.safetensors', 1);
  write('networks/alpha two.safetensors', 1);
  write('networks/alpha two.safetensors.calibration.json', 1);
  expect(importedNetworks(workspace)).toEqual(['alpha two', 'zeta']);
});
