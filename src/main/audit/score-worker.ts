import { parentPort, workerData } from 'node:worker_threads';
import { StudioError } from '#shared/errors.ts';
import { type RankInput, scoreSuspicions } from './suspicions.ts';

/** The entry of the thread that scores suspicions: one answer, and it ends. */

if (parentPort === null) throw new StudioError('internal', 'The scoring was not started as a worker thread.');
parentPort.postMessage(scoreSuspicions(workerData as RankInput));
