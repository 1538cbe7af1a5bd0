import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { FormatMatch, ImportChoices, ImportContext, ImportEvent, Importer } from './importer.ts';
import { type ImageList, type ListColumns, listRows } from './list-rows.ts';
import { classReader, describeColumns, guessColumns, columnsOf, requireLabels } from './manifest.ts';
import { splitNamed } from './splits.ts';
import { type Table, columnIndex, openTable } from './table.ts';

const METADATA_NAMES = ['metadata.csv', 'metadata.jsonl'];
/** Levels of folders that are looked through for lists, such as `data/train/`. */
const DEPTH = 3;

/** Hugging Face's image folders: in each folder of images a `metadata.csv` or `metadata.jsonl` that names them in its column `file_name`. */
export const imageFolder: Importer = {
  format: 'huggingface',
  description: 'folders with a metadata.csv or metadata.jsonl, as Hugging Face has them',
  async match(path): Promise<FormatMatch | null> {
    if (!(await stat(path)).isDirectory()) return null;
    const [first] = await metadataTables(path);
    if (first === undefined || columnIndex(first.columns, 'file_name') === -1) return null;
    const what = describeColumns(first, guessColumns(first) as ListColumns);
    return { confidence: 0.92, reason: `There is a ${relative(path, first.path)}, and ${what}.` };
  },
  rows: metadataRows,
};

async function* metadataRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const lists = (await metadataTables(path)).map((table) => listOf(path, table, context));
  if (lists.length === 0) {
    throw new StudioError('bad-input', `There is no metadata.csv or metadata.jsonl below ${path}.`, {
      hint: 'Import a list of another name as a manifest.',
      commandLine: '--format manifest',
    });
  }
  for (const { table, columns } of lists) requireLabels(table, columns, context.role);
  yield* listRows(lists, context, classReader(context));
}

function listOf(root: string, table: Table, choices: ImportChoices): ImageList {
  const folder = relative(root, dirname(table.path)).replaceAll('\\', '/');
  const split = folder
    .split('/')
    .map(splitNamed)
    .find((name) => name !== undefined);
  return { table, columns: columnsOf(table, choices), split, prefix: folder === '' ? '' : `${folder}/` };
}

/** The lists of a folder and those a little below it, in the order of their folders. */
async function metadataTables(root: string): Promise<Table[]> {
  const tables: Table[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    // What cannot be read holds no list; the images in it are told by the list that names them.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const name of METADATA_NAMES) {
      const isThere = entries.some((entry) => entry.name === name && entry.isFile());
      const table = isThere ? await openTable(join(folder, name)) : null;
      if (table !== null) tables.push(table);
    }
    const inside = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    if (depth < DEPTH && inside.length <= MOST_FOLDERS) {
      for (const { name } of inside.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
        await visit(join(folder, name), depth + 1);
      }
    }
  };
  await visit(root, 0);
  return tables;
}

/** Folders beside each other that are looked into for lists: people and sequences come in thousands, and bring none. */
const MOST_FOLDERS = 50;
