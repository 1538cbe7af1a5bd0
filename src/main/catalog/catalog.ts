import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CatalogStats, StatsRequest } from '#shared/catalog.ts';
import { toStudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import { AnalysisMismatch } from './analysis-mismatch.ts';
import { AnalysisTable } from './analysis.ts';
import { CellTable } from './cells.ts';
import { checkCounters, rebuildCounters } from './counters.ts';
import { type Connection, openDatabase, openSnapshot } from './database.ts';
import { DecisionLog } from './decisions.ts';
import { DuplicateTable } from './duplicates.ts';
import { ExclusionLog } from './exclusions.ts';
import { FilterParts } from './filter-parts.ts';
import { ImageLists } from './image-lists.ts';
import { ImageQuery } from './image-query.ts';
import { ImageTable } from './images.ts';
import { ImportErrorTable } from './import-errors.ts';
import { JobTable } from './jobs.ts';
import { LabelVoteTable } from './label-votes.ts';
import { MapColumns } from './map-columns.ts';
import { migrate } from './migrate.ts';
import { PseudoLabelTable } from './pseudo-labels.ts';
import { AuditTable } from './review-audits.ts';
import { checkDerived, rebuildDerived } from './review-derived.ts';
import { ReviewOutcomes } from './review-outcomes.ts';
import { ReviewSignals } from './review-signals.ts';
import { RoundIndexes } from './round-indexes.ts';
import { RoundTable } from './rounds.ts';
import { RunTable } from './runs.ts';
import { SettingTable } from './settings.ts';
import { SimilarLists } from './similar-lists.ts';
import { SourceTable } from './sources.ts';
import { Statistics } from './statistics.ts';
import { SubsetNames } from './subset-names.ts';
import { SubsetTable } from './subsets.ts';
import { TextIndex } from './text-index.ts';

export type { LocatedImage, NewImage } from './images.ts';
export type { SourceRow } from './sources.ts';

export interface BackupOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Pages copied at a time: some milliseconds, between which the host goes on. */
const BACKUP_PAGES = 1_000;

/** Everything a workspace knows: one SQLite file, one writer. Every statement is prepared once, when the catalog is opened. */
export class Catalog {
  readonly sources: SourceTable;
  readonly images: ImageTable;
  readonly query: ImageQuery;
  readonly lists: ImageLists;
  readonly similar: SimilarLists;
  readonly text: TextIndex;
  readonly analyses: AnalysisTable;
  readonly mismatch: AnalysisMismatch;
  readonly duplicates: DuplicateTable;
  readonly exclusions: ExclusionLog;
  readonly decisions: DecisionLog;
  readonly reviews: ReviewOutcomes;
  readonly reviewSignals: ReviewSignals;
  readonly audits: AuditTable;
  readonly importErrors: ImportErrorTable;
  readonly labelVotes: LabelVoteTable;
  readonly subsets: SubsetTable;
  readonly runs: RunTable;
  readonly rounds: RoundTable;
  readonly pseudoLabels: PseudoLabelTable;
  readonly mapColumns: MapColumns;
  readonly jobs: JobTable;
  readonly settings: SettingTable;
  /** Version of the SQLite library in use. */
  readonly sqliteVersion: string;
  readonly #connection: Connection;
  readonly #statistics: Statistics;

  /** @param similar lists of similar faces that are known already. */
  constructor(connection: Connection, similar = new SimilarLists(connection)) {
    this.#connection = connection;
    this.sources = new SourceTable(connection);
    const cells = new CellTable(connection, this.sources);
    const subsetNames = new SubsetNames(connection);
    const { sources } = this;
    this.text = new TextIndex(connection);
    this.analyses = new AnalysisTable(connection);
    this.duplicates = new DuplicateTable(connection, this.analyses);
    this.exclusions = new ExclusionLog(connection);
    this.decisions = new DecisionLog(connection);
    this.rounds = new RoundTable(connection, sources);
    this.similar = similar;
    const { text, duplicates, rounds } = this;
    const roundIndexes = new RoundIndexes(connection);
    const filters = new FilterParts(connection, { sources, cells, text, duplicates, similar, rounds, roundIndexes });
    this.query = new ImageQuery(connection, { sources, cells, filters });
    this.lists = new ImageLists(connection, filters);
    this.mismatch = new AnalysisMismatch(connection, cells, this.query);
    this.images = new ImageTable(connection, { sources, cells, query: this.query, subsetNames });
    this.importErrors = new ImportErrorTable(connection, this.sources);
    this.labelVotes = new LabelVoteTable(connection);
    this.subsets = new SubsetTable(connection, {
      sources,
      images: this.images,
      query: this.query,
      analyses: this.analyses,
      duplicates: this.duplicates,
      names: subsetNames,
    });
    this.runs = new RunTable(connection);
    this.pseudoLabels = new PseudoLabelTable(connection);
    this.mapColumns = new MapColumns(connection);
    this.reviews = new ReviewOutcomes(connection);
    this.reviewSignals = new ReviewSignals(connection, { rounds: this.rounds, duplicates: this.duplicates });
    this.audits = new AuditTable(connection, this.query);
    this.jobs = new JobTable(connection);
    this.settings = new SettingTable(connection);
    this.#statistics = new Statistics(connection, { sources, cells, rounds });
    this.sqliteVersion = connection.prepare<[], string>('SELECT sqlite_version()').pluck().get()!;
  }

  /** @throws StudioError 'not-found' for an unknown source or round. */
  stats(of: StatsRequest): CatalogStats {
    return this.#statistics.of(of);
  }

  /** Images that are not excluded. */
  imageCount(): number {
    return this.#statistics.imageCount();
  }

  /** Marks what a host that died left as running. @returns the jobs. */
  markInterrupted(): Job[] {
    return this.#connection.transaction(() => {
      this.runs.markInterrupted();
      this.rounds.markInterrupted();
      return this.jobs.markInterrupted();
    })();
  }

  /** Looks through the whole file for damage: a second for a million images. @returns a sentence for each problem; none when it is sound. */
  quickCheck(): string[] {
    const found = this.#connection.pragma('quick_check') as { readonly quick_check: string }[];
    return found.map((row) => row.quick_check).filter((text) => text !== 'ok');
  }

  /** Looks through the whole file and counts anew: seconds on a large catalog. @returns a sentence for each problem; none when it is sound. */
  integrityCheck(): string[] {
    const orphans = this.#connection.pragma('foreign_key_check') as { readonly table: string }[];
    return [
      ...this.quickCheck(),
      ...new Set(orphans.map(({ table }) => `Rows of ${table} refer to rows that are gone.`)),
      ...checkCounters(this.#connection),
      ...checkDerived(this.#connection),
    ];
  }

  /** Makes the kept counts what counting gives: the remedy for what {@link integrityCheck} says of them. */
  rebuildCounters(): void {
    rebuildCounters(this.#connection);
    rebuildDerived(this.#connection);
  }

  /**
   * Copies the whole catalog while it is in use. @param file appears only once it is complete; one of that name is replaced.
   * @param onProgress in pages of the file. @param signal leaves nothing behind when it is aborted.
   * @throws StudioError 'no-space', 'not-found' for an unknown folder; the signal's reason.
   */
  async backupTo(file: string, { onProgress, signal }: BackupOptions = {}): Promise<void> {
    const partial = `${file}.${process.pid}.tmp`;
    try {
      statSync(dirname(file));
      await this.#connection.backup(partial, {
        progress: ({ totalPages, remainingPages }) => {
          signal?.throwIfAborted();
          onProgress?.(totalPages - remainingPages, totalPages);
          return BACKUP_PAGES;
        },
      });
      renameSync(partial, file);
    } catch (error) {
      rmSync(partial, { force: true });
      throw toStudioError(error);
    }
  }

  /** The catalog as it is now, to read at leisure while this one goes on changing. The caller closes it. */
  snapshot(): Catalog {
    this.text.catchUp();
    this.duplicates.catchUp();
    const snapshot = openSnapshot(this.#connection.name);
    return new Catalog(snapshot, this.similar.over(snapshot));
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
