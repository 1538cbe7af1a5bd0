import type { CatalogStats, ClassCounts, ClassMismatch, SourceStats, StatsRequest } from '#shared/catalog.ts';
import { EXPRESSIONS, DEFAULT_CLASS_COUNT, classNames } from '#shared/expressions.ts';
import { SPLITS } from '#shared/images.ts';
import type { Round } from '#shared/rounds.ts';
import type { Cell, CellTable } from './cells.ts';
import type { Connection } from './database.ts';
import type { RoundTable } from './rounds.ts';
import type { SourceRow, SourceTable } from './sources.ts';

/** Beta of the effective number of samples, (1 - βⁿ) / (1 - β): Cui et al., "Class-balanced loss", CVPR 2019. */
const EFFECTIVE_NUMBER_BETA = 0.9999;

export interface StatisticsParts {
  readonly sources: SourceTable;
  readonly cells: CellTable;
  readonly rounds: RoundTable;
}

/** Numbers about the catalog, from the counts that triggers keep: never by counting images. */
export class Statistics {
  readonly #sources: SourceTable;
  readonly #cells: CellTable;
  readonly #rounds: RoundTable;
  readonly #identities;
  readonly #failures;

  constructor(connection: Connection, { sources, cells, rounds }: StatisticsParts) {
    this.#sources = sources;
    this.#cells = cells;
    this.#rounds = rounds;
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

  /** @throws StudioError 'not-found' for an unknown source or round. */
  of({ source, round }: StatsRequest): CatalogStats {
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
      mismatch: this.#mismatch(source, round),
    };
  }

  /**
   * Labeled training images, of the source alone if it has any, beside a round: the one that is named, else the newest finished one over that
   * source, else the newest over any unlabeled source, else the newest at all.
   */
  #mismatch(source: string | undefined, name: string | undefined): ClassMismatch | null {
    const round = name === undefined ? this.#newestRound(source) : this.#rounds.named(name);
    if (round === undefined) return null;
    const training = this.#cells.of({ split: 'train' }).filter(({ label }) => label !== null);
    const sourceId = source === undefined ? undefined : this.#sources.get(source).id;
    const ofSource = training.filter((cell) => cell.sourceId === sourceId);
    const labeled = ofSource.length > 0 ? ofSource : training;
    const classes = Math.max(
      round.classes.length,
      DEFAULT_CLASS_COUNT,
      ...labeled.map(({ label }) => (label === null ? 0 : label + 1)),
    );
    const labeledCounts = Array.from({ length: classes }, (_, label) =>
      sum(labeled.filter((cell) => cell.label === label)),
    );
    const pseudoCounts = Array.from({ length: classes }, (_, label) => round.perClass[label]?.count ?? 0);
    const [labeledShare, unlabeledShare] = [sharesOf(labeledCounts), sharesOf(pseudoCounts)];
    const differences = unlabeledShare.map((share, label) => share - labeledShare[label]!);
    return {
      round: { id: round.id, name: round.name, source: round.source },
      ...{ labeledCounts, labeledShare, pseudoCounts, unlabeledShare, differences },
      totalVariation: differences.reduce((total, difference) => total + Math.abs(difference), 0) / 2,
    };
  }

  #newestRound(source: string | undefined): Round | undefined {
    const finished = this.#rounds.list().filter(({ status, count }) => status === 'finished' && count > 0);
    const unlabeled = new Set(
      this.#sources
        .list()
        .filter(({ role }) => role === 'unlabeled')
        .map(({ name }) => name),
    );
    return (
      finished.find((round) => round.source === source) ??
      finished.find((round) => unlabeled.has(round.source)) ??
      finished[0]
    );
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

/** Each count's part of all; 0 where there are none. */
function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((all, count) => all + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
}

function splitCounts(cells: readonly Cell[], classes: number): CatalogStats['splits'] {
  const bySplit = Map.groupBy(cells, ({ split }) => split);
  const present = SPLITS.filter((split) => bySplit.has(split));
  return Object.fromEntries(present.map((split) => [split, classCounts(bySplit.get(split)!, classes)]));
}

function classCounts(cells: readonly Cell[], classes: number): ClassCounts {
  const counts = Array.from({ length: classes }, (_, label) => sum(cells.filter((cell) => cell.label === label)));
  const filled = counts.filter((count) => count > 0);
  return {
    counts,
    shares: sharesOf(counts),
    total: sum(cells),
    imbalanceRatio: filled.length < 2 ? null : Math.max(...filled) / Math.min(...filled),
    effectiveNumber: counts.map((count) => (1 - EFFECTIVE_NUMBER_BETA ** count) / (1 - EFFECTIVE_NUMBER_BETA)),
  };
}
