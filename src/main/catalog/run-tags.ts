import type { Connection } from './database.ts';

/** What people call runs, to find them by. Runs are named by their numbers. */
export class RunTags {
  readonly #add;
  readonly #remove;
  readonly #ofRun;
  readonly #all;

  constructor(connection: Connection) {
    this.#add = connection.prepare<[number, string]>('INSERT OR IGNORE INTO run_tag (run_number, tag) VALUES (?, ?)');
    this.#remove = connection.prepare<[number, string]>('DELETE FROM run_tag WHERE run_number = ? AND tag = ?');
    this.#ofRun = connection
      .prepare<[number], string>('SELECT tag FROM run_tag WHERE run_number = ? ORDER BY tag')
      .pluck();
    this.#all = connection.prepare<[], { run: number; tag: string }>(
      'SELECT run_number AS run, tag FROM run_tag ORDER BY run_number, tag',
    );
  }

  /** A tag that is there already, or not there to be removed, changes nothing. The caller holds the transaction. */
  change(run: number, add: readonly string[], remove: readonly string[]): void {
    for (const tag of remove) this.#remove.run(run, tag);
    for (const tag of add) this.#add.run(run, tag);
  }

  /** In the order of the alphabet. */
  of(run: number): string[] {
    return this.#ofRun.all(run);
  }

  /** Of every run that has some. */
  all(): Map<number, string[]> {
    const byRun = Map.groupBy(this.#all.all(), ({ run }) => run);
    return new Map([...byRun].map(([run, rows]) => [run, rows.map(({ tag }) => tag)]));
  }
}
