import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serialize } from 'node:v8';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { CheckpointState, Evaluation, RunDetail } from '#shared/training.ts';
import { clusterVersion } from '#main/host/cluster/worker-server.ts';
import { readCheckpoint, type Tensors } from '#main/training/checkpoint.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { twoFreePorts } from '../fixtures/ports.ts';
import { type Running, runCommand, runJson, startCommand } from './command.ts';

/** Real workers and real kills: two workers on loopback that train one run of a tiny network. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-cluster-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const TINY = [
  ...['--arch', 'resnet18', '--width', '4', '--resize', '16', '--batch-size', '4', '--mu', '1', '--threads', '1'],
  ...['--workers', '1', '--eval-step', '25', '--finetune-epochs', '0', '--seed', '3', '--total-steps', '400'],
];
/** Milliseconds; a busy machine takes several times what a quiet one does. */
const LIMIT = 300_000;

beforeAll(async () => {
  process.env['FACE2EXP_CLUSTER_SECRET'] = 'of the tests, and long enough';
  process.env['TF_CPP_MIN_LOG_LEVEL'] = '2';
  await writeClassFolders(join(folder, 'labeled'), { perClass: 4 });
  await writeClassFolders(join(folder, 'validation'), { perClass: 2, seed: 9 });
  await writeIdentityFolders(join(folder, 'people'), { identities: 6, perIdentity: 3 });
  await runJson('import', join(folder, 'labeled'), '--format', 'folder', ...workspace);
  await runJson('import', join(folder, 'validation'), '--format', 'folder', '--role', 'validation', ...workspace);
  await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
});

interface Worker {
  readonly address: string;
  readonly running: Running;
}

const workers: Worker[] = [];

async function startWorker(address?: string, ...flags: string[]): Promise<Worker> {
  const listen = address ?? `127.0.0.1:${await twoFreePorts()}`;
  const running = startCommand('worker', '--listen', listen, ...flags);
  await running.sees(/Waiting on/);
  const worker = { address: listen, running };
  workers.push(worker);
  return worker;
}

afterEach(async () => {
  for (const { running } of workers.splice(0)) {
    running.child.kill('SIGKILL');
    await running.ended;
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const clusterOf = (...members: Worker[]): string[] => [
  ...['--cluster', members.map(({ address }) => address).join()],
  ...['--worker-timeout', '4'],
];

const showRun = (id: string): Promise<RunDetail> => runJson('runs', 'show', id, ...workspace);

function stateOf(run: string): CheckpointState {
  return JSON.parse(
    readFileSync(join(folder, 'workspace', 'runs', run, 'last', 'state.json'), 'utf8'),
  ) as CheckpointState;
}

async function weightsOf(run: string): Promise<Tensors> {
  return (await readCheckpoint(join(folder, 'workspace', 'runs', run, 'last'))).tensors;
}

/** Settles when the run has made so many steps. */
async function stepReached(run: string, step: number, training: Running): Promise<void> {
  for (;;) {
    if (training.child.exitCode !== null) throw new Error((await training.ended).stderr);
    const found = (await runJson<RunDetail[]>('runs', 'list', ...workspace)).find(({ id }) => id === run);
    if (found !== undefined && found.step >= step) return;
    await sleep(300);
  }
}

function engineOf({ running }: Worker): number {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(running.child.pid)], { encoding: 'utf8' });
  return Number.parseInt(
    children.split('\n').find((line) => line.includes('engine/main.ts'))!,
    10,
  );
}

let undisturbed: Tensors;

test(
  'two workers train one run, whose checkpoints are here alone; paused and resumed it ends with the same weights',
  { timeout: LIMIT },
  async () => {
    const pair = [await startWorker(), await startWorker()];
    await runJson('train', '--name', 'whole', ...TINY, ...clusterOf(...pair), ...workspace);
    const { status, runtime, evaluations } = await showRun('whole');
    expect(status).toBe('finished');
    expect(runtime?.device).toMatch(/^2 × /);
    expect(evaluations.at(-1)).toMatchObject({ count: 14, step: 400 });
    expect(stateOf('whole')).toMatchObject({ step: 400, devices: 2, firstDevices: 2 });
    undisturbed = await weightsOf('whole');

    const training = startCommand('train', '--name', 'paused', ...TINY, ...clusterOf(...pair), ...workspace);
    await stepReached('paused', 15, training);
    training.child.kill('SIGINT');
    expect((await training.ended).stdout).toContain('paused');
    const { step } = stateOf('paused');
    expect(step).toBeGreaterThanOrEqual(15);
    expect(step).toBeLessThan(400);
    await runJson('train', '--resume', 'paused', ...workspace);
    expect(await weightsOf('paused')).toEqual(undisturbed);
  },
);

describe('a worker that is gone', () => {
  const kills: [string, (worker: Worker) => void, RegExp][] = [
    ['killed', ({ running }) => running.child.kill('SIGKILL'), /is gone/],
    ['whose engine is killed', (worker) => process.kill(engineOf(worker), 'SIGKILL'), /engine was ended by SIGKILL/],
    ['that hangs', ({ running }) => running.child.kill('SIGSTOP'), /Nothing was heard of it for \d+ seconds/],
  ];
  test.each(kills)('%s is named, and nothing is lost', { timeout: LIMIT }, async (how, kill, sentence) => {
    const name = how.replaceAll(' ', '-');
    const pair = [await startWorker(), await startWorker()] as const;
    const training = startCommand('train', '--name', name, ...TINY, ...clusterOf(...pair), ...workspace);
    await stepReached(name, 45, training);
    const before = performance.now();
    kill(pair[1]);
    const { code, stderr } = await training.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr).toContain(pair[1].address);
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(stateOf(name).step).toBeGreaterThanOrEqual(20);

    // With another one in its place the run ends as if nothing had been.
    pair[1].running.child.kill('SIGKILL');
    const other = await startWorker();
    await runJson('train', '--resume', name, ...clusterOf(pair[0], other), ...workspace);
    expect(await weightsOf(name)).toEqual(undisturbed);
  });

  test('is done without in an elastic run, with learning rates to match', { timeout: LIMIT }, async () => {
    const pair = [await startWorker(), await startWorker()] as const;
    const training = startCommand(
      'train',
      '--name',
      'elastic',
      '--elastic',
      ...TINY,
      ...clusterOf(...pair),
      ...workspace,
    );
    await stepReached('elastic', 45, training);
    pair[1].running.child.kill('SIGKILL');
    expect((await training.ended).code).toBe(0);
    const { status, log } = await showRun('elastic');
    expect(status).toBe('finished');
    const messages = log.map(({ message }) => message).join('\n');
    expect(messages).toContain('Going on with 1 of 2 workers.');
    expect(messages).toContain('learning rates are multiplied by 1/2');
    expect(stateOf('elastic')).toMatchObject({ step: 400, devices: 1, firstDevices: 2 });
  });
});

describe('refused before the first step', () => {
  test('images that are not there, or are others', { timeout: LIMIT }, async () => {
    const lacking = await startWorker(undefined, '--map', `${join(folder, 'people')}=${join(folder, 'nowhere')}`);
    const started = await runCommand('train', '--name', 'lacking', ...TINY, ...clusterOf(lacking), ...workspace);
    expect(started.code).toBe(1);
    expect(started.stderr).toContain(
      `Worker ${lacking.address} lacks 18 of 60 files of images, among them ${join(folder, 'nowhere')}`,
    );
    expect(started.stderr).toContain('--map');

    await writeIdentityFolders(join(folder, 'others'), { identities: 6, perIdentity: 3, seed: 77 });
    const other = await startWorker(undefined, '--map', `${join(folder, 'people')}=${join(folder, 'others')}`);
    const resumed = await runCommand('train', '--resume', 'lacking', ...clusterOf(other), ...workspace);
    expect(resumed.stderr).toContain(`Worker ${other.address} has another picture in ${join(folder, 'others')}`);
  });

  test(
    'a worker that is not there, one that works for another host, and flags that mean nothing',
    { timeout: LIMIT },
    async () => {
      const absent = `127.0.0.1:${await twoFreePorts()}`;
      const unreached = await runCommand('train', '--name', 'absent', ...TINY, '--cluster', absent, ...workspace);
      expect(unreached.stderr).toContain(`Worker ${absent} cannot be reached`);

      const busy = await startWorker();
      const holder = new WebSocket(`ws://${busy.address}`, {
        headers: headers({ 'x-face2exp-host': 'somebody else' }),
      });
      await once(holder, 'open');
      const refused = await runCommand('train', '--resume', 'absent', ...clusterOf(busy), ...workspace);
      expect(refused.stderr).toContain(`Worker ${busy.address} refuses: It works for somebody else`);
      holder.terminate();

      expect((await runCommand('train', '--elastic', ...TINY, ...workspace)).stderr).toContain(
        '--elastic is about the workers of --cluster',
      );
      expect((await runCommand('train', '--cluster', 'gpu', ...TINY, ...workspace)).stderr).toContain(
        '“gpu” is no address',
      );
      expect((await runCommand('worker', '--listen', '0.0.0.0:7070')).stderr).toContain(
        'nothing that travels is encrypted',
      );
    },
  );

  test.each([
    ['without the secret', { authorization: 'Bearer wrong, and as long as it is' }, 401, /secret is another one/],
    ['of another version', { 'x-face2exp-version': '0.0.1/1' }, 409, /install the same on all machines/],
    ['from a page of a browser', { origin: 'http://example.org' }, 403, /browser/],
  ])('a connection %s', { timeout: LIMIT }, async (_, changed, status, sentence) => {
    const worker = await startWorker();
    const socket = new WebSocket(`ws://${worker.address}`, { headers: headers(changed) });
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      NodeJS.ReadableStream & { statusCode: number },
    ];
    let text = '';
    for await (const piece of response) text += piece.toString();
    expect(response.statusCode).toBe(status);
    expect(text).toMatch(sentence);
    await worker.running.sees(/Refused 127\.0\.0\.1/);
  });

  test('a file that would lie outside of the session’s folder ends the session', { timeout: LIMIT }, async () => {
    const worker = await startWorker();
    const socket = new WebSocket(`ws://${worker.address}`, { headers: headers({}) });
    await once(socket, 'message');
    socket.send(serialize({ kind: 'file', path: '../../escaped' }));
    const [, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect(reason.toString()).toContain('leads out of the session’s folder');
  });
});

test('workers label and score side by side as one engine does', { timeout: LIMIT }, async () => {
  const pair = [await startWorker(), await startWorker()] as const;
  const label = (name: string, ...flags: string[]) =>
    runJson<{ count: number }>(
      'pseudo-label',
      '--run',
      'whole',
      '--source',
      'people',
      '--name',
      name,
      ...flags,
      ...workspace,
    );
  expect(await label('alone')).toMatchObject({ count: 18, status: 'finished', embeddingSize: 32 });
  expect(await label('together', ...clusterOf(...pair))).toMatchObject({
    count: 18,
    status: 'finished',
    embeddingSize: 32,
  });
  const flips = await runJson<{ changed: number; images: number }>(
    'rounds',
    'flips',
    'alone',
    'together',
    ...workspace,
  );
  expect(flips).toMatchObject({ changed: 0 });

  const score = async (...flags: string[]) => {
    const { accuracy, confusion, nll, perClass } = await runJson<Evaluation>(
      ...['evaluate', '--run', 'whole', '--split', 'validation', ...flags, ...workspace],
    );
    return { accuracy, confusion, nll, perClass };
  };
  const one = await score();
  expect(one.confusion.flat().reduce((sum, count) => sum + count)).toBe(14);
  expect(await score(...clusterOf(...pair))).toEqual(one);
});

test(
  'processes of a launcher find each other, train the run, and end with it; with other flags they are refused',
  { timeout: LIMIT },
  async () => {
    const meeting = await twoFreePorts();
    const launch = (rank: number, ...flags: string[]): Running =>
      startCommand(...['train', '--cluster', 'launcher', ...TINY, ...flags, ...workspace], {
        ...{ RANK: String(rank), WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(meeting) },
      });
    const [first, second] = [launch(0, '--name', 'launched'), launch(1, '--name', 'launched')];
    const [one, other] = await Promise.all([first.ended, second.ended]);
    expect(one.stderr).toContain('Waiting for 1 other processes');
    expect(one).toMatchObject({ code: 0 });
    expect(other).toMatchObject({ code: 0, stdout: 'The run is over for process 1.\n' });
    expect(await weightsOf('launched')).toEqual(undisturbed);

    const [third, fourth] = [launch(0, '--name', 'unlike'), launch(1, '--name', 'unlike', '--mu', '2')];
    const refused = await third.ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('It was started with other settings: mu (mu is 2 there and 1 here).');
    await fourth.ended;
  },
);

test('TensorFlow’s port takes no connection from another interface', { timeout: LIMIT }, async () => {
  const worker = await startWorker();
  const training = startCommand('train', '--name', 'interface', ...TINY, ...clusterOf(worker), ...workspace);
  await stepReached('interface', 1, training);
  const port = Number(worker.address.split(':')[1]) + 1;
  const bound = execFileSync('ss', ['-ltnH', `sport = :${port}`], { encoding: 'utf8' });
  expect(bound).toContain(`%lo:${port}`);
  await training.ended;
});

function headers(changed: Record<string, string>): Record<string, string> {
  return {
    authorization: `Bearer ${process.env['FACE2EXP_CLUSTER_SECRET']!}`,
    'x-face2exp-version': clusterVersion(),
    'x-face2exp-host': 'the tests',
    ...changed,
  };
}
