import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { clusterVersion } from '#main/host/cluster/worker-server.ts';
import type { KnownWorker, WorkerLook } from '#shared/workers.ts';
import { twoFreePorts } from '../fixtures/ports.ts';
import { type Running, runCommand, runJson, startCommand } from './command.ts';

/** The workers a workspace knows, by the command line, and a real one to look at. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-workers-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const SECRET = 'of the tests, and long enough';
/** Milliseconds; a busy machine takes several times what a quiet one does. */
const LIMIT = 120_000;

let worker: Running;
let address: string;

beforeAll(async () => {
  process.env['FACE2EXP_CLUSTER_SECRET'] = SECRET;
  address = `127.0.0.1:${await twoFreePorts()}`;
  worker = startCommand('worker', '--listen', address);
  await worker.sees(/Waiting on/);
}, LIMIT);

afterAll(async () => {
  worker.child.kill('SIGKILL');
  await worker.ended;
  rmSync(folder, { recursive: true, force: true });
});

const look = async (...names: string[]): Promise<(KnownWorker & { look: WorkerLook })[]> =>
  runJson('workers', 'look', ...names, ...workspace);

test(
  'workers are remembered, listed and forgotten; what cannot be is said in a sentence',
  { timeout: LIMIT },
  async () => {
    expect((await runCommand('workers', 'list', ...workspace)).stdout).toContain('No workers are known.');
    await runJson('workers', 'add', address, '--name', 'Attic', ...workspace);
    expect(await runJson('workers', 'list', ...workspace)).toEqual([{ address, name: 'Attic' }]);
    const twice = await runCommand('workers', 'add', address, ...workspace);
    expect([twice.code, twice.stderr]).toEqual([1, `The worker ${address} is known already as “Attic”.\n`]);
    const wrong = await runCommand('workers', 'add', 'gpu', ...workspace);
    expect([wrong.code, wrong.stderr]).toEqual([2, '“gpu” is no address.\nSuch as `workers add gpu-1:7070`.\n']);
    expect((await runCommand('workers', 'remove', 'Cellar', ...workspace)).stderr).toContain(
      'No worker is called “Cellar”.',
    );
  },
);

test('a look tells what a worker computes with, and that nobody is there', { timeout: LIMIT }, async () => {
  const nobody = `127.0.0.1:${await twoFreePorts()}`;
  const [ready, unreached] = await look('Attic', nobody);
  expect(ready).toMatchObject({
    address,
    name: 'Attic',
    look: { state: 'ready', runtime: { version: expect.stringMatching(/^\d/) as string } },
  });
  expect(unreached).toMatchObject({ address: nobody, look: { state: 'unreached' } });
  expect((await runCommand('workers', 'look', ...workspace)).stdout).toMatch(/Attic +ready +\S+: TensorFlow \d/);
});

test('a look leaves a worker alone that works for another host', { timeout: LIMIT }, async () => {
  const holder = new WebSocket(`ws://${address}`, {
    headers: {
      authorization: `Bearer ${SECRET}`,
      'x-face2exp-version': clusterVersion(),
      'x-face2exp-host': 'gpu-9, process 12',
      'x-face2exp-purpose': Buffer.from('Train r1').toString('base64url'),
    },
  });
  await once(holder, 'message');
  const [found] = await look('Attic');
  expect(found?.look).toEqual({ state: 'busy', work: 'Train r1, for gpu-9' });
  expect(holder.readyState).toBe(WebSocket.OPEN);
  holder.terminate();
});

test('a look with another secret is refused, and says so', { timeout: LIMIT }, async () => {
  process.env['FACE2EXP_CLUSTER_SECRET'] = 'another one, and long enough';
  try {
    expect((await look('Attic'))[0]!.look).toMatchObject({
      state: 'refused',
      problem: { code: 'unauthorized', message: expect.stringContaining('The secret is another one there') as string },
    });
  } finally {
    process.env['FACE2EXP_CLUSTER_SECRET'] = SECRET;
  }
});
