import { Worker } from 'node:worker_threads';
import { type SerializedStudioError, StudioError, deserializeError } from '#shared/errors.ts';
import type { MapStage } from './plan.ts';
import type { ProjectedMap } from './project.ts';

export interface MapInput {
  /** A round's file of embeddings. */
  readonly file: string;
  readonly sample: number;
  readonly neighbours: number;
  readonly seed: number;
}

/** A map with the image of each of its points. */
export interface ImageMap extends ProjectedMap {
  readonly ids: Float64Array;
}

export type MapAnswer =
  | { readonly type: 'progress'; readonly stage: MapStage; readonly done: number }
  | { readonly type: 'map'; readonly map: ImageMap }
  | { readonly type: 'failed'; readonly error: SerializedStudioError };

/** What umap-js keeps of 50,000 landmarks takes gigabytes, more than a thread is given by itself. */
const LARGEST_HEAP_MEGABYTES = 8_192;

/**
 * `projectMap` in a thread of its own, so that the host goes on answering and a cancelled map stops at once.
 * @throws StudioError as `projectMap` and `openEmbeddings`; 'out-of-memory'; the signal's reason.
 */
export async function mapInThread(
  input: MapInput,
  signal: AbortSignal,
  onProgress: (stage: MapStage, done: number) => void,
): Promise<ImageMap> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./map-worker.ts', import.meta.url), {
    name: 'map',
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: LARGEST_HEAP_MEGABYTES },
  });
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<ImageMap>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort);
      worker.on('message', (answer: MapAnswer) => {
        if (answer.type === 'progress') onProgress(answer.stage, answer.done);
        else if (answer.type === 'map') resolve(answer.map);
        else reject(deserializeError(answer.error));
      });
      worker.on('error', (error) => reject(stopped(error)));
      worker.on('exit', (code) => reject(stopped(new Error(`exit code ${code}`))));
    });
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}

function stopped(cause: Error): StudioError {
  if ((cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new StudioError('out-of-memory', 'There is not enough memory for a map of so many landmarks.', {
      hint: 'Lay fewer of them out.',
      commandLine: '`--sample 20000`',
      cause,
    });
  }
  return new StudioError('internal', 'The thread that makes the map stopped.', { hint: 'Try again.', cause });
}
