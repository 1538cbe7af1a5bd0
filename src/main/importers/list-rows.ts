import { isAbsolute, relative } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { ImageReference, Role, Split } from '#shared/images.ts';
import { CLASSES_FLAGS, CLASSES_HINT, namesWithCounts } from './class-names.ts';
import { CommonFolder, imageRoot } from './image-root.ts';
import {
  type ImportChoices,
  type ImportContext,
  type ImportEvent,
  type LeftOutRow,
  labelsFor,
  rejection,
  splitFor,
} from './importer.ts';
import { type ListedRow, listedImages } from './listed-images.ts';
import { splitNamed } from './splits.ts';
import type { Table, TableRow } from './table.ts';

/** What a column of a list may hold. A box is left, top and either its size or its right and bottom edge, in pixels. */
export const LIST_FIELDS = [
  'path',
  'label',
  'split',
  'identity',
  'x',
  'y',
  'width',
  'height',
  'right',
  'bottom',
] as const;
export type ListField = (typeof LIST_FIELDS)[number];

/** Places of columns. */
export type ListColumns = Readonly<Partial<Record<ListField, number>>> & { readonly path: number };

/** A table of images. */
export interface ImageList {
  readonly table: Table;
  readonly columns: ListColumns;
  /** The split of all its images, where the list as a whole has one. */
  readonly split?: Split | undefined;
  /** What its relative paths are below, itself below the root: empty, or a path that ends in a slash. */
  readonly prefix: string;
}

/** Reads a class: its index, why its images are left out, or undefined for a name that is no class. */
export type ReadClass = (value: string) => number | LeftOutRow | undefined;

/**
 * All images of some lists, in their order.
 * @throws StudioError 'bad-input', before the first image, for names that are no classes, all of which it tells with their counts.
 */
export async function* listRows(
  lists: readonly ImageList[],
  context: ImportContext,
  readClass: ReadClass,
): AsyncGenerator<ImportEvent> {
  const { rows, unknown, wholePaths } = await survey(lists, readClass, context.signal);
  if (unknown.size > 0 && context.role !== 'unlabeled') {
    if (context.onUnknownClasses === undefined) throw unknownClasses(lists[0]!, unknown);
    context.onUnknownClasses(unknown);
  }
  yield { kind: 'total', total: rows };
  // Whole paths lead to where the images were when the list was made; the person may say that they are elsewhere now.
  const isBelowRoot = wholePaths === undefined || !relative(context.root, wholePaths).startsWith('..');
  const base = isBelowRoot ? context.root : wholePaths;
  yield* listedImages(listed(), context);

  async function* listed(): AsyncGenerator<ListedRow> {
    for (const list of lists) {
      const named = lists.length > 1 ? `${list.prefix}${list.table.name} ` : '';
      for await (const row of list.table.rows())
        yield readRow(row, list, { role: context.role, base, readClass, place: `${named}line ${row.line}` });
    }
  }
}

function unknownClasses({ table }: ImageList, counts: ReadonlyMap<string, number>): StudioError {
  const message = `${table.path} has classes the studio does not know: ${namesWithCounts(counts)}.`;
  return new StudioError('bad-input', message, { hint: CLASSES_HINT, commandLine: CLASSES_FLAGS });
}

/** The folder that the lists' paths are below. @param columns of the list. @throws StudioError 'bad-input' when no image is found. */
export async function rootOfList(
  { table, columns }: Pick<ImageList, 'table' | 'columns'>,
  { images }: Pick<ImportChoices, 'images'>,
): Promise<string> {
  const relatives: string[] = [];
  const common = new CommonFolder();
  for await (const { values } of table.rows()) {
    const path = values?.[columns.path]?.trim() ?? '';
    if (isAbsolute(path)) common.add(path);
    else if (path !== '') relatives.push(path);
    if (common.folder === undefined && relatives.length >= SAMPLE) break;
  }
  return images === undefined && common.folder !== undefined ? common.folder : imageRoot(table.path, relatives, images);
}

/** Rows between two looks at whether the import was cancelled. */
const ROWS_BETWEEN_LOOKS = 10_000;
/** Paths looked at before a list is taken for one of relative paths. */
const SAMPLE = 20;

interface Survey {
  readonly rows: number;
  /** Names that are no classes, with how many rows have them. */
  readonly unknown: ReadonlyMap<string, number>;
  /** The folder that all whole paths are below. */
  readonly wholePaths: string | undefined;
}

async function survey(
  lists: readonly ImageList[],
  readClass: ReadClass,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  let rows = 0;
  const common = new CommonFolder();
  const unknown = new Map<string, number>();
  for (const { table, columns } of lists) {
    for await (const { values } of table.rows()) {
      if (rows++ % ROWS_BETWEEN_LOOKS === 0) signal?.throwIfAborted();
      const name = columns.label === undefined ? '' : (values?.[columns.label]?.trim() ?? '');
      const path = values?.[columns.path]?.trim() ?? '';
      if (isAbsolute(path)) common.add(path);
      if (name !== '' && readClass(name) === undefined) unknown.set(name, (unknown.get(name) ?? 0) + 1);
    }
  }
  return { rows, unknown, wholePaths: common.folder };
}

interface RowReading {
  readonly role: Role;
  /** What whole paths are below. */
  readonly base: string;
  readonly readClass: ReadClass;
  /** Where the list names it. */
  readonly place: string;
}

function readRow(
  { values, problem }: TableRow,
  { columns, split: ownSplit, prefix }: ImageList,
  { role, base, readClass, place }: RowReading,
): ListedRow {
  if (values === null) return rejection(place, problem!);
  const field = (name: ListField): string => (columns[name] === undefined ? '' : values[columns[name]]!.trim());
  const path = field('path');
  if (path === '') return rejection(place, 'The row names no file.');
  const label = field('label');
  const read = label === '' ? null : (readClass(label) ?? null);
  if (read === null && label !== '' && role !== 'unlabeled')
    return rejection(place, `“${label.slice(0, 50)}” is no class.`);
  if (read !== null && typeof read !== 'number') return read;
  if (read === null && role !== 'unlabeled') return rejection(place, 'The row has no class.');
  const splitName = field('split');
  const split = splitName === '' ? ownSplit : splitNamed(splitName);
  if (split === undefined && splitName !== '') return rejection(place, `“${splitName.slice(0, 50)}” is no split.`);
  const box = boxOf(field);
  if (typeof box === 'string') return rejection(place, box);
  return {
    kind: 'listed',
    place,
    path: isAbsolute(path) ? relative(base, path) : prefix + path,
    split: splitFor(role, split),
    ...labelsFor(role, read),
    identity: field('identity') || null,
    ...(box && { box }),
  };
}

/** The box of a row; undefined where all its fields are empty, a sentence where they are no box. */
function boxOf(field: (name: ListField) => string): ImageReference['box'] | string | undefined {
  const texts = (['x', 'y', 'width', 'height', 'right', 'bottom'] as const).map(field);
  if (texts.every((text) => text === '')) return undefined;
  const [x, y, width, height, right, bottom] = texts.map((text) => (text === '' ? undefined : Number(text)));
  const box = {
    x: x ?? NaN,
    y: y ?? NaN,
    width: width ?? (right ?? NaN) - (x ?? NaN),
    height: height ?? (bottom ?? NaN) - (y ?? NaN),
  };
  if (Object.values(box).every(Number.isFinite)) return box;
  return `The crop box “${texts
    .filter((text) => text !== '')
    .join(', ')
    .slice(0, 60)}” is not four numbers.`;
}
