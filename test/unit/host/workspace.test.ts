import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
  const lock = lockWorkspace(workspace);
  lock.setUrl('http://127.0.0.1:4000');
  expect(runningHost(workspace)).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:4000' });
  expect(() => lockWorkspace(workspace)).toThrow('open in another studio');
  lock.release();
  expect(runningHost(workspace)).toBeNull();
  lockWorkspace(workspace).release();
});

test('the lock holds a token, so only its owner may read it', () => {
  const workspace = openWorkspace(folder);
  const lock = lockWorkspace(workspace);
  const file = join(folder, 'host.lock');
  expect(statSync(file).mode & 0o077).toBe(0);
  lock.setUrl('http://127.0.0.1:1');
  expect(statSync(file).mode & 0o077).toBe(0);
  lock.release();
});

test('the lock of a killed host, and one cut off while it was written, are taken over', async () => {
  const workspace = openWorkspace(folder);
  const lock = lockWorkspace(workspace);
  const text = readFileSync(join(folder, 'host.lock'), 'utf8');
  lock.release();
  const dead = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => dead.on('close', resolve));
  writeFileSync(join(folder, 'host.lock'), text.replace(`"pid":${process.pid}`, `"pid":${dead.pid}`));
  expect(runningHost(workspace)).toBeNull();
  lockWorkspace(workspace).release();
  writeFileSync(join(folder, 'host.lock'), text.slice(0, 20));
  lockWorkspace(workspace).release();
});

test('windows of a host that was killed stay signed in; one that closed gives its token up', () => {
  const workspace = openWorkspace(folder);
  const first = lockWorkspace(workspace);
  const { token } = first.address;
  const text = readFileSync(join(folder, 'host.lock'), 'utf8');
  first.release();
  writeFileSync(join(folder, 'host.lock'), text);
  const afterKill = lockWorkspace(workspace);
  expect(afterKill.address.token).toBe(token);
  afterKill.release();
  const afterClose = lockWorkspace(workspace);
  expect(afterClose.address.token).not.toBe(token);
  afterClose.release();
});

test('a command that is over in a moment is waited for, a host that serves is used', async () => {
  const workspace = openWorkspace(folder);
  const brief = lockWorkspace(workspace);
  const waiting = servingHost(workspace);
  await expect(Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))])).resolves.toBe(
    'waits',
  );
  brief.release();
  await expect(waiting).resolves.toBeNull();
  const serving = lockWorkspace(workspace);
  serving.setServing(true);
  await expect(servingHost(workspace)).resolves.toMatchObject({ pid: process.pid });
  serving.setServing(false);
  expect(runningHost(workspace)).toMatchObject({ serves: false });
  serving.release();
});

test('of many that try together one gets the workspace, and a kill gives it back at once', async () => {
  const takers = Array.from({ length: 6 }, () =>
    spawn(process.execPath, [fileURLToPath(new URL('lock-taker.ts', import.meta.url)), folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const said = await Promise.all(
    takers.map(
      (taker) =>
        new Promise<string>((resolve) => taker.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()))),
    ),
  );
  expect(said.toSorted()).toEqual(['refused', 'refused', 'refused', 'refused', 'refused', 'taken']);
  const holder = takers[said.indexOf('taken')]!;
  expect(() => lockWorkspace(openWorkspace(folder))).toThrow('open in another studio');
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.on('exit', resolve));
  expect(runningHost(openWorkspace(folder))).toBeNull();
  lockWorkspace(openWorkspace(folder)).release();
  for (const taker of takers) taker.stdin.end();
});
