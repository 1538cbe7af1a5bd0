import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { fileLines } from './file-lines.ts';
import {
  type FormatMatch,
  type ImportContext,
  type ImportEvent,
  type Importer,
  labelsFor,
  rejection,
  splitFor,
} from './importer.ts';
import { imageRoot } from './image-root.ts';
import { type ListedRow, listedImages } from './listed-images.ts';
import { splitNamed } from './splits.ts';

/** Surprise, Fear, Disgust, Happiness, Sadness, Anger, Neutral are 1 … 7. RAF-DB's number, less one → class index. */
const RAF_DB_TO_STUDIO: readonly number[] = [3, 4, 5, 1, 2, 6, 0];
const CLASSES = RAF_DB_TO_STUDIO.length;
/** As published, and as it should be spelt. */
const LIST_NAMES = ['list_patition_label.txt', 'list_partition_label.txt'];
/** Where the list is, from the folders a person may name. */
const LIST_PLACES = ['', 'EmoLabel', 'basic/EmoLabel'];
/** Where the images are, from the folder that holds `EmoLabel`. */
const IMAGE_PLACES = ['Image/aligned', 'Image/original', 'aligned', 'original', ''];
/** Bytes of a line. */
const LONGEST_LINE = 4_096;
const LINE = /^(\S.*?)[ \t]+(\S+)$/;

/** RAF-DB's basic expressions: a partition list of lines such as `train_00001.jpg 5`, and a folder of aligned faces. */
export const rafDb: Importer = {
  format: 'raf-db',
  description: 'RAF-DB: list_patition_label.txt and the folder of aligned faces',
  async match(path): Promise<FormatMatch | null> {
    const list = await listAt(path);
    if (list === null) return null;
    return { confidence: 0.95, reason: `There is RAF-DB’s list ${basename(list)}.` };
  },
  rootOf: async (path, { images }) => rootOf(await requireList(path), images),
  rows: rafDbRows,
};

async function* rafDbRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const list = await requireList(path);
  const isAligned = (await suffixIn(context.root, list)) !== '';
  let total = 0;
  for await (const { bytes } of fileLines(list, LONGEST_LINE)) if (bytes?.length !== 0) total++;
  yield { kind: 'total', total };
  yield* listedImages(rows(), context);

  async function* rows(): AsyncGenerator<ListedRow> {
    for await (const { number, bytes } of fileLines(list, LONGEST_LINE)) {
      if (bytes === null) yield rejection(`line ${number}`, `The line is longer than ${LONGEST_LINE} bytes.`);
      else if (bytes.length > 0) yield rowOf(bytes.toString('utf8').replace(/^\uFEFF/, ''), number, isAligned, context);
    }
  }
}

function rowOf(line: string, number: number, isAligned: boolean, { role }: ImportContext): ListedRow {
  const place = `line ${number}`;
  const [, name, written] = LINE.exec(line.trim()) ?? [];
  if (name === undefined || written === undefined) {
    return rejection(place, `“${line.slice(0, 60)}” is no name and class, such as “train_00001.jpg 5”.`);
  }
  const label = /^\d+$/.test(written) ? RAF_DB_TO_STUDIO[Number(written) - 1] : undefined;
  if (label === undefined) return rejection(place, `“${written.slice(0, 20)}” is no class of RAF-DB (1–${CLASSES}).`);
  const split = splitNamed(name.split('_', 1)[0]!);
  if (split === undefined) return rejection(place, `“${name.slice(0, 60)}” begins with neither train nor test.`);
  return {
    kind: 'listed',
    place,
    path: isAligned ? alignedName(name) : name,
    split: splitFor(role, split),
    ...labelsFor(role, label),
    identity: null,
  };
}

/** `train_00001.jpg` → `train_00001_aligned.jpg`. */
const alignedName = (name: string): string => name.replace(/(\.[^.]+)?$/, '_aligned$1');

/** The folder with the images of the list; the aligned ones before the originals. */
async function rootOf(list: string, images: string | undefined): Promise<string> {
  if (images !== undefined) return images;
  const base = basename(dirname(list)) === 'EmoLabel' ? dirname(dirname(list)) : dirname(list);
  for (const place of IMAGE_PLACES) {
    const folder = join(base, place);
    if ((await suffixIn(folder, list)) !== null) return folder;
  }
  const names = await firstNames(list);
  return imageRoot(list, [...names.map(alignedName), ...names]);
}

/** What the names of the images in a folder have before their extension: `_aligned`, nothing, or null when none is there. */
async function suffixIn(folder: string, list: string): Promise<'' | '_aligned' | null> {
  for (const name of await firstNames(list)) {
    if (await isFile(join(folder, alignedName(name)))) return '_aligned';
    if (await isFile(join(folder, name))) return '';
  }
  return null;
}

async function firstNames(list: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { bytes } of fileLines(list, LONGEST_LINE)) {
    const name = LINE.exec(bytes?.toString('utf8').trim() ?? '')?.[1];
    if (name !== undefined) names.push(name);
    if (names.length >= NAMES_TRIED) break;
  }
  return names;
}
const NAMES_TRIED = 10;

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false, // not there, or not to be read: either way not this one
  );

async function listAt(path: string): Promise<string | null> {
  if (!(await stat(path)).isDirectory()) return LIST_NAMES.includes(basename(path).toLowerCase()) ? path : null;
  for (const place of LIST_PLACES) {
    const folder = join(path, place);
    const names = await readdir(folder).catch(() => [] as string[]); // most of these places are not there
    const name = names.find((candidate) => LIST_NAMES.includes(candidate.toLowerCase()));
    if (name !== undefined) return join(folder, name);
  }
  return null;
}

/** With a named format, any text is taken for the list. */
async function requireList(path: string): Promise<string> {
  const list = (await stat(path)).isFile() ? path : await listAt(path);
  if (list !== null) return list;
  throw new StudioError('bad-input', `There is no ${LIST_NAMES[0]} at ${path}.`, {
    hint: 'Name RAF-DB’s folder “basic”, or the list itself.',
  });
}
