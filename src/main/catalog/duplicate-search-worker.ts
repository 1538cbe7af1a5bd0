import { parentPort, workerData } from 'node:worker_threads';
import { StudioError } from '#shared/errors.ts';
import { type DuplicateSearchInput, groupNearHashes } from './duplicate-search.ts';

/** The entry of the thread that searches for near duplicates: one answer, and it ends. */

if (parentPort === null) throw new StudioError('internal', 'The search was not started as a worker thread.');
const { high, low, distance } = workerData as DuplicateSearchInput;
const roots = groupNearHashes({ high, low }, distance);
parentPort.postMessage(roots, [roots.buffer]);
