import { stat } from 'node:fs/promises';
import { StudioError } from '#shared/errors.ts';
import type { ImportFormat } from '#shared/catalog.ts';
import { classFolders } from './class-folders.ts';
import { fer2013 } from './fer2013.ts';
import { identityFolders } from './identity-folders.ts';
import type { FormatMatch, Importer } from './importer.ts';

export type { ImportContext, ImportEvent, Importer, ImportRow } from './importer.ts';

/** Every format the studio reads; a new one is a file and a line here. */
export const IMPORTERS: readonly Importer[] = [fer2013, classFolders, identityFolders];

export interface ChosenImporter {
  readonly importer: Importer;
  /** Why it was taken, as a sentence for the person. */
  readonly reason: string;
}

/**
 * The importer for a path: the one named, or for 'auto' the one most sure of what lies there.
 * @throws StudioError 'not-found' when nothing is there, 'bad-input' when no importer knows it.
 */
export async function chooseImporter(path: string, format: ImportFormat): Promise<ChosenImporter> {
  await stat(path).catch((error: unknown) => {
    throw new StudioError('not-found', `There is nothing at ${path}.`, { hint: 'Check the path.', cause: error });
  });
  const named = IMPORTERS.find((importer) => importer.format === format);
  return named === undefined ? detectFormat(path) : { importer: named, reason: `Taken as ${named.format}, as asked.` };
}

async function detectFormat(path: string): Promise<ChosenImporter> {
  const matches: { importer: Importer; match: FormatMatch }[] = [];
  for (const importer of IMPORTERS) {
    const match = await importer.match(path);
    if (match !== null) matches.push({ importer, match });
  }
  const best = matches.toSorted((one, other) => other.match.confidence - one.match.confidence)[0];
  if (best !== undefined) {
    return { importer: best.importer, reason: `Taken as ${best.importer.format}: ${best.match.reason}` };
  }
  throw new StudioError('bad-input', `What lies at ${path} is of no known format.`, {
    hint: `Known are: ${IMPORTERS.map(({ format, description }) => `${format} (${description})`).join('; ')}. Name one with --format.`,
  });
}
