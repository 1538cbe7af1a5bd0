import { parentPort, workerData } from 'node:worker_threads';
import { StudioError, serializeError } from '#shared/errors.ts';
import { openEmbeddings } from './embedding-file.ts';
import type { MapAnswer, MapInput } from './map-thread.ts';
import { projectMap } from './project.ts';

/** The entry of the thread that makes a map: progress, one answer, and it ends. */

if (parentPort === null) throw new StudioError('internal', 'The map was not started as a worker thread.');
const port = parentPort;
const answer = (message: MapAnswer): void => port.postMessage(message);

const { file, ...options } = workerData as MapInput;
try {
  const rows = await openEmbeddings(file);
  try {
    const map = await projectMap(rows, {
      ...options,
      onProgress: (stage, done) => answer({ type: 'progress', stage, done }),
    });
    answer({ type: 'map', map: { ...map, ids: await rows.readIds() } });
  } finally {
    await rows.close();
  }
} catch (error) {
  answer({ type: 'failed', error: serializeError(error) });
}
