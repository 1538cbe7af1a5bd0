import { StudioError } from '#shared/errors.ts';
import type { Job, JobKind } from '#shared/jobs.ts';
import type { ColumnValue, Connection } from './database.ts';
import { ERROR_COLUMNS, errorOf, errorValues, type StoredError } from './stored-error.ts';

type StoredJob = Omit<Job, 'error'> & StoredError;
/** What may change. A field left out or undefined stays as it is. */
export type JobPatch = Partial<Omit<Job, 'id' | 'kind' | 'createdAt'>>;

const COLUMNS = `id, kind, title, status, done, total, unit, rate, seconds_left AS secondsLeft, message, ${ERROR_COLUMNS}, run_id AS run,
  created_at AS createdAt, updated_at AS updatedAt`;

/** Long work: a row each, that says how far it is and how it ended. */
export class JobTable {
  readonly #insert;
  readonly #byId;
  readonly #latest;
  readonly #save;
  readonly #interrupt;

  constructor(connection: Connection) {
    this.#insert = connection.prepare<ColumnValue[], StoredJob>(
      `INSERT INTO job (kind, title, status, done, unit, message, run_id, created_at, updated_at)
       VALUES (?, ?, 'queued', 0, ?, '', ?, ?, ?) RETURNING ${COLUMNS}`,
    );
    this.#byId = connection.prepare<[number], StoredJob>(`SELECT ${COLUMNS} FROM job WHERE id = ?`);
    this.#latest = connection.prepare<[number], StoredJob>(`SELECT ${COLUMNS} FROM job ORDER BY id DESC LIMIT ?`);
    this.#save = connection.prepare<ColumnValue[]>(
      `UPDATE job SET title = ?, status = ?, done = ?, total = ?, unit = ?, rate = ?, seconds_left = ?, message = ?,
         error_code = ?, error_message = ?, error_hint = ?, error_command_line = ?, run_id = ?, updated_at = ?
       WHERE id = ?`,
    );
    this.#interrupt = connection
      .prepare<[string], number>(
        `UPDATE job SET status = 'interrupted', rate = NULL, seconds_left = NULL, updated_at = ?
         WHERE status IN ('running', 'queued') RETURNING id`,
      )
      .pluck();
  }

  create({ kind, title, unit, run }: { kind: JobKind; title: string; unit: string; run: string | null }): Job {
    const now = new Date().toISOString();
    return jobOf(this.#insert.get(kind, title, unit, run, now, now)!);
  }

  /** @throws StudioError 'not-found'. */
  get(id: number): Job {
    const stored = this.#byId.get(id);
    if (stored !== undefined) return jobOf(stored);
    throw new StudioError('not-found', `There is no job ${id}.`, { hint: 'It may be of another workspace.' });
  }

  /** @throws StudioError 'not-found'. */
  update(id: number, patch: JobPatch): Job {
    const changes = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as JobPatch;
    const job = { ...this.get(id), ...changes, updatedAt: new Date().toISOString() };
    this.#save.run(
      ...[job.title, job.status, job.done, job.total, job.unit, job.rate, job.secondsLeft, job.message],
      ...[...errorValues(job.error), job.run, job.updatedAt, id],
    );
    return job;
  }

  /** The newest first. */
  list({ limit }: { limit: number }): Job[] {
    return this.#latest.all(limit).map(jobOf);
  }

  /** What is found running or waiting when a host starts was cut off with the host before. @returns those jobs. */
  markInterrupted(): Job[] {
    return this.#interrupt.all(new Date().toISOString()).map((id) => this.get(id));
  }
}

function jobOf({ errorCode, errorMessage, errorHint, errorCommandLine, ...rest }: StoredJob): Job {
  return { ...rest, error: errorOf({ errorCode, errorMessage, errorHint, errorCommandLine }) };
}
