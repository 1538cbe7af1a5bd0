import { StudioError, serializeError, toStudioError } from '#shared/errors.ts';
import type { Job, JobKind, JobStatus } from '#shared/jobs.ts';
import { ProgressMeter } from './progress.ts';

/** Where job rows are kept; the catalog implements it. */
export interface JobStore {
  create(job: { kind: JobKind; title: string; unit: string; run: string | null }): Job;
  update(id: number, patch: Partial<Omit<Job, 'id' | 'kind' | 'createdAt'>>): Job;
}

export interface JobContext {
  readonly id: number;
  /** Aborted when the person cancels the job or the host closes. */
  readonly signal: AbortSignal;
  report(done: number, total: number | null, message?: string): void;
}

/** A row is written at most this often: progress may come a thousand times a second. */
const REPORT_INTERVAL_MILLISECONDS = 200;

interface ActiveJob {
  readonly abort: AbortController;
  readonly settled: Promise<void>;
}

/** Runs long work as jobs: each is a row that says how far it is, can be cancelled, and ends in exactly one final status. */
export class JobRunner {
  readonly #store: JobStore;
  readonly #changed: (job: Job) => void;
  readonly #active = new Map<number, ActiveJob>();
  readonly #results = new Map<number, unknown>();

  constructor(store: JobStore, changed: (job: Job) => void) {
    this.#store = store;
    this.#changed = changed;
  }

  /** Starts `work` at once. The returned promise settles as the work does; a rejection is also kept in the row. */
  start<Result>(
    description: { kind: JobKind; title: string; unit: string; run?: string },
    work: (context: JobContext) => Promise<Result>,
  ): { job: Job; result: Promise<Result> } {
    const { run = null, ...rest } = description;
    const job = this.#update(this.#store.create({ ...rest, run }).id, { status: 'running' });
    const abort = new AbortController();
    const result = this.#perform(job.id, abort, work);
    const settled = result.then(
      () => undefined,
      () => undefined, // the row holds the error; whoever awaits `result` gets it too
    );
    this.#active.set(job.id, { abort, settled });
    void settled.then(() => this.#active.delete(job.id));
    return { job, result };
  }

  /** What a job finished in this process came to; undefined for others. */
  result(id: number): unknown {
    return this.#results.get(id);
  }

  isActive(id: number): boolean {
    return this.#active.has(id);
  }

  /** Asks a job to stop; it ends as cancelled once its work has let go. */
  cancel(id: number): void {
    const active = this.#active.get(id);
    if (active === undefined) throw new StudioError('conflict', `Job ${id} is not running.`);
    active.abort.abort(new StudioError('cancelled', 'Cancelled.'));
  }

  /** Stops everything that runs, and waits for it. */
  async close(): Promise<void> {
    const reason = new StudioError('interrupted', 'The studio was closed.', { hint: 'Start it again to continue.' });
    for (const { abort } of this.#active.values()) abort.abort(reason);
    await Promise.all([...this.#active.values()].map(({ settled }) => settled));
  }

  async #perform<Result>(
    id: number,
    abort: AbortController,
    work: (context: JobContext) => Promise<Result>,
  ): Promise<Result> {
    const meter = new ProgressMeter();
    let written = -Infinity;
    const context: JobContext = {
      id,
      signal: abort.signal,
      report: (done, total, message) => {
        const now = performance.now();
        const progress = meter.read(done, total, now);
        if (now - written < REPORT_INTERVAL_MILLISECONDS && done !== total) return;
        written = now;
        this.#update(id, { ...progress, ...(message === undefined ? {} : { message }) });
      },
    };
    try {
      // A job that fails at once must still be seen running first, and its starter must hold the row before it ends.
      await Promise.resolve();
      const result = await work(context);
      this.#results.set(id, result);
      this.#update(id, { status: 'finished', secondsLeft: null, rate: null });
      return result;
    } catch (thrown) {
      const error = toStudioError(abort.signal.aborted ? abort.signal.reason : thrown);
      this.#update(id, { status: finalStatus(error), error: serializeError(error), secondsLeft: null, rate: null });
      throw error;
    }
  }

  #update(id: number, patch: Partial<Omit<Job, 'id' | 'kind' | 'createdAt'>>): Job {
    const job = this.#store.update(id, patch);
    this.#changed(job);
    return job;
  }
}

function finalStatus(error: StudioError): JobStatus {
  if (error.code === 'cancelled') return 'cancelled';
  if (error.code === 'interrupted') return 'interrupted';
  return 'failed';
}
