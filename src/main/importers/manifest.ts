import { stat } from 'node:fs/promises';
import { StudioError } from '#shared/errors.ts';
import type { Role } from '#shared/images.ts';
import type { FormatMatch, ImportChoices, ImportContext, ImportEvent, Importer } from './importer.ts';
import { LIST_FIELDS, type ListColumns, type ListField, type ReadClass, listRows, rootOfList } from './list-rows.ts';
import { type Table, columnIndex, openTable } from './table.ts';

/** Names that columns usually have, the likeliest first. */
const USUAL_NAMES: Readonly<Record<ListField, readonly string[]>> = {
  path: [
    'path',
    'file_name',
    'filename',
    'file',
    'filepath',
    'file_path',
    'image_path',
    'image',
    'img',
    'img_path',
    'subdirectory_filepath',
    'pth',
  ],
  label: ['label', 'expression', 'emotion', 'class', 'class_name', 'category', 'label_name'],
  split: ['split', 'usage', 'set', 'subset', 'partition'],
  identity: ['identity', 'person', 'subject', 'subject_id', 'person_id', 'name'],
  x: ['x', 'box_x', 'face_x', 'left', 'x1', 'xmin'],
  y: ['y', 'box_y', 'face_y', 'top', 'y1', 'ymin'],
  width: ['box_width', 'face_width', 'w'],
  height: ['box_height', 'face_height', 'h'],
  right: ['right', 'x2', 'xmax'],
  bottom: ['bottom', 'y2', 'ymax'],
};

/** Any list of images: csv, TSV or JSON Lines with a column of paths. Which column is which is told by its name, or by the person. */
export const manifest: Importer = {
  format: 'manifest',
  description: 'any csv, TSV or JSON Lines with a column of paths; --map says which column is which',
  async match(path): Promise<FormatMatch | null> {
    const table = (await stat(path)).isFile() ? await openTable(path) : null;
    const columns = table && guessColumns(table);
    if (table === null || columns?.path === undefined) return null;
    return { confidence: 0.5, reason: `It is a list of images: ${describeColumns(table, columns as ListColumns)}.` };
  },
  rootOf: async (path, choices) => rootOfList(await listOf(path, choices), choices),
  rows: manifestRows,
};

async function* manifestRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const { table, columns } = await listOf(path, context);
  requireLabels(table, columns, context.role);
  yield* listRows([{ table, columns, prefix: '' }], context, classReader(context));
}

/** @throws StudioError 'bad-input' for a list of labeled images without a column of classes. */
export function requireLabels(table: Table, columns: ListColumns, role: Role): void {
  if (columns.label !== undefined || role === 'unlabeled') return;
  throw new StudioError('bad-input', `No column of ${table.path} is known to hold classes.`, {
    hint: `Its columns are ${columnNames(table)}. Say which holds the labels, or import it as unlabeled.`,
    commandLine: '--map COLUMN=label, --role unlabeled',
  });
}

/** Names in any spelling, or the studio's numbers; what the person leaves out is counted by its name. */
export function classReader({ classes }: Pick<ImportChoices, 'classes'>): ReadClass {
  return (value) => {
    const found = classes.findInTable(value);
    return found === null ? { kind: 'left-out', what: value } : found;
  };
}

/** What the columns of a table are taken for. @throws StudioError 'bad-input' when none holds paths, or what the person said fits none. */
export function columnsOf(table: Table, choices: Pick<ImportChoices, 'columns'>): ListColumns {
  const columns = { ...guessColumns(table), ...chosenColumns(table, choices.columns ?? {}) };
  if (columns.path !== undefined) return { ...columns, path: columns.path };
  throw new StudioError('bad-input', `No column of ${table.path} is known to hold paths of images.`, {
    hint: `Its columns are ${columnNames(table)}. Say which holds the paths.`,
    commandLine: '--map COLUMN=path',
  });
}

async function listOf(
  path: string,
  choices: Pick<ImportChoices, 'columns'>,
): Promise<{ readonly table: Table; readonly columns: ListColumns }> {
  const table = await openTable(path);
  if (table !== null) return { table, columns: columnsOf(table, choices) };
  throw new StudioError('bad-input', `${path} is no list: it is empty, or no text.`, {
    hint: 'A manifest is a csv, TSV or JSON Lines file with a column of paths.',
  });
}

type FoundColumns = Partial<Record<ListField, number>>;

export function guessColumns(table: Table): FoundColumns {
  const found: FoundColumns = {};
  for (const field of LIST_FIELDS) {
    const index = USUAL_NAMES[field].map((name) => columnIndex(table.columns, name)).find((place) => place !== -1);
    if (index !== undefined) found[field] = index;
  }
  // Without a corner, width and height are the picture's own.
  if (found.x === undefined || found.y === undefined) {
    for (const field of ['x', 'y', 'width', 'height', 'right', 'bottom'] as const) delete found[field];
  }
  return found;
}

function chosenColumns(table: Table, chosen: Readonly<Record<string, string>>): FoundColumns {
  const found: FoundColumns = {};
  for (const [column, field] of Object.entries(chosen)) {
    const index = columnIndex(table.columns, column);
    if (index === -1) {
      throw new StudioError('bad-input', `${table.path} has no column “${column}”.`, {
        hint: `Its columns are ${columnNames(table)}.`,
      });
    }
    if (!LIST_FIELDS.includes(field as ListField)) {
      throw new StudioError('bad-input', `“${field}” is nothing that a column can hold.`, {
        hint: `A column holds one of ${LIST_FIELDS.join(', ')}.`,
      });
    }
    found[field as ListField] = index;
  }
  return found;
}

function columnNames({ columns }: Table): string {
  const shown = columns.slice(0, 20).map((column) => column.slice(0, 40));
  return shown.join(', ') + (columns.length > shown.length ? `, … (${columns.length} in all)` : '');
}

/** As a person says it: “file” holds paths, “emotion” classes. */
export function describeColumns(table: Table, columns: ListColumns): string {
  const what: Partial<Record<ListField, string>> = {
    path: 'paths',
    label: 'classes',
    split: 'splits',
    identity: 'people',
  };
  const parts = Object.entries(what).flatMap(([field, holds]) => {
    const index = columns[field as ListField];
    return index === undefined ? [] : [`“${table.columns[index]!}” holds ${holds}`];
  });
  return [...parts, ...(columns.x === undefined ? [] : ['there are crop boxes'])].join(', ');
}
