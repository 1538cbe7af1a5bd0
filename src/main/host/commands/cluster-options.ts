import { readFileSync } from 'node:fs';
import { type ClusterRequest, clusterRequestSchema } from '#shared/cluster.ts';
import { StudioError, toStudioError } from '#shared/errors.ts';

interface ClusterOptions {
  readonly cluster?: string;
  readonly elastic?: true;
  readonly workerTimeout?: string;
}

/** In the place of workers: those that a launcher started. */
export const LAUNCHER = 'launcher';

/**
 * The workers a command names. @param options.cluster HOST:PORT by commas, or @FILE with one a line, # before remarks.
 * @returns undefined when it names none. @throws StudioError 'usage' for what is no address, 'not-found' for a file that is not there.
 */
export function clusterOf({ cluster, elastic, workerTimeout }: ClusterOptions): ClusterRequest | undefined {
  if (cluster === undefined) {
    const flag = elastic !== undefined ? '--elastic' : workerTimeout !== undefined ? '--worker-timeout' : undefined;
    if (flag === undefined) return undefined;
    throw new StudioError('usage', `${flag} is about the workers of --cluster.`, { hint: 'Name them.' });
  }
  const parsed = clusterRequestSchema.safeParse({
    workers: cluster.startsWith('@') ? hostsIn(cluster.slice(1)) : split(cluster),
    elastic: elastic ?? false,
    ...(workerTimeout === undefined ? {} : { timeoutSeconds: Number(workerTimeout) }),
  });
  if (parsed.success) return parsed.data;
  throw new StudioError('usage', `--cluster: ${parsed.error.issues[0]!.message}`, {
    hint: 'Such as --cluster gpu-1:7070,gpu-2:7070, each started with `worker --listen`.',
  });
}

function hostsIn(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  } catch (error) {
    throw toStudioError(error);
  }
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}
