import { Worker } from 'node:worker_threads';
import { StudioError, deserializeError } from '#shared/errors.ts';
import { type AnalysisAnswer, type AnalysisItem, analyzeItems } from './analysis.ts';
import type { AnalysisReply, AnalysisRequest } from './analysis-worker.ts';

/** Lists a worker has at once: while a picture of one is decoded in sharp's own thread, one of the other is measured. */
const LISTS_PER_LANE = 2;

export interface AnalysisOptions {
  /** Worker threads; 0 works in the calling thread. What is found is the same. */
  readonly workers: number;
  readonly signal: AbortSignal;
}

/** Something that looks at pictures: a worker thread, or the calling thread. */
interface Lane {
  analyze(items: readonly AnalysisItem[]): Promise<readonly AnalysisAnswer[]>;
  close(): Promise<void>;
}

interface Finished {
  readonly lane: Lane;
  readonly work: Promise<Finished>;
  readonly answers: readonly AnalysisAnswer[];
}

/**
 * Looks at pictures, several at a time. @param lists some pictures each, taken when there is somebody to look at them: a message to a worker
 * costs about as much as a small picture. @returns what was found, list by list, as they are done.
 *
 * @throws StudioError 'internal' when a worker stopped; the signal's reason. A bad picture is told in its answer.
 */
export async function* analyzeImages(
  lists: Iterator<readonly AnalysisItem[]>,
  { workers, signal }: AnalysisOptions,
): AsyncGenerator<readonly AnalysisAnswer[]> {
  const lanes: Lane[] = workers === 0 ? [new CallingThread()] : Array.from({ length: workers }, () => new WorkerLane());
  const free = Array.from({ length: LISTS_PER_LANE }, () => lanes).flat();
  const running = new Set<Promise<Finished>>();
  const startFree = (): void => {
    while (free.length > 0) {
      const list = lists.next();
      if (list.done === true) return;
      const lane = free.shift()!;
      const work: Promise<Finished> = lane.analyze(list.value).then((answers) => ({ lane, work, answers }));
      running.add(work);
    }
  };
  try {
    for (startFree(); running.size > 0; startFree()) {
      const { lane, work, answers } = await Promise.race(running);
      running.delete(work);
      free.push(lane);
      yield answers;
      signal.throwIfAborted();
    }
  } finally {
    await Promise.allSettled(running);
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

class CallingThread implements Lane {
  analyze(items: readonly AnalysisItem[]): Promise<readonly AnalysisAnswer[]> {
    return analyzeItems(items);
  }

  async close(): Promise<void> {
    // There is no thread to end.
  }
}

interface Waiting {
  readonly first: string;
  readonly resolve: (answers: readonly AnalysisAnswer[]) => void;
  readonly reject: (error: StudioError) => void;
}

class WorkerLane implements Lane {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  /** Why it stopped. */
  #lost: StudioError | undefined;

  constructor() {
    this.#worker = new Worker(new URL('./analysis-worker.ts', import.meta.url), { name: 'analysis' });
    this.#worker.on('message', ({ id, answer }: AnalysisReply) => {
      const { resolve, reject } = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      if ('fault' in answer) reject(deserializeError(answer.fault));
      else resolve(answer.answers);
    });
    let cause: unknown;
    this.#worker.on('error', (error) => (cause = error));
    this.#worker.on('exit', (exitCode) => this.#lose(exitCode, cause));
  }

  analyze(items: readonly AnalysisItem[]): Promise<readonly AnalysisAnswer[]> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const { promise, resolve, reject } = Promise.withResolvers<readonly AnalysisAnswer[]>();
    const id = this.#nextId++;
    this.#waiting.set(id, { first: items[0]?.reference.path ?? '', resolve, reject });
    this.#worker.postMessage({ id, items } satisfies AnalysisRequest);
    return promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(exitCode: number, cause: unknown): void {
    const [oldest] = this.#waiting.values();
    const where = oldest === undefined ? '' : ` while it looked at ${oldest.first} or a picture after it`;
    this.#lost = new StudioError('internal', `An analysis worker stopped (exit code ${exitCode})${where}.`, {
      hint: 'Analyze again to continue. If it happens again at the same image, remove that image.',
      cause,
    });
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
  }
}
