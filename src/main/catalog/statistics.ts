import type { CatalogStats, ClassCounts, SourceStats } from '#shared/catalog.ts';
import { EXPRESSIONS, DEFAULT_CLASS_COUNT, classNames } from '#shared/expressions.ts';
import { SPLITS } from '#shared/images.ts';
import type { Cell, CellTable } from './cells.ts';
import type { Connection } from './database.ts';
import type { SourceRow, SourceTable } from './sources.ts';

/** Beta of the effective number of samples, (1 - βⁿ) / (1 - β): Cui et al., "Class-balanced loss", CVPR 2019. */
const EFFECTIVE_NUMBER_BETA = 0.9999;

/** Numbers about the catalog, from the counts that triggers keep: never by counting images. */
export class Statistics {
  readonly #sources: SourceTable;
  readonly #cells: CellTable;
  readonly #identities;
  readonly #failures;

  constructor(connection: Connection, sources: SourceTable, cells: CellTable) {
    this.#sources = sources;
    this.#cells = cells;
    this.#identities = connection
      .prepare<[number], number>('SELECT count(*) FROM identity_count WHERE source_id = ?')
      .pluck();
    this.#failures = connection
      .prepare<[number], number>('SELECT count(*) FROM import_error WHERE source_id = ?')
      .pluck();
  }

  /** Images that are not excluded. */
  imageCount(): number {
    return sum(this.#cells.of({}));
  }

  /** @throws StudioError 'not-found' for an unknown source. */
  of({ source }: { source?: string | undefined }): CatalogStats {
    const cells = this.#cells.of({ source });
    const sources = source === undefined ? this.#sources.list() : [this.#sources.get(source)];
    const hasContempt = cells.some(({ label }) => label === EXPRESSIONS.length - 1);
    const classes = classNames(hasContempt ? EXPRESSIONS.length : DEFAULT_CLASS_COUNT);
    const bySource = Map.groupBy(cells, ({ sourceId }) => sourceId);
    return {
      classes,
      images: sum(cells),
      splits: splitCounts(cells, classes.length),
      sources: sources.map((row) => this.#sourceStats(row, bySource.get(row.id) ?? [], classes.length)),
      mismatch: null,
    };
  }

  #sourceStats({ id, name, root, format, role }: SourceRow, cells: readonly Cell[], classes: number): SourceStats {
    return {
      name,
      root,
      format,
      role,
      total: sum(cells),
      labeled: sum(cells.filter(({ label }) => label !== null)),
      identities: this.#identities.get(id)!,
      failed: this.#failures.get(id)!,
      splits: splitCounts(cells, classes),
    };
  }
}

const sum = (cells: readonly Cell[]): number => cells.reduce((total, { count }) => total + count, 0);

function splitCounts(cells: readonly Cell[], classes: number): CatalogStats['splits'] {
  const bySplit = Map.groupBy(cells, ({ split }) => split);
  const present = SPLITS.filter((split) => bySplit.has(split));
  return Object.fromEntries(present.map((split) => [split, classCounts(bySplit.get(split)!, classes)]));
}

function classCounts(cells: readonly Cell[], classes: number): ClassCounts {
  const counts = Array.from({ length: classes }, (_, label) => sum(cells.filter((cell) => cell.label === label)));
  const filled = counts.filter((count) => count > 0);
  const labeled = counts.reduce((total, count) => total + count, 0);
  return {
    counts,
    shares: counts.map((count) => (labeled === 0 ? 0 : count / labeled)),
    total: sum(cells),
    imbalanceRatio: filled.length < 2 ? null : Math.max(...filled) / Math.min(...filled),
    effectiveNumber: counts.map((count) => (1 - EFFECTIVE_NUMBER_BETA ** count) / (1 - EFFECTIVE_NUMBER_BETA)),
  };
}
