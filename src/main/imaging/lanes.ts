import { Worker } from 'node:worker_threads';
import { deserializeError, StudioError } from '#shared/errors.ts';
import type { WorkerReply, WorkerRequest } from './pool-worker.ts';
import { renderItem, type RenderOutcome, type RenderTask } from './render.ts';

/** Something that renders: a worker thread, or the calling thread. */
export interface Lane {
  /** @throws StudioError when the studio failed, not the picture. */
  run(task: RenderTask): Promise<RenderOutcome>;
  /** Ends it. Called when nothing runs. */
  close(): Promise<void>;
}

/** Renders in the calling thread. */
export const callingThread: Lane = { run: renderItem, close: () => Promise.resolve() };

interface Waiting {
  readonly task: RenderTask;
  readonly resolve: (outcome: RenderOutcome) => void;
  readonly reject: (error: StudioError) => void;
}

/** Renders in a worker thread. One that dies fails what it was doing, and the next task starts another. */
export class WorkerLane implements Lane {
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #nextId = 0;

  run(task: RenderTask): Promise<RenderOutcome> {
    this.#worker ??= this.#start();
    const { promise, resolve, reject } = Promise.withResolvers<RenderOutcome>();
    const id = this.#nextId++;
    this.#waiting.set(id, { task, resolve, reject });
    this.#worker.postMessage({ id, task } satisfies WorkerRequest);
    return promise;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./pool-worker.ts', import.meta.url), { name: 'images' });
    worker.on('message', ({ id, answer }: WorkerReply) => {
      const waiting = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      if ('outcome' in answer) waiting.resolve(answer.outcome);
      else waiting.reject(deserializeError(answer.fault));
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
    for (const { task, reject } of lost) {
      reject(
        new StudioError(
          'internal',
          `An image worker stopped (exit code ${exitCode}) while it worked on ${task.item.reference.path}.`,
          { hint: 'Resume from the last checkpoint. If it happens again at the same image, remove that image.', cause },
        ),
      );
    }
  }
}
