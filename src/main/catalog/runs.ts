import { StudioError } from '#shared/errors.ts';
import type { RunDetail, RunSummary } from '#shared/training.ts';
import type { Connection } from './database.ts';
import { RunRecords } from './run-records.ts';

export type NewRun = Pick<RunDetail, 'id' | 'name' | 'config' | 'request' | 'snapshot' | 'totalSteps'>;
export type RunPatch = Partial<
  Pick<
    RunDetail,
    'status' | 'phase' | 'step' | 'best' | 'imagesPerSecond' | 'secondsLeft' | 'seconds' | 'error' | 'runtime'
  >
>;

interface StoredSummary extends Omit<RunSummary, 'best' | 'error' | 'accuracies'> {
  readonly best: string | null;
  readonly error: string | null;
}
interface StoredRun extends StoredSummary {
  readonly config: string;
  readonly request: string;
  readonly snapshot: string;
  readonly runtime: string | null;
}

const SUMMARY = `id, name, status, phase, step, total_steps AS totalSteps, best, images_per_second AS imagesPerSecond,
  seconds_left AS secondsLeft, seconds, bad_images AS badImages, error, created_at AS createdAt, updated_at AS updatedAt`;

/** Column of each field that may be changed, and whether it is kept as JSON. */
const PATCHED: Readonly<Record<keyof RunPatch, { readonly column: string; readonly json?: true }>> = {
  status: { column: 'status' },
  phase: { column: 'phase' },
  step: { column: 'step' },
  best: { column: 'best', json: true },
  imagesPerSecond: { column: 'images_per_second' },
  secondsLeft: { column: 'seconds_left' },
  seconds: { column: 'seconds' },
  error: { column: 'error', json: true },
  runtime: { column: 'runtime', json: true },
};

/** Training runs: what each is, how far it is, and (by {@link RunRecords}) everything it reported. */
export class RunTable extends RunRecords {
  readonly #connection: Connection;
  readonly #insert;
  readonly #byId;
  readonly #all;
  readonly #accuracies;
  readonly #interrupt;

  constructor(connection: Connection) {
    super(connection);
    this.#connection = connection;
    this.#insert = connection.prepare(
      `INSERT INTO run (id, name, status, phase, step, total_steps, seconds, bad_images, config, request, snapshot, created_at, updated_at)
       VALUES (?, ?, 'queued', 'preparing', 0, ?, 0, 0, ?, ?, ?, ?, ?)`,
    );
    this.#byId = connection.prepare<[string], StoredRun>(
      `SELECT ${SUMMARY}, config, request, snapshot, runtime FROM run WHERE id = ?`,
    );
    this.#all = connection.prepare<[], StoredSummary>(`SELECT ${SUMMARY} FROM run ORDER BY created_at DESC, id`);
    this.#accuracies = connection.prepare<[], { run_id: string; accuracy: number }>(
      `SELECT run_id, accuracy FROM run_evaluation WHERE network = 'adaptation' AND split = 'validation' ORDER BY run_id, step`,
    );
    this.#interrupt = connection.prepare(
      `UPDATE run SET status = 'interrupted', seconds_left = NULL, images_per_second = NULL WHERE status IN ('running', 'queued')`,
    );
  }

  create({ id, name, config, request, snapshot, totalSteps }: NewRun): void {
    const now = new Date().toISOString();
    this.#insert.run(
      id,
      name,
      totalSteps,
      JSON.stringify(config),
      JSON.stringify(request),
      JSON.stringify(snapshot),
      now,
      now,
    );
  }

  update(id: string, patch: RunPatch): void {
    const fields = (Object.keys(patch) as (keyof RunPatch)[]).filter((field) => patch[field] !== undefined);
    const values = fields.map((field) => {
      const value = patch[field];
      return PATCHED[field].json === true && value !== null ? JSON.stringify(value) : value;
    });
    const assignments = [...fields.map((field) => `${PATCHED[field].column} = ?`), 'updated_at = ?'].join(', ');
    this.#connection.prepare(`UPDATE run SET ${assignments} WHERE id = ?`).run(...values, new Date().toISOString(), id);
  }

  /** Everything but the folder, which the workspace knows. @throws StudioError 'not-found'. */
  get(id: string): Omit<RunDetail, 'directory'> {
    const stored = this.#byId.get(id);
    if (stored === undefined)
      throw new StudioError('not-found', `There is no run ${id} in this workspace.`, {
        hint: 'List them with `runs list`.',
      });
    const { config, request, snapshot, runtime, ...summary } = stored;
    const evaluations = this.evaluations(id);
    return {
      ...summaryOf(summary, accuraciesOf(evaluations)),
      config: JSON.parse(config) as RunDetail['config'],
      request: JSON.parse(request) as RunDetail['request'],
      snapshot: JSON.parse(snapshot) as RunDetail['snapshot'],
      runtime: runtime === null ? null : (JSON.parse(runtime) as RunDetail['runtime']),
      evaluations,
      log: this.log(id),
    };
  }

  /** The newest first. */
  list(): RunSummary[] {
    const accuracies = Map.groupBy(this.#accuracies.all(), (row) => row.run_id);
    return this.#all.all().map((stored) =>
      summaryOf(
        stored,
        (accuracies.get(stored.id) ?? []).map((row) => row.accuracy),
      ),
    );
  }

  remove(id: string): void {
    this.#connection.prepare('DELETE FROM run WHERE id = ?').run(id);
  }

  /** What is found running when a host starts was cut off with the host before. */
  markInterrupted(): void {
    this.#interrupt.run();
  }
}

function accuraciesOf(evaluations: RunDetail['evaluations']): number[] {
  return evaluations
    .filter(({ network, split }) => network === 'adaptation' && split === 'validation')
    .map(({ accuracy }) => accuracy);
}

function summaryOf({ best, error, ...rest }: StoredSummary, accuracies: number[]): RunSummary {
  return {
    ...rest,
    best: best === null ? null : (JSON.parse(best) as RunSummary['best']),
    error: error === null ? null : (JSON.parse(error) as RunSummary['error']),
    accuracies,
  };
}
