import { Worker } from 'node:worker_threads';
import { MAXIMUM_PIXELS, probeImage } from '../imaging/decode.ts';
import type { ProbeBatch, ProbedBatch } from './probe-worker.ts';

/** Files looked at in the calling thread before threads are started for more: starting them takes as long as some hundred files. */
const WITHOUT_WORKERS = 200;
/** As many reads as a disk answers side by side. */
const WORKERS = 4;
const FILES_PER_BATCH = 32;

/** Pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

interface Asked {
  readonly path: string;
  readonly resolve: (size: ImageSize | PromiseLike<ImageSize>) => void;
}

/** Tells the sizes of many image files, in threads of its own; files that are not plainly in order are looked at in the calling thread. */
export class ProbePool {
  #count = 0;
  #waiting: Asked[] = [];
  #isFlushPlanned = false;
  #nextBatch = 0;
  readonly #asked = new Map<number, readonly Asked[]>();
  readonly #workers: Worker[] = [];

  /** @throws StudioError as `probeImage`. */
  probe(path: string): Promise<ImageSize> {
    if (this.#count++ < WITHOUT_WORKERS) return probeImage(path);
    return new Promise((resolve) => {
      this.#waiting.push({ path, resolve });
      if (this.#waiting.length >= FILES_PER_BATCH) this.#flush();
      else if (!this.#isFlushPlanned) {
        this.#isFlushPlanned = true;
        setImmediate(() => this.#flush());
      }
    });
  }

  /** Ends the threads. What was asked for and is not answered yet never will be. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    if (this.#waiting.length === 0) return;
    const number = this.#nextBatch++;
    const asked = this.#waiting;
    this.#waiting = [];
    this.#asked.set(number, asked);
    if (this.#workers.length < WORKERS) this.#workers.push(this.#newWorker());
    const worker = this.#workers[number % this.#workers.length]!;
    worker.postMessage({ number, paths: asked.map(({ path }) => path) } satisfies ProbeBatch);
  }

  /** A thread that failed, for want of memory, say, answers nothing any more: what it may have been asked is looked at here. */
  #replace(worker: Worker): void {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    for (const asked of this.#asked.values()) for (const { path, resolve } of asked) resolve(probeImage(path));
    this.#asked.clear();
  }

  #newWorker(): Worker {
    const worker = new Worker(new URL('./probe-worker.ts', import.meta.url));
    worker.on('message', ({ number, sizes }: ProbedBatch) => {
      const asked = this.#asked.get(number) ?? [];
      this.#asked.delete(number);
      for (const [index, { path, resolve }] of asked.entries()) {
        const [width, height] = [sizes[2 * index]!, sizes[2 * index + 1]!];
        const isPlain = width > 0 && height > 0 && width * height <= MAXIMUM_PIXELS;
        resolve(isPlain ? { width, height } : probeImage(path));
      }
    });
    worker.on('error', () => this.#replace(worker));
    return worker;
  }
}
