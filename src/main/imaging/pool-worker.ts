import { parentPort } from 'node:worker_threads';
import { serializeError, StudioError, type SerializedStudioError } from '#shared/errors.ts';
import { renderItem, type RenderOutcome, type RenderTask } from './render.ts';

/** The entry of an image worker thread: it answers each request with the outcome, or with the fault of the studio that prevented it. */

export interface WorkerRequest {
  readonly id: number;
  readonly task: RenderTask;
}

export interface WorkerReply {
  readonly id: number;
  readonly answer: { readonly outcome: RenderOutcome } | { readonly fault: SerializedStudioError };
}

if (parentPort === null) throw new StudioError('internal', 'The image worker was not started as a worker thread.');
const port = parentPort;

async function answerTo(task: RenderTask): Promise<WorkerReply['answer']> {
  try {
    return { outcome: await renderItem(task) };
  } catch (error) {
    return { fault: serializeError(error) };
  }
}

port.on('message', ({ id, task }: WorkerRequest) => {
  void answerTo(task).then((answer) => {
    port.postMessage({ id, answer } satisfies WorkerReply);
  });
});
