import type { CatalogStats, ClassCounts, SourceStats } from '#shared/catalog.ts';
import { EXPRESSIONS, DEFAULT_CLASS_COUNT, classNames } from '#shared/expressions.ts';
import { SPLITS, type Role, type Split } from '#shared/images.ts';
import type { Connection } from './database.ts';
import type { SourceTable } from './sources.ts';

/** Beta of the effective number of samples, (1 - βⁿ) / (1 - β): Cui et al., "Class-balanced loss", CVPR 2019. */
const EFFECTIVE_NUMBER_BETA = 0.9999;

interface CountRow {
  readonly source: string;
  readonly split: Split;
  readonly label: number;
  readonly count: number;
}

/** Numbers about the catalog, from the counts that triggers keep: never by counting images. */
export class Statistics {
  readonly #connection: Connection;
  readonly #sources: SourceTable;

  constructor(connection: Connection, sources: SourceTable) {
    this.#connection = connection;
    this.#sources = sources;
  }

  /** @throws StudioError 'not-found' for an unknown source. */
  of({ source }: { source?: string | undefined }): CatalogStats {
    const counts = this.#counts().filter((row) => source === undefined || row.source === source);
    const sources = source === undefined ? this.#sources.list() : [this.#sources.get(source)];
    const hasContempt = counts.some((row) => row.label === EXPRESSIONS.length - 1 && row.count > 0);
    const classes = classNames(hasContempt ? EXPRESSIONS.length : DEFAULT_CLASS_COUNT);
    return {
      classes,
      images: sum(counts),
      splits: splitCounts(counts, classes.length),
      sources: sources.map((row) =>
        this.#sourceStats(
          row,
          counts.filter((count) => count.source === row.name),
          classes.length,
        ),
      ),
      mismatch: null,
    };
  }

  /** Counts every image anew and compares. @returns a sentence for each count that differs. */
  check(): string[] {
    return this.#connection
      .prepare<[], { source_id: number; split: string; label: number; counted: number; kept: number }>(
        `WITH counted AS (SELECT source_id, split, coalesce(label, -1) AS label, count(*) AS count FROM image GROUP BY 1, 2, 3)
         SELECT source_id, split, label, counted.count AS counted, coalesce(class_count.count, 0) AS kept
         FROM counted LEFT JOIN class_count USING (source_id, split, label) WHERE counted IS NOT kept
         UNION ALL
         SELECT source_id, split, label, 0, class_count.count FROM class_count LEFT JOIN counted USING (source_id, split, label)
         WHERE counted.count IS NULL AND class_count.count <> 0`,
      )
      .all()
      .map(
        (row) =>
          `The count of source ${row.source_id}, ${row.split}, class ${row.label} is kept as ${row.kept} and is ${row.counted}.`,
      );
  }

  #counts(): CountRow[] {
    return this.#connection
      .prepare<[], CountRow>(
        'SELECT source.name AS source, split, label, count FROM class_count JOIN source ON source.id = class_count.source_id WHERE count > 0',
      )
      .all();
  }

  #sourceStats(
    source: { id: number; name: string; root: string; format: string; role: Role },
    counts: readonly CountRow[],
    classes: number,
  ): SourceStats {
    const { id, name, root, format, role } = source;
    return {
      name,
      root,
      format,
      role,
      total: sum(counts),
      labeled: sum(counts.filter(({ label }) => label >= 0)),
      identities: this.#count('SELECT count(*) FROM identity_count WHERE source_id = ?', id),
      failed: this.#count('SELECT count(*) FROM import_error WHERE source_id = ?', id),
      splits: splitCounts(counts, classes),
    };
  }

  #count(sql: string, id: number): number {
    return this.#connection.prepare<[number], number>(sql).pluck().get(id) ?? 0;
  }
}

const sum = (counts: readonly { readonly count: number }[]): number =>
  counts.reduce((total, { count }) => total + count, 0);

function splitCounts(rows: readonly CountRow[], classes: number): CatalogStats['splits'] {
  const present = SPLITS.filter((split) => rows.some((row) => row.split === split));
  return Object.fromEntries(
    present.map((split) => [
      split,
      classCounts(
        rows.filter((row) => row.split === split),
        classes,
      ),
    ]),
  );
}

function classCounts(rows: readonly CountRow[], classes: number): ClassCounts {
  const counts = Array.from({ length: classes }, (_, label) => sum(rows.filter((row) => row.label === label)));
  const filled = counts.filter((count) => count > 0);
  return {
    counts,
    total: sum(rows),
    imbalanceRatio: filled.length < 2 ? null : Math.max(...filled) / Math.min(...filled),
    effectiveNumber: counts.map((count) => (1 - EFFECTIVE_NUMBER_BETA ** count) / (1 - EFFECTIVE_NUMBER_BETA)),
  };
}
