import { stat } from 'node:fs/promises';
import type { FormatCandidate, ImportFormat } from '#shared/catalog.ts';
import { StudioError } from '#shared/errors.ts';
import { affectnet } from './affectnet.ts';
import { ckPlus } from './ck-plus.ts';
import { classFolders } from './class-folders.ts';
import { fer2013 } from './fer2013.ts';
import { ferPlus } from './ferplus.ts';
import { identityFolders } from './identity-folders.ts';
import { imageFolder } from './image-folder.ts';
import type { Importer } from './importer.ts';
import { manifest } from './manifest.ts';
import { rafDb } from './raf-db.ts';
import { recordIo } from './recordio.ts';
import { releasedList } from './released-list.ts';
import { openTable } from './table.ts';

export { ClassNames } from './class-names.ts';
export { pixelPlaces, rowOfName } from './fer2013.ts';
export { type VotedRow, votedRows, votesAt } from './ferplus.ts';
export type { ImportChoices, ImportContext, ImportEvent, Importer, ImportRow } from './importer.ts';

const ARCHIVE_NAME = /\.(zip|7z|rar|tar|tgz|tar\.\w+)$/i;

/** Every format the studio reads; a new one is a file and a line here. */
export const IMPORTERS: readonly Importer[] = [
  fer2013,
  ferPlus,
  affectnet,
  releasedList,
  rafDb,
  ckPlus,
  recordIo,
  imageFolder,
  classFolders,
  identityFolders,
  manifest,
];

/** Columns and first rows of a list; null where the path is none. */
export async function listBeginning(
  path: string,
  count: number,
): Promise<{ readonly columns: string[]; readonly rows: string[][] } | null> {
  const table = (await stat(path)).isFile() ? await openTable(path) : null;
  if (table === null) return null;
  const rows: string[][] = [];
  for await (const { values } of table.rows()) {
    if (values !== null) rows.push([...values]);
    if (rows.length >= count) break;
  }
  return { columns: [...table.columns], rows };
}

export interface ChosenImporter {
  readonly importer: Importer;
  /** Why it was taken, as a sentence for the person. */
  readonly reason: string;
  /** What else it may be, the likeliest first. */
  readonly others: readonly FormatCandidate[];
}

/**
 * The importer for a path: the one named, or for 'auto' the one most sure of what lies there.
 * @throws StudioError 'not-found' when nothing is there, 'bad-input' when no importer knows it.
 */
export async function chooseImporter(path: string, format: ImportFormat): Promise<ChosenImporter> {
  const found = await stat(path).catch((error: unknown) => {
    throw new StudioError('not-found', `There is nothing at ${path}.`, { hint: 'Check the path.', cause: error });
  });
  if (!found.isFile() && !found.isDirectory()) {
    throw new StudioError('bad-input', `${path} is neither a file nor a folder.`, { hint: 'Name a folder or a list.' });
  }
  const named = IMPORTERS.find((importer) => importer.format === format);
  if (named === undefined) return detectFormat(path);
  return { importer: named, reason: `Taken as ${named.format}, as asked.`, others: [] };
}

async function detectFormat(path: string): Promise<ChosenImporter> {
  const matches: (FormatCandidate & { readonly importer: Importer })[] = [];
  for (const importer of IMPORTERS) {
    const match = await importer.match(path);
    if (match !== null) matches.push({ importer, format: importer.format, ...match });
  }
  const [best, ...others] = matches.toSorted((one, other) => other.confidence - one.confidence);
  if (best !== undefined) {
    return {
      importer: best.importer,
      reason: `Taken as ${best.format}: ${best.reason}`,
      others: others.map(({ format, confidence, reason }) => ({ format, confidence, reason })),
    };
  }
  if (ARCHIVE_NAME.test(path)) {
    throw new StudioError('bad-input', `${path} is an archive.`, {
      hint: 'Unpack it and import the folder: images are read where they are.',
    });
  }
  throw new StudioError('bad-input', `What lies at ${path} is of no known format.`, {
    hint: `Known are: ${IMPORTERS.map(({ format, description }) => `${format} (${description})`).join('; ')}. Name one with --format.`,
  });
}
