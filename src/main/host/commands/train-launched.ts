import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import { isLoopback, networkAddressText } from '#shared/network-address.ts';
import type { TrainingConfig } from '#shared/training.ts';
import {
  addressTowards,
  joinMeeting,
  launchedProcess,
  type LaunchedProcess,
  meetingOver,
  openMeeting,
} from '../cluster/launcher.ts';
import { clusterSecret } from '../cluster/secret.ts';
import type { CommandContext } from './context.ts';
import { startWorker } from './worker.ts';

/** Ports of the workers, from the meeting's on: several of them may be on one machine, and each takes two. */
const FIRST_PORT_BEHIND_MEETING = 10;
const PORTS_OF_A_WORKER = 2;

/** What all processes of a launcher were given. */
export interface LaunchedOptions {
  readonly insecureNetwork?: boolean;
  readonly map: readonly string[];
}

/**
 * One of the processes that srun or torchrun started with the same `train --cluster launcher`: a worker, unless it is the first, which has a
 * worker beside it and goes on to train.
 *
 * @param config what this process's flags say; the first one's must be the same; null: it is not looked at.
 * @returns the workers to train with; null when this process was a worker and the run is over.
 */
export async function joinLaunch(
  context: CommandContext,
  options: LaunchedOptions,
  config: TrainingConfig | null,
): Promise<{ workers: string[]; close: () => void } | null> {
  const launched = launchedProcess();
  const secret = clusterSecret();
  const port = launched.meeting.port + FIRST_PORT_BEHIND_MEETING + PORTS_OF_A_WORKER * launched.rank;
  if (launched.rank > 0) {
    await serveLaunch(context, options, { launched, secret, port, config });
    return null;
  }
  const meeting = await openMeeting(launched, secret);
  const host = await addressTowards(launched.meeting);
  const own = networkAddressText({ host, port });
  const stop = startOwnWorker(context, own, options);
  const close = (): void => (stop(), meeting.close());
  try {
    context.progress.line(`Waiting for ${launched.count - 1} other processes.`);
    const others = await meeting.addresses;
    await listening(launched, host, port);
    return { workers: [own, ...others], close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A worker until the first process is gone. */
async function serveLaunch(
  context: CommandContext,
  { map, insecureNetwork = false }: LaunchedOptions,
  {
    launched,
    secret,
    port,
    config,
  }: { launched: LaunchedProcess; secret: string; port: number; config: TrainingConfig | null },
): Promise<void> {
  await waitFor(() => addressTowards(launched.meeting));
  const host = await addressTowards(launched.meeting);
  const options = { listen: networkAddressText({ host, port }), map, insecureNetwork, timeout: '20', once: false };
  const server = await startWorker(options, (line) => context.progress.line(line), config);
  try {
    await joinMeeting(launched, port, secret);
    await meetingOver(launched, secret);
  } finally {
    await server.close();
  }
  context.result({ rank: launched.rank }, `The run is over for process ${launched.rank}.`);
}

/** The worker beside the process that trains, which would not see to it while it reads the catalog. */
function startOwnWorker(
  context: CommandContext,
  listen: string,
  { map, insecureNetwork }: LaunchedOptions,
): () => void {
  const entry = fileURLToPath(new URL('../cli.ts', import.meta.url));
  const flags = [...map.flatMap((mapping) => ['--map', mapping]), ...(insecureNetwork ? ['--insecure-network'] : [])];
  const child = spawn(process.execPath, [entry, 'worker', '--listen', listen, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  createInterface({ input: child.stderr }).on('line', (line) => context.progress.line(`worker: ${line}`));
  return () => void child.kill('SIGTERM');
}

const READY_MILLISECONDS = 120_000;

async function listening({ rank }: LaunchedProcess, host: string, port: number): Promise<void> {
  await waitFor(() => addressTowards({ host, port })).catch((error: unknown) => {
    throw new StudioError('unavailable', `The worker of process ${rank} did not start.`, {
      hint: isLoopback(host) ? 'Its last lines are above.' : 'Say --insecure-network on a network that is private.',
      cause: error,
    });
  });
}

/** Tries until it succeeds. */
async function waitFor<Value>(attempt: () => Promise<Value>): Promise<Value> {
  const deadline = performance.now() + READY_MILLISECONDS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(500);
    }
  }
}
