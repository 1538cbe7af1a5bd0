import type { MemorySample } from '#shared/training.ts';
import type { ColumnValue, Connection } from './database.ts';

/** The memory that runs took while they trained. Runs are named by their numbers. */
export class RunMemory {
  readonly #put;
  readonly #bounds;
  readonly #all;
  readonly #nearest;
  readonly #deleteAfter;

  constructor(connection: Connection) {
    this.#put = connection.prepare<ColumnValue[]>(
      'INSERT OR REPLACE INTO run_memory (run_number, step, host_bytes, device_bytes) VALUES (?, ?, ?, ?)',
    );
    const select = 'SELECT step, host_bytes AS hostBytes, device_bytes AS deviceBytes';
    this.#bounds = connection.prepare<[number], { count: number; first: number | null; last: number | null }>(
      'SELECT count(*) AS count, min(step) AS first, max(step) AS last FROM run_memory WHERE run_number = ?',
    );
    this.#all = connection.prepare<[number], MemorySample>(
      `${select} FROM run_memory WHERE run_number = ? ORDER BY step`,
    );
    this.#nearest = connection.prepare<[string, number, number], MemorySample>(
      `${select} FROM json_each(?) AS wanted CROSS JOIN run_memory
       WHERE run_number = ? AND step = (SELECT min(step) FROM run_memory WHERE run_number = ? AND step >= wanted.value)
       ORDER BY wanted.key`,
    );
    this.#deleteAfter = connection.prepare('DELETE FROM run_memory WHERE run_number = ? AND step > ?');
  }

  /** A sample at a step that has one replaces it. */
  add(run: number, { step, hostBytes, deviceBytes }: MemorySample): void {
    this.#put.run(run, step, hostBytes, deviceBytes);
  }

  /** In the order of the steps; where there are more than `maximumPoints`, evenly spaced ones, the first and the last among them. */
  list(run: number, maximumPoints: number): MemorySample[] {
    const { count, first, last } = this.#bounds.get(run)!;
    if (first === null || last === null || count <= maximumPoints) return this.#all.all(run);
    const spacing = (last - first) / (maximumPoints - 1);
    const wanted = Array.from({ length: maximumPoints }, (_, point) => first + Math.round(point * spacing));
    const samples = this.#nearest.all(JSON.stringify(wanted), run, run);
    return samples.filter(({ step }, index) => step !== samples[index - 1]?.step);
  }

  deleteAfter(run: number, step: number): void {
    this.#deleteAfter.run(run, step);
  }
}
