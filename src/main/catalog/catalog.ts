import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CatalogStats } from '#shared/catalog.ts';
import { toStudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import { CellTable } from './cells.ts';
import { checkCounters, rebuildCounters } from './counters.ts';
import { type Connection, openDatabase } from './database.ts';
import { ImageTable } from './images.ts';
import { ImportErrorTable } from './import-errors.ts';
import { JobTable } from './jobs.ts';
import { migrate } from './migrate.ts';
import { RunTable } from './runs.ts';
import { SettingTable } from './settings.ts';
import { SourceTable } from './sources.ts';
import { Statistics } from './statistics.ts';
import { SubsetTable } from './subsets.ts';

export type { LocatedImage, NewImage } from './images.ts';
export type { SourceRow } from './sources.ts';

/** Everything a workspace knows: one SQLite file, one writer. Every statement is prepared once, when the catalog is opened. */
export class Catalog {
  readonly sources: SourceTable;
  readonly images: ImageTable;
  readonly importErrors: ImportErrorTable;
  readonly subsets: SubsetTable;
  readonly runs: RunTable;
  readonly jobs: JobTable;
  readonly settings: SettingTable;
  /** Version of the SQLite library in use. */
  readonly sqliteVersion: string;
  readonly #connection: Connection;
  readonly #statistics: Statistics;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.sources = new SourceTable(connection);
    const cells = new CellTable(connection, this.sources);
    this.images = new ImageTable(connection, this.sources, cells);
    this.importErrors = new ImportErrorTable(connection, this.sources);
    this.subsets = new SubsetTable(connection, this.images);
    this.runs = new RunTable(connection);
    this.jobs = new JobTable(connection);
    this.settings = new SettingTable(connection);
    this.#statistics = new Statistics(connection, this.sources, cells);
    this.sqliteVersion = connection.prepare<[], string>('SELECT sqlite_version()').pluck().get()!;
  }

  /** @throws StudioError 'not-found' for an unknown source. */
  stats(of: { source?: string | undefined }): CatalogStats {
    return this.#statistics.of(of);
  }

  /** Marks what a host that died left as running. @returns the jobs. */
  markInterrupted(): Job[] {
    return this.#connection.transaction(() => {
      this.runs.markInterrupted();
      return this.jobs.markInterrupted();
    })();
  }

  /** Looks through the whole file and counts anew: seconds on a large catalog. @returns a sentence for each problem; none when it is sound. */
  integrityCheck(): string[] {
    const damage = this.#connection.pragma('quick_check') as { readonly quick_check: string }[];
    const orphans = this.#connection.pragma('foreign_key_check') as { readonly table: string }[];
    return [
      ...damage.map((row) => row.quick_check).filter((text) => text !== 'ok'),
      ...new Set(orphans.map(({ table }) => `Rows of ${table} refer to rows that are gone.`)),
      ...checkCounters(this.#connection),
    ];
  }

  /** Makes the kept counts what counting gives: the remedy for what {@link integrityCheck} says of them. */
  rebuildCounters(): void {
    rebuildCounters(this.#connection);
  }

  /**
   * Copies the whole catalog while it is in use. @param file appears only once it is complete; one of that name is replaced.
   * @throws StudioError 'no-space', 'not-found' for an unknown folder.
   */
  async backupTo(file: string): Promise<void> {
    const partial = `${file}.${process.pid}.tmp`;
    try {
      statSync(dirname(file));
      await this.#connection.backup(partial);
      renameSync(partial, file);
    } catch (error) {
      rmSync(partial, { force: true });
      throw toStudioError(error);
    }
  }

  close(): void {
    this.#connection.close();
  }
}

/**
 * Opens a workspace's catalog, making or migrating it.
 * @throws StudioError 'unsupported' for one of a newer studio or of another program, 'corrupt', 'no-space', 'conflict', 'bad-input'.
 */
export function openCatalog(file: string): Catalog {
  let connection: Connection | undefined;
  try {
    connection = openDatabase(file);
    migrate(connection, file);
    return new Catalog(connection);
  } catch (error) {
    connection?.close();
    throw toStudioError(error);
  }
}
