import type { CatalogStats } from '#shared/catalog.ts';
import type { Job } from '#shared/jobs.ts';
import { toStudioError } from '#shared/errors.ts';
import { type Connection, openDatabase } from './database.ts';
import { ImageTable } from './images.ts';
import { ImportErrorTable } from './import-errors.ts';
import { JobTable } from './jobs.ts';
import { migrate } from './migrate.ts';
import { RunTable } from './runs.ts';
import { SourceTable } from './sources.ts';
import { Statistics } from './statistics.ts';
import { SubsetTable } from './subsets.ts';

export type { LocatedImage, NewImage } from './images.ts';
export type { SourceRow } from './sources.ts';

/** Everything a workspace knows: one SQLite file, one writer. */
export class Catalog {
  readonly file: string;
  readonly sources: SourceTable;
  readonly images: ImageTable;
  readonly importErrors: ImportErrorTable;
  readonly subsets: SubsetTable;
  readonly runs: RunTable;
  readonly jobs: JobTable;
  readonly #connection: Connection;
  readonly #statistics: Statistics;

  constructor(connection: Connection, file: string) {
    this.file = file;
    this.#connection = connection;
    this.sources = new SourceTable(connection);
    this.images = new ImageTable(connection, this.sources);
    this.importErrors = new ImportErrorTable(connection, this.sources);
    this.subsets = new SubsetTable(connection, this.images);
    this.runs = new RunTable(connection);
    this.jobs = new JobTable(connection);
    this.#statistics = new Statistics(connection, this.sources);
  }

  /** Version of the SQLite library in use. */
  get sqliteVersion(): string {
    return this.#connection.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '';
  }

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

  /** Looks through the whole file and recounts. @returns a sentence for each problem; none when it is sound. */
  integrityCheck(): string[] {
    const problems = this.#connection.pragma('quick_check', { simple: false }) as { quick_check: string }[];
    const damage = problems.map((row) => row.quick_check).filter((text) => text !== 'ok');
    return [...damage, ...this.#statistics.check()];
  }

  close(): void {
    this.#connection.close();
  }
}

/**
 * Opens a workspace's catalog, making or migrating it.
 * @throws StudioError 'unsupported' for one of a newer studio, 'corrupt', 'no-space', 'bad-input'.
 */
export function openCatalog(file: string): Catalog {
  let connection: Connection | undefined;
  try {
    connection = openDatabase(file);
    migrate(connection, file);
    return new Catalog(connection, file);
  } catch (error) {
    connection?.close();
    throw toStudioError(error);
  }
}
