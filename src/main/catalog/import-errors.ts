import type { ImportFailure } from '#shared/catalog.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';
import type { SourceTable } from './sources.ts';

/** Failures a list holds when it is not told otherwise. */
const PAGE = 1_000;

/** Files that imports rejected, with the reason of the last try. */
export class ImportErrorTable {
  readonly #connection: Connection;
  readonly #sources: SourceTable;
  readonly #insert;
  readonly #after;
  readonly #removeBefore;

  constructor(connection: Connection, sources: SourceTable) {
    this.#connection = connection;
    this.#sources = sources;
    const columns = ['source_id', 'path', 'reason', 'recorded_at'];
    this.#insert = new BulkInsert(connection, 'INSERT OR REPLACE INTO import_error', columns);
    this.#after = connection.prepare<[number, string, number], ImportFailure>(
      'SELECT path, reason FROM import_error WHERE source_id = ? AND path > ? ORDER BY path LIMIT ?',
    );
    this.#removeBefore = connection.prepare('DELETE FROM import_error WHERE source_id = ? AND recorded_at < ?');
  }

  /** Keeps failures in one transaction; a later reason for the same file replaces the earlier. */
  add(sourceId: number, failures: readonly ImportFailure[]): void {
    const now = new Date().toISOString();
    const rows = failures.map(({ path, reason }) => [sourceId, path, reason, now]);
    this.#connection.transaction(() => this.#insert.insert(rows))();
  }

  /** Failures of a source after a path, in the order of their paths. @throws StudioError 'not-found' for an unknown source. */
  list(source: string, { afterPath = '', limit = PAGE }: { afterPath?: string; limit?: number } = {}): ImportFailure[] {
    return this.#after.all(this.#sources.get(source).id, afterPath, limit);
  }

  /** Forgets failures that an import which began then, and came to its end, has not met again. @param time ISO 8601, UTC. */
  removeBefore(sourceId: number, time: string): void {
    this.#removeBefore.run(sourceId, time);
  }
}
