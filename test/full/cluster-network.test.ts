import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CheckpointState, RunDetail, RunSummary } from '#shared/training.ts';
import { readCheckpoint, type Tensors } from '#main/training/checkpoint.ts';
import { type Running, runJson, startCommand } from '../contract/command.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';

/**
 * Two machines as two network namespaces on a bridge of this one, each with a worker: the host outside of both. Cables are cut for real. It needs
 * the right to make namespaces (root, or CAP_NET_ADMIN and CAP_SYS_ADMIN).
 */
const CLI = fileURLToPath(new URL('../../src/main/host/cli.ts', import.meta.url));
const TRIES = 5;
const BRIDGE = 'f2ebridge';
const HOSTS = [1, 2].map((number) => ({
  space: `f2e-${number}`,
  cable: `f2ecable${number}`,
  address: `10.213.77.${number}`,
}));

const ip = (...parameters: string[]): string =>
  execFileSync('ip', parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function mayMakeNamespaces(): boolean {
  try {
    ip('netns', 'add', 'f2e-try');
    ip('netns', 'del', 'f2e-try');
    return true;
  } catch {
    return false; // said by the skipped tests below
  }
}

const isAllowed = process.platform === 'linux' && mayMakeNamespaces();
if (!isAllowed) console.log('Skipped: making network namespaces is not allowed here.');

const folder = mkdtempSync(join(tmpdir(), 'face2exp-network-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const TINY = [
  ...['--arch', 'resnet18', '--width', '4', '--resize', '16', '--batch-size', '4', '--mu', '1', '--threads', '1'],
  ...['--workers', '1', '--eval-step', '25', '--finetune-epochs', '0', '--seed', '3', '--total-steps', '400'],
];
const CLUSTER = ['--cluster', HOSTS.map(({ address }) => `${address}:7070`).join(), '--worker-timeout', '4'];
const LIMIT = 900_000;

describe.skipIf(!isAllowed)('two machines', () => {
  beforeAll(async () => {
    process.env['FACE2EXP_CLUSTER_SECRET'] = 'of the tests, and long enough';
    process.env['TF_CPP_MIN_LOG_LEVEL'] = '2';
    takeDown();
    ip('link', 'add', BRIDGE, 'type', 'bridge');
    ip('addr', 'add', '10.213.77.254/24', 'dev', BRIDGE);
    ip('link', 'set', BRIDGE, 'up');
    for (const { space, cable, address } of HOSTS) {
      ip('netns', 'add', space);
      ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'face0', 'netns', space);
      ip('link', 'set', cable, 'master', BRIDGE, 'up');
      ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'face0');
      ip('-n', space, 'link', 'set', 'face0', 'up');
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
    await writeClassFolders(join(folder, 'labeled'), { perClass: 4 });
    await writeClassFolders(join(folder, 'validation'), { perClass: 2, seed: 9 });
    await writeIdentityFolders(join(folder, 'people'), { identities: 6, perIdentity: 3 });
    await runJson('import', join(folder, 'labeled'), '--format', 'folder', ...workspace);
    await runJson('import', join(folder, 'validation'), '--format', 'folder', '--role', 'validation', ...workspace);
    await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
  });
  afterEach(() => {
    for (const { cable } of HOSTS) ip('link', 'set', cable, 'up');
    for (const stop of stops.splice(0)) stop();
  });
  afterAll(() => {
    takeDown();
    rmSync(folder, { recursive: true, force: true });
  });

  let undisturbed: Tensors;

  test('train as one process each on loopback does', { timeout: LIMIT }, async () => {
    await startWorkers();
    await runJson('train', '--name', 'apart', ...TINY, ...CLUSTER, ...workspace);
    undisturbed = await weightsOf('apart');
    stops.splice(0).forEach((stop) => stop());
    const near = [await startWorker(null, '127.0.0.1:7170'), await startWorker(null, '127.0.0.1:7180')];
    await runJson('train', '--name', 'near', ...TINY, '--cluster', near.join(), ...workspace);
    expect(await weightsOf('near')).toEqual(undisturbed);
  });

  const troubles: [string, () => void, RegExp][] = [
    [
      'a cable that is cut',
      () => ip('link', 'set', HOSTS[1]!.cable, 'down'),
      /Nothing was heard of it for \d+ seconds/,
    ],
    ['a worker that is killed', () => killWorker(1, 'SIGKILL'), /is gone/],
    ['a worker that hangs', () => killWorker(1, 'SIGSTOP'), /Nothing was heard of it for \d+ seconds/],
  ];
  const tries = troubles.flatMap(([what, cause, sentence]) =>
    Array.from({ length: TRIES }, (_, number) => [what, number + 1, cause, sentence] as const),
  );
  test.each(tries)(
    '%s, try %i: noticed within 15 s, named, nothing lost',
    { timeout: LIMIT },
    async (what, number, cause, sentence) => {
      const name = `${what}-${number}`.replaceAll(' ', '-');
      await startWorkers();
      const training = startCommand('train', '--name', name, ...TINY, ...CLUSTER, ...workspace);
      await stepReached(name, 30 + Math.floor(60 * Math.random()), training);
      const before = performance.now();
      cause();
      const { code, stderr } = await training.ended;
      expect(performance.now() - before).toBeLessThan(15_000);
      expect(code).toBe(1);
      expect(stderr).toMatch(sentence);
      expect(stderr).toContain(`${HOSTS[1]!.address}:7070`);
      ip('link', 'set', HOSTS[1]!.cable, 'up');
      stops.splice(0).forEach((stop) => stop());
      await startWorkers();
      await runJson('train', '--resume', name, ...workspace);
      expect(await weightsOf(name)).toEqual(undisturbed);
    },
  );

  test('a slow machine slows all, is told of, and loses nothing', { timeout: LIMIT }, async () => {
    // Steps longer than a pause, so that each of them has one.
    const larger = [...TINY, '--width', '8', '--resize', '48', '--batch-size', '32', '--total-steps', '75'];
    await startWorkers();
    await runJson('train', '--name', 'steady', ...larger, ...CLUSTER, ...workspace);
    const training = startCommand('train', '--name', 'slow', ...larger, ...CLUSTER, ...workspace);
    await stepReached('slow', 1, training);
    const goOn = slowDown(1);
    expect((await training.ended).code).toBe(0);
    goOn();
    expect(await weightsOf('slow')).toEqual(await weightsOf('steady'));
    const { log } = await runJson<RunDetail>('runs', 'show', 'slow', ...workspace);
    expect(log.map(({ message }) => message).join('\n')).toContain(
      `${HOSTS[1]!.address}:7070 keeps the others waiting`,
    );
  });

  test('a cable that is cut in an elastic run: it goes on by itself', { timeout: LIMIT }, async () => {
    await startWorkers();
    const training = startCommand('train', '--name', 'elastic', '--elastic', ...TINY, ...CLUSTER, ...workspace);
    await stepReached('elastic', 60, training);
    ip('link', 'set', HOSTS[1]!.cable, 'down');
    expect((await training.ended).code).toBe(0);
    expect(stateOf('elastic')).toMatchObject({ step: 400, devices: 1, firstDevices: 2 });
  });
});

const stops: (() => void)[] = [];
let workerPids: number[] = [];

async function startWorkers(): Promise<void> {
  workerPids = [];
  for (const { space, address } of HOSTS) await startWorker(space, `${address}:7070`);
}

/** @param space its namespace; null: this one. */
async function startWorker(space: string | null, listen: string): Promise<string> {
  const command = [process.execPath, CLI, 'worker', '--listen', listen, '--insecure-network'];
  const [program, ...parameters] = space === null ? command : ['ip', 'netns', 'exec', space, ...command];
  const child = spawn(program!, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  stops.push(() => child.kill('SIGKILL'));
  workerPids.push(child.pid!); // `ip` becomes what it runs
  let heard = '';
  while (!heard.includes('Waiting on')) {
    const [piece] = (await Promise.race([once(child.stderr, 'data'), once(child, 'exit').then(() => [null])])) as [
      Buffer | null,
    ];
    if (piece === null) throw new Error(`The worker ended:\n${heard}`);
    heard += piece.toString();
  }
  child.stderr.resume();
  return listen;
}

/** Lets a worker's engine run half of the time. @returns what ends that. */
function slowDown(index: number): () => void {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(workerPids[index])], { encoding: 'utf8' });
  const engine = Number.parseInt(
    children.split('\n').find((line) => line.includes('engine/main.ts'))!,
    10,
  );
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(engine, name);
    } catch {
      clearInterval(turns); // it has done its work
    }
  };
  const turns = setInterval(() => {
    signal('SIGSTOP');
    setTimeout(() => signal('SIGCONT'), 80);
  }, 120);
  return () => clearInterval(turns);
}

function killWorker(index: number, signal: NodeJS.Signals): void {
  process.kill(workerPids[index]!, signal);
}

function takeDown(): void {
  for (const { space } of HOSTS) quietly('netns', 'del', space);
  quietly('link', 'del', BRIDGE);
}

/** What is not there need not be taken down. */
function quietly(...parameters: string[]): void {
  try {
    ip(...parameters);
  } catch {
    // as said
  }
}

async function stepReached(run: string, step: number, training: Running): Promise<void> {
  for (;;) {
    if (training.child.exitCode !== null) throw new Error((await training.ended).stderr);
    const found = (await runJson<RunSummary[]>('runs', 'list', ...workspace)).find(({ id }) => id === run);
    if (found !== undefined && found.step >= step) return;
    await sleep(300);
  }
}

function stateOf(run: string): CheckpointState {
  return JSON.parse(
    readFileSync(join(folder, 'workspace', 'runs', run, 'last', 'state.json'), 'utf8'),
  ) as CheckpointState;
}

async function weightsOf(run: string): Promise<Tensors> {
  return (await readCheckpoint(join(folder, 'workspace', 'runs', run, 'last'))).tensors;
}
