import type { ImportFailure } from '#shared/catalog.ts';
import type { Connection } from './database.ts';
import type { SourceTable } from './sources.ts';

/** Files that imports rejected, with the reason of the last try. */
export class ImportErrorTable {
  readonly #connection: Connection;
  readonly #sources: SourceTable;
  readonly #insert;
  readonly #bySource;
  readonly #clear;

  constructor(connection: Connection, sources: SourceTable) {
    this.#connection = connection;
    this.#sources = sources;
    this.#insert = connection.prepare('INSERT OR REPLACE INTO import_error (source_id, path, reason) VALUES (?, ?, ?)');
    this.#bySource = connection.prepare<[number], ImportFailure>(
      'SELECT path, reason FROM import_error WHERE source_id = ? ORDER BY path',
    );
    this.#clear = connection.prepare('DELETE FROM import_error WHERE source_id = ?');
  }

  add(sourceId: number, failures: readonly ImportFailure[]): void {
    this.#connection.transaction(() => {
      for (const { path, reason } of failures) this.#insert.run(sourceId, path, reason);
    })();
  }

  list(source: string): ImportFailure[] {
    return this.#bySource.all(this.#sources.get(source).id);
  }

  /** Forgets what earlier imports of a source rejected: a new one looks at every file again. */
  clear(sourceId: number): void {
    this.#clear.run(sourceId);
  }
}
