import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImportFailure, ImportRequest, ImportResult } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { Catalog, NewImage, SourceRow } from '../../catalog/catalog.ts';
import { type ImportEvent, chooseImporter } from '../../importers/index.ts';

/** Rows written in one transaction: what a killed import may lose, and the price of a commit shared among them. */
const BATCH = 500;
/** Failures told in the result; the catalog has them all. */
const FAILURES_TOLD = 1_000;

export interface ImportProgress {
  readonly done: number;
  readonly total: number | null;
  readonly message: string;
}

export interface ImportOptions {
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Adds what lies at a path to the catalog. Batches are committed as they come: a cancelled or killed import keeps what it has, and the next
 * one of the same path continues, adds nothing twice and does not look again at what is there. Files are only read.
 *
 * @throws StudioError 'not-found', 'bad-input' (of no known format, unknown classes), 'conflict' (the source's name is taken by another
 *   place, format or role), 'cancelled' or the signal's own reason.
 */
export async function importSource(
  catalog: Catalog,
  request: ImportRequest,
  { onProgress, signal }: ImportOptions = {},
): Promise<ImportResult> {
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const { importer, reason } = await chooseImporter(request.path, request.format);
  const root = await realpath(request.path);
  const wanted = { name: request.source ?? basename(root), root, format: importer.format, role: request.role };
  const known = sameSource(catalog, wanted);
  const isKnown = (path: string, offset: number): boolean =>
    known !== undefined && catalog.images.contains(known.id, path, offset);
  const intake = new Intake(catalog, () => known ?? catalog.sources.add(wanted));
  let total: number | null = null;
  for await (const event of importer.rows(root, { role: request.role, isKnown })) {
    if (event.kind === 'total') total = event.total;
    else intake.take(event);
    if (!intake.isFull && signal?.aborted !== true) continue;
    intake.flush();
    onProgress?.({ done: intake.done, total, message: reason });
    if (signal?.aborted === true) throw reasonOf(signal);
  }
  intake.flush();
  onProgress?.({ done: intake.done, total, message: reason });
  catalog.importErrors.removeBefore(intake.source.id, startedAt);
  const { added, skipped, failed, failures } = intake;
  const seconds = (performance.now() - started) / 1000;
  return { source: wanted.name, format: importer.format, added, skipped, failed, errors: failures, seconds };
}

/** Rows on their way into the catalog, and the counts of what became of them. */
class Intake {
  added = 0;
  skipped = 0;
  failed = 0;
  readonly failures: ImportFailure[] = [];
  #waiting = 0;
  readonly #catalog: Catalog;
  readonly #openSource: () => SourceRow;
  #source: SourceRow | undefined;
  #images: NewImage[] = [];
  #rejected: ImportFailure[] = [];

  /** @param openSource called with the first rows, so that an import that cannot begin leaves no empty source. */
  constructor(catalog: Catalog, openSource: () => SourceRow) {
    this.#catalog = catalog;
    this.#openSource = openSource;
  }

  get source(): SourceRow {
    this.#source ??= this.#openSource();
    return this.#source;
  }

  get done(): number {
    return this.added + this.skipped + this.failed;
  }

  get isFull(): boolean {
    return this.#waiting >= BATCH;
  }

  take(event: Exclude<ImportEvent, { kind: 'total' }>): void {
    this.#waiting++;
    if (event.kind === 'image') this.#images.push(event);
    else if (event.kind === 'rejected') this.#rejected.push({ path: event.path, reason: event.reason });
    else this.skipped++;
  }

  /** Commits what is waiting. */
  flush(): void {
    const { added, skipped } = this.#catalog.images.insertBatch(this.source.id, this.#images);
    this.#catalog.importErrors.add(this.source.id, this.#rejected);
    this.added += added;
    this.skipped += skipped;
    this.failed += this.#rejected.length;
    this.failures.push(...this.#rejected.slice(0, FAILURES_TOLD - this.failures.length));
    this.#images = [];
    this.#rejected = [];
    this.#waiting = 0;
  }
}

/** The source of that name, if it is of the same place, format and role; undefined when there is none. */
function sameSource(catalog: Catalog, wanted: Omit<SourceRow, 'id' | 'createdAt'>): SourceRow | undefined {
  const known = catalog.sources.find(wanted.name);
  if (known === undefined) return undefined;
  const difference = (['root', 'role', 'format'] as const).find((property) => known[property] !== wanted[property]);
  if (difference === undefined) return known;
  const found = difference === 'root' ? `of ${known.root}` : `imported as ${known[difference]}`;
  throw new StudioError('conflict', `There is a source named “${wanted.name}” already, ${found}.`, {
    hint: 'Choose another name with --source.',
  });
}

function reasonOf(signal: AbortSignal): StudioError {
  if (signal.reason instanceof StudioError) return signal.reason;
  return new StudioError('cancelled', 'The import was cancelled.', {
    hint: 'What was added stays; import again to continue.',
    cause: signal.reason,
  });
}
