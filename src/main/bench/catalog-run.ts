import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StudioError, deserializeError, type SerializedStudioError } from '#shared/errors.ts';
import type { BenchResult } from './catalog.ts';

/** The name of this benchmark's group; it has no peer. */
export const CATALOG_GROUP = 'catalog';

export type FromCatalogChild =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'results'; readonly results: readonly BenchResult[] }
  | { readonly kind: 'failed'; readonly error: SerializedStudioError };

/**
 * Times the catalog on generated rows, in a process of its own.
 *
 * @returns results whose names begin with `catalog/`. @throws StudioError what the process reports, or the signal's reason.
 */
export async function runCatalogBenchmark(
  rows: number,
  signal: AbortSignal,
  onProgress: (message: string) => void,
): Promise<BenchResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'face2exp-bench-'));
  try {
    const results = await askChild(rows, directory, signal, onProgress);
    return results.map((result) => ({ ...result, name: `${CATALOG_GROUP}/${result.name}` }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function askChild(
  rows: number,
  directory: string,
  signal: AbortSignal,
  onProgress: (message: string) => void,
): Promise<readonly BenchResult[]> {
  signal.throwIfAborted();
  const child = fork(fileURLToPath(new URL('./catalog-child.ts', import.meta.url)), [String(rows), directory], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const kill = (): boolean => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  let answer: FromCatalogChild | undefined;
  child.on('message', (message: FromCatalogChild) => {
    if (message.kind === 'progress') onProgress(message.message);
    else answer = message;
  });
  const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (answer?.kind === 'results') return answer.results;
  if (answer?.kind === 'failed') throw deserializeError(answer.error);
  throw new StudioError('unavailable', `The catalog's benchmark ended with ${killedBy ?? `code ${code}`}.`, {
    hint: 'If nobody ended it, memory or disk ran out: try fewer --rows.',
  });
}
