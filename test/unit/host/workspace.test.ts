import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockWorkspace, openWorkspace, runningHost, servingHost } from '#main/host/workspace.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'face2exp-workspace-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a workspace is made where there is none, and a file in its place is refused with a sentence', () => {
  const workspace = openWorkspace(join(folder, 'new', 'faces'));
  expect(existsSync(workspace.runsDirectory)).toBe(true);
  expect(workspace.name).toBe('faces');
  writeFileSync(join(folder, 'file'), '');
  expect(() => openWorkspace(join(folder, 'file'))).toThrow('cannot be made');
});

test('one host a workspace: a second is refused and told of the first, until it lets go', () => {
  const workspace = openWorkspace(folder);
  const lock = lockWorkspace(workspace, true);
  lock.setUrl('http://127.0.0.1:4000');
  expect(runningHost(workspace)).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:4000' });
  expect(() => lockWorkspace(workspace, true)).toThrow(`process ${process.pid}`);
  lock.release();
  expect(runningHost(workspace)).toBeNull();
  lockWorkspace(workspace, true).release();
});

test('the lock holds a token, so only its owner may read it', () => {
  const workspace = openWorkspace(folder);
  const lock = lockWorkspace(workspace, true);
  const file = join(folder, 'host.lock');
  expect(statSync(file).mode & 0o077).toBe(0);
  lock.setUrl('http://127.0.0.1:1');
  expect(statSync(file).mode & 0o077).toBe(0);
  lock.release();
});

test('the lock of a killed host, and one cut off while it was written, are taken over', async () => {
  const workspace = openWorkspace(folder);
  const lock = lockWorkspace(workspace, true);
  const text = readFileSync(join(folder, 'host.lock'), 'utf8');
  lock.release();
  const dead = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => dead.on('close', resolve));
  writeFileSync(join(folder, 'host.lock'), text.replace(`"pid":${process.pid}`, `"pid":${dead.pid}`));
  expect(runningHost(workspace)).toBeNull();
  lockWorkspace(workspace, true).release();
  writeFileSync(join(folder, 'host.lock'), text.slice(0, 20));
  lockWorkspace(workspace, true).release();
});

test('a command that is over in a moment is waited for, a host that serves is used', async () => {
  const workspace = openWorkspace(folder);
  const brief = lockWorkspace(workspace, false);
  const waiting = servingHost(workspace);
  await expect(Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))])).resolves.toBe(
    'waits',
  );
  brief.release();
  await expect(waiting).resolves.toBeNull();
  const serving = lockWorkspace(workspace, true);
  await expect(servingHost(workspace)).resolves.toMatchObject({ pid: process.pid });
  serving.stopServing();
  expect(runningHost(workspace)).toMatchObject({ serves: false });
  serving.release();
});
