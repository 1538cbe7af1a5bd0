import { hostname } from 'node:os';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { RuntimeInfo } from '#shared/runtime.ts';
import { isLoopback, parseNetworkAddress } from '#shared/network-address.ts';
import type { TrainingConfig } from '#shared/training.ts';
import { EngineProcess } from '../engine-process.ts';
import { parseMapping } from '../cluster/path-mapping.ts';
import { clusterSecret, clusterSecretFile } from '../cluster/secret.ts';
import { WorkerServer } from '../cluster/worker-server.ts';
import type { Register } from './register.ts';

export interface WorkerOptions {
  readonly listen: string;
  readonly tensorflowPort?: string;
  readonly map: readonly string[];
  readonly insecureNetwork: boolean;
  readonly timeout: string;
  readonly once: boolean;
}

export const registerWorkerCommand: Register = (program, action) => {
  program
    .command('worker')
    .description('lend this machine’s devices to runs that another machine starts (train --cluster)')
    .option('--listen <address>', 'HOST:PORT to wait on', '127.0.0.1:7070')
    .option('--tensorflow-port <port>', 'where TensorFlow exchanges gradients (default: the next port)')
    .option(
      '--map <from=to>',
      'where images below a folder of the host are here; may be repeated',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--insecure-network', 'listen beyond this machine: what travels is neither encrypted nor signed', false)
    .option('--timeout <seconds>', 'nothing heard of the host for so long ends its work here', '20')
    .option('--once', 'end after the first run', false)
    .action(
      action(async (context, options: WorkerOptions) => {
        const server = await startWorker(options, (line) => context.progress.line(line));
        const stopped = new Promise<void>((resolve) => (context.onInterrupt = () => resolve()));
        await Promise.race([stopped, server.served]);
        await server.close();
        context.result({ listened: options.listen }, 'The worker has stopped.');
      }),
    );
};

/** @param expectedConfig settings that the host's must equal; null: any. @throws StudioError 'usage' for an address that others reach. */
export async function startWorker(
  options: WorkerOptions,
  log: (line: string) => void,
  expectedConfig: TrainingConfig | null = null,
): Promise<WorkerServer> {
  const { host, port } = parseNetworkAddress(options.listen);
  if (!isLoopback(host) && !options.insecureNetwork) {
    throw new StudioError(
      'usage',
      `${options.listen} is reached from other machines, and nothing that travels is encrypted.`,
      {
        hint: 'On a network that nobody else is on, say --insecure-network. Else listen on 127.0.0.1 and join the machines by a tunnel: `face2exp tunnel HOST…` prints one.',
      },
    );
  }
  const tensorFlowPort = options.tensorflowPort === undefined ? port + 1 : portOf(options.tensorflowPort);
  const mappings = options.map.map(parseMapping);
  const runtime = await askRuntime();
  const server = await WorkerServer.listen({
    ...{ host, port, secret: clusterSecret(), mappings, once: options.once, log },
    silenceMilliseconds: Number(options.timeout) * 1000,
    expectedConfig,
    introduction: { hostName: hostname(), runtime, tensorFlowPort, listensOn: host },
  }).catch((error: unknown) => {
    throw toStudioError(error);
  });
  log(
    `Waiting on ${options.listen} with TensorFlow ${runtime.version} on ${runtime.deviceName} (exchanges on port ${tensorFlowPort}).`,
  );
  if (process.env['FACE2EXP_CLUSTER_SECRET'] === undefined)
    log(`The secret that hosts must know is in ${clusterSecretFile()}.`);
  return server;
}

async function askRuntime(): Promise<RuntimeInfo> {
  const engine = new EngineProcess(() => undefined);
  try {
    return await engine.request({ kind: 'runtime' });
  } finally {
    await engine.close();
  }
}

function portOf(text: string): number {
  return parseNetworkAddress(`localhost:${text}`).port;
}
