import { parentPort, workerData } from 'node:worker_threads';
import { serializeError, StudioError, type SerializedStudioError } from '#shared/errors.ts';
import { Renderer, type ImageFailure, type RenderItem, type SharedFloats } from './render.ts';

/** The entry of an image worker thread: it answers each request with what became of the picture, or with the fault of the studio. */

export interface WorkerOptions {
  readonly cacheBytes: number;
}

export interface WorkerRequest {
  readonly id: number;
  readonly item: RenderItem;
  readonly output: SharedFloats;
}

export interface WorkerReply {
  readonly id: number;
  readonly answer: { readonly failure: ImageFailure | undefined } | { readonly fault: SerializedStudioError };
}

if (parentPort === null) throw new StudioError('internal', 'The image worker was not started as a worker thread.');
const port = parentPort;
const renderer = new Renderer((workerData as WorkerOptions).cacheBytes);

async function answerTo({ item, output }: WorkerRequest): Promise<WorkerReply['answer']> {
  try {
    return { failure: await renderer.render(item, output) };
  } catch (error) {
    return { fault: serializeError(error) };
  }
}

port.on('message', (request: WorkerRequest) => {
  void answerTo(request).then((answer) => {
    port.postMessage({ id: request.id, answer } satisfies WorkerReply);
  });
});
