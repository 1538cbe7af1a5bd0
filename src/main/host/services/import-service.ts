import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImportFailure, ImportRequest, ImportResult } from '#shared/catalog.ts';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { Catalog, NewImage, SourceRow } from '../../catalog/catalog.ts';
import { chooseImporter } from '../../importers/index.ts';

/** Images written in one transaction: what a killed import may lose, and the price of a commit shared among them. */
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
 * one of the same path continues and adds nothing twice. Files are only read.
 *
 * @throws StudioError 'not-found', 'bad-input' (of no known format, unknown classes), 'conflict' (the source's name is taken by another
 *   place), 'cancelled'.
 */
export async function importSource(
  catalog: Catalog,
  request: ImportRequest,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const started = performance.now();
  const { importer, reason } = await chooseImporter(request.path, request.format);
  const root = await realpath(request.path).catch((error: unknown) => {
    throw toStudioError(error);
  });
  const source = sourceOf(catalog, request, root, importer.format);
  const tally = { added: 0, skipped: 0, failures: [] as ImportFailure[] };
  let total: number | null = null;
  let images: NewImage[] = [];
  let rejected: ImportFailure[] = [];
  const flush = (): void => {
    const { added, skipped } = catalog.images.insertBatch(source.id, images);
    catalog.importErrors.add(source.id, rejected);
    tally.added += added;
    tally.skipped += skipped;
    tally.failures.push(...rejected);
    images = [];
    rejected = [];
    options.onProgress?.({ done: tally.added + tally.skipped + tally.failures.length, total, message: reason });
    options.signal?.throwIfAborted();
  };
  catalog.importErrors.clear(source.id);
  for await (const event of importer.rows(root, { role: request.role })) {
    if (event.kind === 'total') total = event.total;
    else if (event.kind === 'rejected') rejected.push({ path: event.path, reason: event.reason });
    else images.push(event);
    if (images.length + rejected.length >= BATCH) flush();
  }
  flush();
  return {
    source: source.name,
    format: importer.format,
    added: tally.added,
    skipped: tally.skipped,
    failed: tally.failures.length,
    errors: tally.failures.slice(0, FAILURES_TOLD),
    seconds: (performance.now() - started) / 1000,
  };
}

/** The source an import adds to: the one of that name if it is of the same place, else a new one. */
function sourceOf(catalog: Catalog, request: ImportRequest, root: string, format: string): SourceRow {
  const name = request.source ?? basename(root);
  const known = catalog.sources.find(name);
  if (known === undefined) return catalog.sources.add({ name, root, format, role: request.role });
  if (known.root !== root || known.role !== request.role) {
    const difference = known.root !== root ? `of ${known.root}` : `imported as ${known.role}`;
    throw new StudioError('conflict', `There is a source named “${name}” already, ${difference}.`, {
      hint: 'Choose another name with --source.',
    });
  }
  return known;
}
