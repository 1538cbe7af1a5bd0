import { StudioError } from '#shared/errors.ts';
import type { Job, JobKind } from '#shared/jobs.ts';
import type { Connection } from './database.ts';

interface StoredJob extends Omit<Job, 'error'> {
  readonly error: string | null;
}

const COLUMNS =
  'id, kind, title, status, done, total, unit, rate, seconds_left AS secondsLeft, message, error, run_id AS run, created_at AS createdAt, updated_at AS updatedAt';

/** Long work: a row each, that says how far it is and how it ended. */
export class JobTable {
  readonly #insert;
  readonly #byId;
  readonly #latest;
  readonly #save;
  readonly #interrupt;

  constructor(connection: Connection) {
    this.#insert = connection
      .prepare<unknown[], number>(
        `INSERT INTO job (kind, title, status, done, unit, message, run_id, created_at, updated_at)
       VALUES (?, ?, 'queued', 0, ?, '', ?, ?, ?) RETURNING id`,
      )
      .pluck();
    this.#byId = connection.prepare<[number], StoredJob>(`SELECT ${COLUMNS} FROM job WHERE id = ?`);
    this.#latest = connection.prepare<[number], StoredJob>(`SELECT ${COLUMNS} FROM job ORDER BY id DESC LIMIT ?`);
    this.#save = connection.prepare(
      `UPDATE job SET title = ?, status = ?, done = ?, total = ?, unit = ?, rate = ?, seconds_left = ?, message = ?, error = ?, run_id = ?, updated_at = ?
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
    return this.get(this.#insert.get(kind, title, unit, run, now, now)!);
  }

  /** @throws StudioError 'not-found'. */
  get(id: number): Job {
    const stored = this.#byId.get(id);
    if (stored === undefined) throw new StudioError('not-found', `There is no job ${id}.`);
    return jobOf(stored);
  }

  update(id: number, patch: Partial<Omit<Job, 'id' | 'kind' | 'createdAt'>>): Job {
    const { title, status, done, total, unit, rate, secondsLeft, message, error, run } = { ...this.get(id), ...patch };
    const problem = error === null ? null : JSON.stringify(error);
    this.#save.run(
      title,
      status,
      done,
      total,
      unit,
      rate,
      secondsLeft,
      message,
      problem,
      run,
      new Date().toISOString(),
      id,
    );
    return this.get(id);
  }

  /** The newest first. */
  list({ limit }: { limit: number }): Job[] {
    return this.#latest.all(limit).map(jobOf);
  }

  /** What is found running when a host starts was cut off with the host before. @returns those jobs. */
  markInterrupted(): Job[] {
    return this.#interrupt.all(new Date().toISOString()).map((id) => this.get(id));
  }
}

function jobOf(stored: StoredJob): Job {
  return { ...stored, error: stored.error === null ? null : (JSON.parse(stored.error) as Job['error']) };
}
