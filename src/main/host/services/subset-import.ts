import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Subset } from '#shared/catalog.ts';
import { csvRecords } from '#shared/csv.ts';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { ListedImage } from '../../catalog/subsets.ts';

/** The columns of AffectNet's lists that the released program reads of an image. */
const PATH_COLUMN = 'subDirectory_filePath';
const CLASS_COLUMN = 'expression';

/**
 * Keeps a csv of the released program as a subset. @throws StudioError 'not-found' for the file, 'bad-input' for one that is no such csv, names a
 * class the studio does not have, or lists images the catalog does not have.
 */
export async function importSubset(catalog: Catalog, { name, file }: { name: string; file: string }): Promise<Subset> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw toStudioError(error);
  });
  return catalog.subsets.createFromList(name, listedImages(text, file), basename(file));
}

function listedImages(text: string, file: string): ListedImage[] {
  const [header = [], ...rows] = recordsOf(text, file);
  const path = header.indexOf(PATH_COLUMN);
  const expression = header.indexOf(CLASS_COLUMN);
  if (path === -1 || expression === -1) {
    throw new StudioError('bad-input', `${file} has no columns ${PATH_COLUMN} and ${CLASS_COLUMN} in its first line.`, {
      hint: 'A subset is read from a csv as the studio and the released program write it.',
      commandLine: '`subset --out`',
    });
  }
  return rows.map((row, index) => {
    const label = labelOf(row[expression]);
    if (label !== undefined && row[path]) return { path: row[path], label };
    const what = label === undefined ? `the class “${row[expression] ?? ''}”` : 'no path';
    throw new StudioError('bad-input', `Row ${index + 1} of ${file} has ${what}.`, {
      hint: `Classes are numbers from 0 to ${EXPRESSIONS.length - 1}, in AffectNet’s order.`,
    });
  });
}

function recordsOf(text: string, file: string): string[][] {
  try {
    return [...csvRecords(text)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StudioError('bad-input', `${file} is no csv: ${error.message}`, { cause: error });
  }
}

function labelOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d$/.test(text.trim())) return undefined;
  const label = Number(text);
  return label < EXPRESSIONS.length ? label : undefined;
}
