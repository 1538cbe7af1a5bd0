import type { ImportFailure } from '#shared/catalog.ts';
import type { Catalog, NewImage, SourceRow } from '../../catalog/catalog.ts';
import type { ImportEvent } from '../../importers/index.ts';
import type { ImportCopies } from './import-copies.ts';

/** Rows written in one transaction: what a killed import may lose, and the price of a commit shared among them. */
const BATCH = 2_000;
/** A slow disk brings less than a batch in this time: what is there is kept then. */
const FLUSH_MILLISECONDS = 1_000;
/** Failures told in the result; the catalog has them all. */
const FAILURES_TOLD = 1_000;

/** Rows on their way into the catalog, and the counts of what became of them. */
export class Intake {
  added = 0;
  skipped = 0;
  failed = 0;
  readonly failures: ImportFailure[] = [];
  readonly #leftOut = new Map<string, number>();
  #waiting = 0;
  #flushedAt = performance.now();
  readonly #catalog: Catalog;
  readonly #openSource: () => SourceRow;
  readonly #copies: ImportCopies | null;
  #source: SourceRow | undefined;
  #images: NewImage[] = [];
  #rejected: ImportFailure[] = [];

  /**
   * @param openSource called with the first rows, so that an import that cannot begin leaves no empty source.
   * @param copies keeps a copy of each image before the catalog has it.
   */
  constructor(catalog: Catalog, openSource: () => SourceRow, copies: ImportCopies | null) {
    this.#catalog = catalog;
    this.#openSource = openSource;
    this.#copies = copies;
  }

  get source(): SourceRow {
    this.#source ??= this.#openSource();
    return this.#source;
  }

  get leftOut(): { what: string; count: number }[] {
    return [...this.#leftOut].map(([what, count]) => ({ what, count }));
  }

  /** What is kept, and what needs no keeping. */
  get done(): number {
    const leftOut = this.leftOut.reduce((sum, { count }) => sum + count, 0);
    return this.added + this.skipped + this.failed + leftOut;
  }

  get isDue(): boolean {
    return this.#waiting >= BATCH || performance.now() - this.#flushedAt >= FLUSH_MILLISECONDS;
  }

  take(event: Exclude<ImportEvent, { kind: 'total' }>): void {
    this.#waiting++;
    if (event.kind === 'image') this.#images.push(event);
    else if (event.kind === 'rejected') this.#rejected.push({ path: event.path, reason: event.reason });
    else if (event.kind === 'left-out') this.#leftOut.set(event.what, (this.#leftOut.get(event.what) ?? 0) + 1);
    else this.skipped++;
  }

  /** Commits what is waiting. @throws StudioError 'no-space' when copies do not fit. */
  async flush(): Promise<void> {
    if (this.#copies !== null) {
      const { copied, failures } = await this.#copies.keep(this.#images);
      this.#images = copied;
      this.#rejected.push(...failures);
    }
    const { added, skipped } = this.#catalog.images.insertBatch(this.source.id, this.#images);
    this.#catalog.importErrors.add(this.source.id, this.#rejected);
    this.added += added;
    this.skipped += skipped;
    this.failed += this.#rejected.length;
    this.failures.push(...this.#rejected.slice(0, FAILURES_TOLD - this.failures.length));
    this.#images = [];
    this.#rejected = [];
    this.#waiting = 0;
    this.#flushedAt = performance.now();
  }
}
