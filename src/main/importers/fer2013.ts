import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { FER2013_TO_STUDIO } from '#shared/expressions.ts';
import { probeImage } from '../imaging/decode.ts';
import { classFolderRows, readFolders } from './class-folders.ts';
import { type FileLine, countLines, fileLines } from './file-lines.ts';
import { imageFolders, surveyFolders } from './image-files.ts';
import {
  type FormatMatch,
  type ImportContext,
  type ImportEvent,
  type Importer,
  labelsFor,
  rejection,
  splitFor,
} from './importer.ts';
import { splitNamed } from './splits.ts';

/** Pixels of a picture's side. */
const SIDE = 48;
const VALUES = SIDE * SIDE;
const CLASSES = FER2013_TO_STUDIO.length;
/** Bytes: 2,304 numbers of up to three digits and their spaces, with room for the rest of the row. */
const LONGEST_ROW = 16_384;

const COMMA = 0x2c;
const QUOTE = 0x22;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;

/** FER2013 as published: a csv of `emotion,pixels,Usage`, read in place, or the class folders it is often turned into. */
export const fer2013: Importer = {
  format: 'fer2013',
  description: 'FER2013: its csv, or its class folders with splits',
  async match(path) {
    if ((await stat(path)).isDirectory()) return matchFolders(path);
    const columns = await columnsOf(path);
    return columns && { confidence: 1, reason: 'The csv has FER2013’s columns.' };
  },
  async *rows(path, context) {
    if ((await stat(path)).isDirectory()) yield* classFolderRows(path, context);
    else yield* csvRows(path, context);
  },
};

async function matchFolders(path: string): Promise<FormatMatch | null> {
  const read = (await surveyFolders(path, 3 * CLASSES + 1)).map(({ folders }) => readFolders(folders));
  const labels = new Set(read.map(({ label }) => label));
  const splits = new Set(read.map(({ split }) => split));
  const areAllKnown = !labels.has(undefined) && !splits.has(undefined);
  if (!areAllKnown || labels.size !== CLASSES || splits.size < 2 || !(await isFirstImageSmall(path))) return null;
  return { confidence: 0.95, reason: 'Seven expressions in split folders, and 48 × 48 pixels, as FER2013 has.' };
}

async function isFirstImageSmall(path: string): Promise<boolean> {
  for await (const { folders, images } of imageFolders(path)) {
    if (images.length === 0) continue;
    const { width, height } = await probeImage(join(path, ...folders, images[0]!)).catch(() => ({
      width: 0,
      height: 0,
    }));
    return width === SIDE && height === SIDE;
  }
  return false;
}

/** Which column is which; without a usage column all rows are for training. */
interface Columns {
  readonly emotion: number;
  readonly pixels: number;
  readonly usage: number | undefined;
}

async function* csvRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const columns = await columnsOf(path);
  if (columns === null) {
    throw new StudioError('bad-input', `${path} does not begin with FER2013’s columns emotion,pixels,Usage.`, {
      hint: 'Choose the original fer2013.csv.',
    });
  }
  yield { kind: 'total', total: (await countLines(path)) - 1 };
  let row = 0;
  for await (const line of fileLines(path, LONGEST_ROW)) {
    if (line.number > 1 && line.bytes?.length !== 0) yield rowOf(line, columns, context, row++);
  }
}

/** Where the pixels of each row of the csv are, in bytes, in the order of the rows; null where there are none. */
export async function pixelPlaces(path: string): Promise<(number | null)[]> {
  const columns = await columnsOf(path);
  const places: (number | null)[] = [];
  for await (const { number, offset, bytes } of fileLines(path, LONGEST_ROW)) {
    if (columns === null || number === 1 || bytes?.length === 0) continue;
    const pixels = bytes && fieldsOf(bytes)[columns.pixels];
    places.push(bytes && pixels ? offset + (pixels.byteOffset - bytes.byteOffset) : null);
  }
  return places;
}

/** The row, counted from 0, that a file made of FER2013 is named after, such as `00012.png` or FER+’s `fer0000012.png`. */
export function rowOfName(path: string): number | undefined {
  const digits = /(?:^|\/)(?:fer)?(\d{1,9})\.[^./]+$/.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function rowOf(
  { number, offset, bytes }: FileLine,
  columns: Columns,
  { role, isKnown }: ImportContext,
  row: number,
): ImportEvent {
  const place = `line ${number}`;
  if (bytes === null) return rejection(place, `The row is longer than ${LONGEST_ROW.toLocaleString('en')} bytes.`);
  const fields = fieldsOf(bytes);
  const emotion = textOf(fields[columns.emotion]);
  const label = /^\d$/.test(emotion) ? FER2013_TO_STUDIO[Number(emotion)] : undefined;
  if (label === undefined) return rejection(place, `“${shortened(emotion)}” is no class of FER2013 (0–6).`);
  const usage = columns.usage === undefined ? 'training' : textOf(fields[columns.usage]);
  const split = splitNamed(usage);
  if (split === undefined)
    return rejection(place, `“${shortened(usage)}” is none of Training, PublicTest, PrivateTest.`);
  const pixels = fields[columns.pixels] ?? Buffer.alloc(0);
  const start = offset + (pixels.byteOffset - bytes.byteOffset);
  if (isKnown('', start)) return { kind: 'known' };
  const problem = pixelProblem(pixels);
  if (problem !== undefined) return rejection(place, problem);
  return {
    kind: 'image',
    split: splitFor(role, split),
    path: '',
    encoding: 'fer2013-row',
    offset: start,
    length: pixels.length,
    ...labelsFor(role, label),
    identity: null,
    width: SIDE,
    height: SIDE,
    row,
  };
}

/** What is wrong with a field of pixels: 2,304 grey values 0 … 255 with spaces between them, perhaps quoted. */
function pixelProblem(field: Buffer): string | undefined {
  let count = 0;
  let value = -1;
  for (let position = 0; position <= field.length; position++) {
    const byte = field[position] ?? SPACE;
    if (byte >= ZERO && byte <= NINE) value = Math.max(value, 0) * 10 + byte - ZERO;
    else if (byte !== SPACE && byte !== QUOTE) return 'The pixels are not all whole numbers.';
    else if (value >= 0) {
      if (value > 255) return `A pixel has the value ${value}; 255 is white.`;
      count++;
      value = -1;
    }
  }
  if (count === VALUES) return undefined;
  return `There are ${count.toLocaleString('en')} pixels instead of ${VALUES.toLocaleString('en')}.`;
}

/** The fields of a row, as they stand: views into it, quotes and all. */
function fieldsOf(row: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  let start = 0;
  let isQuoted = false;
  for (let position = 0; position <= row.length; position++) {
    if (row[position] === QUOTE) isQuoted = !isQuoted;
    else if (position === row.length || (row[position] === COMMA && !isQuoted)) {
      fields.push(row.subarray(start, position));
      start = position + 1;
    }
  }
  return fields;
}

function textOf(field: Buffer | undefined): string {
  return (field?.toString('utf8') ?? '')
    .replace(/^\uFEFF/, '')
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .trim();
}

const shortened = (text: string): string => (text.length > 20 ? `${text.slice(0, 20)}…` : text);

/** Finds the columns by the file's first line; null when it is no such csv. Orders and spaces differ between the copies that go round. */
async function columnsOf(path: string): Promise<Columns | null> {
  for await (const { bytes } of fileLines(path, LONGEST_ROW)) {
    if (bytes === null) return null;
    const names = fieldsOf(bytes).map((field) => textOf(field).toLowerCase());
    const [emotion, pixels, usage] = ['emotion', 'pixels', 'usage'].map((name) => names.indexOf(name));
    if (emotion === -1 || pixels === -1) return null;
    return { emotion: emotion!, pixels: pixels!, usage: usage === -1 ? undefined : usage };
  }
  return null;
}
