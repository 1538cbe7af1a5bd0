import { Worker } from 'node:worker_threads';
import { deserializeError, StudioError } from '#shared/errors.ts';
import type { WorkerOptions, WorkerReply, WorkerRequest } from './pool-worker.ts';
import { Renderer, type ImageFailure, type RenderItem, type SharedFloats } from './render.ts';

/** Something that renders: a worker thread, or the calling thread. */
export interface Lane {
  /** @returns why the picture could not be used, or undefined. @throws StudioError when the studio failed, not the picture. */
  render(item: RenderItem, output: SharedFloats): Promise<ImageFailure | undefined>;
  /** Ends it. Called when nothing runs. */
  close(): Promise<void>;
}

/** Renders in the calling thread. */
export class CallingThreadLane extends Renderer implements Lane {
  async close(): Promise<void> {
    // There is no thread to end.
  }
}

interface Waiting {
  readonly path: string;
  readonly resolve: (failure: ImageFailure | undefined) => void;
  readonly reject: (error: StudioError) => void;
}

/** Renders in a worker thread. One that dies fails what it was doing, and the next picture starts another. */
export class WorkerLane implements Lane {
  readonly #options: WorkerOptions;
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #nextId = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  render(item: RenderItem, output: SharedFloats): Promise<ImageFailure | undefined> {
    this.#worker ??= this.#start();
    const { promise, resolve, reject } = Promise.withResolvers<ImageFailure | undefined>();
    const id = this.#nextId++;
    this.#waiting.set(id, { path: item.reference.path, resolve, reject });
    this.#worker.postMessage({ id, item, output } satisfies WorkerRequest);
    return promise;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./pool-worker.ts', import.meta.url), {
      name: 'images',
      workerData: this.#options,
    });
    worker.on('message', ({ id, answer }: WorkerReply) => {
      const waiting = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      if ('fault' in answer) waiting.reject(deserializeError(answer.fault));
      else waiting.resolve(answer.failure);
    });
    let cause: unknown;
    worker.on('error', (error) => (cause = error));
    worker.on('exit', (exitCode) => this.#lose(worker, exitCode, cause));
    return worker;
  }

  #lose(worker: Worker, exitCode: number, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { path, reject } of lost) {
      reject(
        new StudioError('internal', `An image worker stopped (exit code ${exitCode}) while it worked on ${path}.`, {
          hint: 'Resume from the last checkpoint. If it happens again at the same image, remove that image.',
          cause,
        }),
      );
    }
  }
}
