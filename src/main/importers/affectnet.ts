import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { FormatMatch, ImportContext, ImportEvent, Importer } from './importer.ts';
import { type ImageList, type ListColumns, type ReadClass, listRows, rootOfList } from './list-rows.ts';
import { splitNamed } from './splits.ts';
import { type Table, columnIndex, openTable } from './table.ts';

/** AffectNet's numbers go on where its expressions, which are the studio's, end. */
const NO_EXPRESSION: Readonly<Record<string, string>> = { 8: 'none of the expressions', 9: 'uncertain', 10: 'no face' };

/** AffectNet as published: `training.csv` and `validation.csv` with crop boxes, and the folders of images they name. */
export const affectnet: Importer = {
  format: 'affectnet',
  description: 'AffectNet: training.csv and validation.csv with crop boxes, beside the folders of images',
  async match(path): Promise<FormatMatch | null> {
    const lists = await listsAt(path);
    const [first] = lists;
    if (first === undefined || first.columns.x === undefined || columnIndex(first.table.columns, 'valence') === -1) {
      return null;
    }
    if (await namesAbsolutePaths(first)) return null;
    const names = lists.map(({ table }) => table.name).join(' and ');
    return { confidence: 0.95, reason: `${names} ${lists.length > 1 ? 'have' : 'has'} AffectNet’s columns.` };
  },
  rootOf: async (path, choices) => rootOfList(requireLists(path, await listsAt(path))[0]!, choices),
  async *rows(path, context) {
    yield* affectNetRows(requireLists(path, await listsAt(path)), context);
  },
};

/** Rows of lists in AffectNet's columns. */
export function affectNetRows(lists: readonly ImageList[], context: ImportContext): AsyncGenerator<ImportEvent> {
  return listRows(lists, context, readNumber);
}

const readNumber: ReadClass = (value) => {
  const left = NO_EXPRESSION[value];
  if (left !== undefined) return { kind: 'left-out', what: `${left} (${value})` };
  const label = /^\d+$/.test(value) ? Number(value) : EXPRESSIONS.length;
  return label < EXPRESSIONS.length ? label : undefined;
};

/** The columns of AffectNet's lists; null when path or class is missing. */
export function affectNetColumns(table: Table): ListColumns | null {
  const at = (name: string): number | undefined => {
    const index = columnIndex(table.columns, name);
    return index === -1 ? undefined : index;
  };
  const [path, label] = [at('subDirectory_filePath'), at('expression')];
  if (path === undefined || label === undefined) return null;
  const box = { x: at('face_x'), y: at('face_y'), width: at('face_width'), height: at('face_height') };
  const hasBox = Object.values(box).every((index) => index !== undefined);
  return { path, label, ...(hasBox && (box as Record<keyof typeof box, number>)) };
}

/** The lists at a path: the file, or all of a folder that have the columns. */
async function listsAt(path: string): Promise<ImageList[]> {
  const isFolder = (await stat(path)).isDirectory();
  const files = isFolder ? (await readdir(path)).filter((name) => extname(name).toLowerCase() === '.csv').sort() : [];
  const lists: ImageList[] = [];
  for (const file of isFolder ? files.map((name) => join(path, name)) : [path]) {
    const table = await openTable(file);
    const columns = table && affectNetColumns(table);
    if (table !== null && columns !== null) lists.push({ table, columns, split: splitOf(file), prefix: '' });
  }
  return lists;
}

/** By the file's name, such as `training.csv` or `automatically_annotated_validation.csv`. */
function splitOf(file: string): ImageList['split'] {
  const words = basename(file, extname(file)).split(/[\s._-]+/);
  return words.map(splitNamed).find((split) => split !== undefined);
}

export async function namesAbsolutePaths({ table, columns }: Pick<ImageList, 'table' | 'columns'>): Promise<boolean> {
  for await (const { values } of table.rows()) {
    if (values !== null) return /^([/\\]|[A-Za-z]:)/.test(values[columns.path]!.trim());
  }
  return false;
}

function requireLists(path: string, lists: ImageList[]): ImageList[] {
  if (lists.length > 0) return lists;
  throw new StudioError('bad-input', `There is no csv with AffectNet’s columns at ${path}.`, {
    hint: `Name training.csv, or the folder that holds it, such as ${dirname(path)}.`,
  });
}
