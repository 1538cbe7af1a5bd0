import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunDetail, RunSummary, StepMetrics } from '#shared/training.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { type Ended, type Running, runCommand, runJson, startCommand } from './command.ts';

/** Kills are real: SIGKILL to the engine, and to the host, in the middle of a run of a tiny network. */

const folder = mkdtempSync(join(tmpdir(), 'face2exp-recovery-'));
const workspace = ['--workspace', join(folder, 'workspace')];
/** Long enough that a kill comes in the middle, whatever the machine. */
const STEPS = '160';
/** Milliseconds; a busy machine takes several times what a quiet one does. */
const LIMIT = 240_000;
const tiny = [
  '--arch',
  'resnet18',
  '--width',
  '4',
  '--resize',
  '16',
  '--batch-size',
  '4',
  '--mu',
  '1',
  '--workers',
  '1',
  '--eval-step',
  '20',
  '--finetune-epochs',
  '0',
  '--seed',
  '3',
];

beforeAll(async () => {
  await writeClassFolders(join(folder, 'labeled'), { perClass: 4 });
  await writeClassFolders(join(folder, 'validation'), { perClass: 2, seed: 9 });
  await writeIdentityFolders(join(folder, 'people'), { identities: 6, perIdentity: 3 });
  await runJson('import', join(folder, 'labeled'), '--format', 'folder', ...workspace);
  await runJson('import', join(folder, 'validation'), '--format', 'folder', '--role', 'validation', ...workspace);
  await runJson('import', join(folder, 'people'), '--format', 'identity', '--role', 'unlabeled', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listRuns = (): Promise<RunSummary[]> => runJson('runs', 'list', ...workspace);
const showRun = (id: string): Promise<RunDetail & { history: StepMetrics[] }> =>
  runJson('runs', 'show', id, ...workspace);

/** Settles when a run has made so many steps; rejects with what was printed when the command that trains it fails before. */
async function stepReached(id: string, step: number, training: Running): Promise<void> {
  let failure: Ended | undefined;
  void training.ended.then((ended) => (failure = ended.code === 0 ? undefined : ended));
  for (;;) {
    if (failure !== undefined) throw new Error(`The command failed: ${failure.stderr}`);
    const run = (await listRuns()).find((candidate) => candidate.id === id);
    if (run !== undefined && run.step >= step) return;
    await sleep(500);
  }
}

/** Process ids of the engines that are children of a process. */
function enginesOf(parent: number): number[] {
  return execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(parent)], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('engine/main.ts'))
    .map((line) => Number.parseInt(line, 10));
}

/** A process that ended and was not collected by its parent yet still has a number, but runs no more. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // no such process
  }
}

/** Losses of a run that was never disturbed: what every other must equal. */
let undisturbed: (number | null)[] = [];

test('a run that is left alone finishes', { timeout: LIMIT }, async () => {
  const result = await runJson<{ run: string; status: string; step: number }>(
    'train',
    '--name',
    'calm',
    '--total-steps',
    STEPS,
    ...tiny,
    ...workspace,
  );
  expect(result).toMatchObject({ run: 'calm', status: 'finished', step: Number(STEPS) });
  undisturbed = (await showRun('calm')).history.map((step) => step.baseLoss);
  expect(undisturbed).toHaveLength(Number(STEPS));
});

test('a killed engine is started again and the run ends as if nothing had happened', { timeout: LIMIT }, async () => {
  const training = startCommand('train', '--name', 'engine-killed', '--total-steps', STEPS, ...tiny, ...workspace);
  await stepReached('engine-killed', 8, training);
  const engines = enginesOf(training.child.pid!);
  expect(engines).toHaveLength(1);
  process.kill(engines[0]!, 'SIGKILL');
  expect(await training.ended).toMatchObject({ code: 0 });
  const run = await showRun('engine-killed');
  expect(run).toMatchObject({ status: 'finished', step: Number(STEPS) });
  expect(run.log.some(({ message }) => message.includes('SIGKILL'))).toBe(true);
  expect(run.history.map((step) => step.baseLoss)).toEqual(undisturbed);
});

test(
  'a killed host leaves no engine, and the next start says what was interrupted and goes on',
  { timeout: LIMIT },
  async () => {
    const training = startCommand('train', '--name', 'host-killed', '--total-steps', STEPS, ...tiny, ...workspace);
    await stepReached('host-killed', 8, training);
    const engines = enginesOf(training.child.pid!);
    training.child.kill('SIGKILL');
    await training.ended;
    await sleep(1500);
    for (const engine of engines) expect(isRunning(engine)).toBe(false);
    expect((await listRuns()).find((run) => run.id === 'host-killed')!.status).toBe('interrupted');

    const serving = startCommand('serve', ...workspace);
    await serving.sees(/host-killed was interrupted at step \d+ and goes on/);
    await stepReached('host-killed', Number(STEPS), serving);
    while ((await listRuns()).find((run) => run.id === 'host-killed')!.status === 'running') await sleep(500);
    serving.child.kill('SIGINT');
    expect((await serving.ended).code).toBe(0);
    const run = await showRun('host-killed');
    expect(run.status).toBe('finished');
    expect(run.history.map((step) => step.baseLoss)).toEqual(undisturbed);
  },
);

test('Ctrl-C pauses cleanly, and the run resumes to the same end', { timeout: LIMIT }, async () => {
  const training = startCommand('train', '--name', 'paused', '--total-steps', STEPS, ...tiny, ...workspace);
  await stepReached('paused', 6, training);
  training.child.kill('SIGINT');
  const ended = await training.ended;
  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/paused at step \d+ of 160/);
  expect((await runCommand('train', '--resume', 'paused', ...workspace)).code).toBe(0);
  const run = await showRun('paused');
  expect(run.status).toBe('finished');
  expect(run.history.map((step) => step.baseLoss)).toEqual(undisturbed);
});
