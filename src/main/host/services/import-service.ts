import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ImportRequest, ImportResult } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import type { Catalog, SourceRow } from '../../catalog/catalog.ts';
import { type ChosenImporter, ClassNames, chooseImporter, votesAt } from '../../importers/index.ts';
import { type RememberedChoices, choicesFor, rememberChoices } from './import-choices.ts';
import { ImportCopies } from './import-copies.ts';
import { Intake } from './import-intake.ts';
import { relinkSource } from './import-relink.ts';
import { joinVotes, votedSource } from './import-votes.ts';

export interface ImportProgress {
  readonly done: number;
  readonly total: number | null;
  readonly message: string;
}

export interface ImportOptions {
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
  /** Where copies of sources are kept; without it none can be asked for. */
  readonly copiesFolder?: string;
}

/**
 * Adds what lies at a path to the catalog. Batches are committed as they come: a cancelled or killed import keeps what it has, and the next
 * one of the same path continues, adds nothing twice and does not look again at what is there. Files are only read.
 *
 * @throws StudioError 'not-found', 'bad-input' (of no known format, unknown classes, images that are not to be found), 'conflict' (the
 *   source's name is taken by another place, format or role), 'cancelled' or the signal's own reason.
 */
export async function importSource(
  catalog: Catalog,
  request: ImportRequest,
  options: ImportOptions = {},
): Promise<ImportResult> {
  try {
    return await performImport(catalog, request, options);
  } catch (error) {
    if (options.signal?.aborted === true) throw reasonOf(options.signal);
    throw error;
  }
}

async function performImport(catalog: Catalog, request: ImportRequest, options: ImportOptions): Promise<ImportResult> {
  const started = performance.now();
  const chosen = await chooseImporter(request.path, formatOf(catalog, request));
  const path = await realpath(request.path);
  const isVotes = chosen.importer.format === 'ferplus' && (await stat(path)).isFile();
  const result = isVotes
    ? await importVotes(catalog, request, path, options)
    : await importImages(catalog, request, { chosen, path }, options);
  const explanation = { reason: chosen.reason, others: [...chosen.others] };
  return { ...result, format: chosen.importer.format, explanation, seconds: (performance.now() - started) / 1000 };
}

/** A source that was moved has the format it had. */
function formatOf(catalog: Catalog, { path, format, source, relink }: ImportRequest): ImportRequest['format'] {
  if (relink !== true || format !== 'auto') return format;
  return catalog.sources.get(source ?? basename(path)).format as ImportRequest['format'];
}

type Told = Omit<ImportResult, 'format' | 'explanation' | 'seconds'>;

async function importImages(
  catalog: Catalog,
  request: ImportRequest,
  { chosen: { importer, reason }, path }: { readonly chosen: ChosenImporter; readonly path: string },
  { onProgress, signal, copiesFolder }: ImportOptions,
): Promise<Told> {
  const startedAt = new Date().toISOString();
  const name = request.source ?? basename(path);
  const remembered = choicesFor(catalog, request, path);
  const choices = { ...remembered, classes: new ClassNames(remembered.classes) };
  const original = importer.rootOf ? await realpath(await importer.rootOf(path, choices)) : path;
  const copies = await copiesOf(remembered, copiesFolder, name, original);
  const wanted = { name, root: copies?.root ?? original, format: importer.format, role: request.role };
  const moved = request.relink === true ? await relinked(catalog, wanted, copies) : undefined;
  const known = moved?.now ?? sameSource(catalog, wanted);
  const role = known?.role ?? request.role;
  const isKnown = (place: string, offset: number): boolean =>
    known !== undefined && catalog.images.contains(known.id, place, offset);
  const open = (): SourceRow => {
    rememberChoices(catalog, name, remembered);
    return known ?? catalog.sources.add(wanted);
  };
  const intake = new Intake(catalog, open, copies);
  let total: number | null = null;
  for await (const event of importer.rows(path, { ...choices, role, root: original, isKnown, signal })) {
    if (event.kind === 'total') total = event.total;
    else intake.take(event);
    if (!intake.isDue && signal?.aborted !== true) continue;
    await intake.flush();
    onProgress?.({ done: intake.done, total, message: reason });
    signal?.throwIfAborted();
  }
  await intake.flush();
  onProgress?.({ done: intake.done, total, message: reason });
  catalog.importErrors.removeBefore(intake.source.id, startedAt);
  const { added, skipped, failed, failures, leftOut } = intake;
  const told: Told = { source: name, added, skipped, failed, errors: failures, leftOut };
  const votes =
    importer.format === 'ferplus' ? await joinVotes(catalog, await votesAt(path), intake.source) : undefined;
  return { ...told, ...(votes && { votes: votes.summary }), ...(moved && { relinkedFrom: moved.before.root }) };
}

/** Joins votes to the images of a source that is there. */
async function importVotes(
  catalog: Catalog,
  request: ImportRequest,
  path: string,
  { onProgress }: ImportOptions,
): Promise<Told> {
  const list = await votesAt(path);
  const source = votedSource(catalog, request.source);
  const { summary, changed, unnamed, failures } = await joinVotes(catalog, list, source);
  onProgress?.({ done: summary.joined, total: summary.joined, message: `Votes joined to ${source.name}` });
  const named = failures.map((failure) => ({ ...failure, path: `${basename(path)} ${failure.path}` }));
  catalog.importErrors.add(source.id, named);
  return {
    ...{ source: source.name, added: changed, skipped: summary.joined - changed, failed: failures.length },
    errors: named,
    leftOut: unnamed === 0 ? [] : [{ what: 'without a name in FER+', count: unnamed }],
    votes: summary,
  };
}

async function copiesOf(
  { copy }: RememberedChoices,
  folder: string | undefined,
  name: string,
  original: string,
): Promise<ImportCopies | null> {
  if (copy !== true) return null;
  if (folder !== undefined) return ImportCopies.of(folder, name, original);
  throw new StudioError('unsupported', 'Copies of images are kept in a workspace, and this import has none.');
}

/** @throws StudioError 'not-found' for an unknown source, 'conflict' for one that the workspace has copies of, 'bad-input' as relinkSource. */
async function relinked(
  catalog: Catalog,
  { name, root }: Pick<SourceRow, 'name' | 'root'>,
  copies: ImportCopies | null,
): Promise<{ readonly before: SourceRow; readonly now: SourceRow }> {
  const before = catalog.sources.get(name);
  if (copies === null) return { before, now: await relinkSource(catalog, before, root) };
  throw new StudioError('conflict', `${name} is kept in the workspace as copies, so that it cannot have been moved.`, {
    hint: 'Import it anew, not as one that was moved.',
    commandLine: 'without --relink',
  });
}

/** The source of that name, if it is of the same place, format and role; undefined when there is none. */
function sameSource(catalog: Catalog, wanted: Omit<SourceRow, 'id' | 'createdAt'>): SourceRow | undefined {
  const known = catalog.sources.find(wanted.name);
  if (known === undefined) return undefined;
  const difference = (['root', 'role', 'format'] as const).find((property) => known[property] !== wanted[property]);
  if (difference === undefined) return known;
  const found = difference === 'root' ? `of ${known.root}` : `imported as ${known[difference]}`;
  throw new StudioError('conflict', `There is a source named “${wanted.name}” already, ${found}.`, {
    hint: difference === 'root' ? 'Choose another name, or, if it was moved, say so.' : 'Choose another name.',
    commandLine: difference === 'root' ? '--source, --relink' : '--source',
  });
}

function reasonOf(signal: AbortSignal): StudioError {
  if (signal.reason instanceof StudioError) return signal.reason;
  return new StudioError('cancelled', 'The import was cancelled.', {
    hint: 'What was added stays; import again to continue.',
    cause: signal.reason,
  });
}
