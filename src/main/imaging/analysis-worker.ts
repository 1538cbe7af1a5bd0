import { parentPort } from 'node:worker_threads';
import { serializeError, StudioError, type SerializedStudioError } from '#shared/errors.ts';
import { type AnalysisAnswer, type AnalysisItem, analyzeItems } from './analysis.ts';

/** The entry of a worker thread that looks at pictures: it answers each list with what it found, or with the fault of the studio. */

export interface AnalysisRequest {
  readonly id: number;
  readonly items: readonly AnalysisItem[];
}

export interface AnalysisReply {
  readonly id: number;
  readonly answer: { readonly answers: readonly AnalysisAnswer[] } | { readonly fault: SerializedStudioError };
}

if (parentPort === null) throw new StudioError('internal', 'The analysis worker was not started as a worker thread.');
const port = parentPort;

port.on('message', ({ id, items }: AnalysisRequest) => {
  void analyzeItems(items)
    .then((answers): AnalysisReply => ({ id, answer: { answers } }))
    .catch((error: unknown): AnalysisReply => ({ id, answer: { fault: serializeError(error) } }))
    .then((reply) => port.postMessage(reply));
});
