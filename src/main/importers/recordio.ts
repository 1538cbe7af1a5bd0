import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { MAXIMUM_PIXELS, decodeBytes } from '../imaging/decode.ts';
import { hasEnd, readHeader } from '../imaging/header.ts';
import { fileLines } from './file-lines.ts';
import {
  type FormatMatch,
  type ImportContext,
  type ImportEvent,
  type Importer,
  rejection,
  splitOfRole,
} from './importer.ts';

/** First word of every record (dmlc-core, recordio.h). */
const MAGIC = 0xced7230a;
/** Bytes of magic word and length. */
const RECORD_HEADER = 8;
/** The length's upper three bits say whether a record is whole (0) or a part of one: its data held the magic word. */
const LENGTH_BITS = 29;
/** Bytes of flag, label and two ids before an image (mxnet, recordio.py: IRHeader, "IfQQ"). */
const IMAGE_HEADER = 24;
/** Bytes of each further label: where the flag is above 0 it is their count, and they stand before the image. */
const LABEL_BYTES = 4;
const CHUNK_BYTES = 1 << 22;
/** Bytes of a record; 512 MiB can be told by 29 bits, and no face is that large. */
const LONGEST_RECORD = 1 << 26;
/** Bytes of a line of an index. */
const LONGEST_LINE = 1_024;

/** MXNet RecordIO, as face-recognition sets have it: images one behind another in a `.rec` file, read in place; labels are people. */
export const recordIo: Importer = {
  format: 'recordio',
  description: 'MXNet RecordIO: a .rec file of faces, whose labels are people',
  async match(path): Promise<FormatMatch | null> {
    const file = await recordFile(path);
    if (file === null) return null;
    return { confidence: 0.98, reason: `${basename(file)} is an MXNet RecordIO file.` };
  },
  rootOf: requireFile,
  rows: recordRows,
};

async function* recordRows(path: string, context: ImportContext): AsyncGenerator<ImportEvent> {
  const { role, root, isKnown } = context;
  if (role !== 'unlabeled') {
    throw new StudioError('bad-input', `Labels of RecordIO files are people, so ${path} cannot be ${role}.`, {
      hint: 'Import it as unlabeled.',
      commandLine: '--role unlabeled',
    });
  }
  const total = await countIndex(root);
  if (total !== null) yield { kind: 'total', total };
  for await (const record of records(root)) {
    if ('reason' in record) {
      yield rejection(`byte ${record.offset}`, record.reason);
      continue;
    }
    const { offset, bytes } = record;
    const image = readRecord(bytes);
    if (typeof image === 'string') yield rejection(`byte ${offset}`, image);
    else if (image !== null) {
      const start = offset + image.start;
      if (isKnown('', start)) yield { kind: 'known' };
      else yield await eventOf(bytes.subarray(image.start), start, image.identity, role);
    }
  }
}

async function eventOf(
  bytes: Buffer,
  offset: number,
  identity: string,
  role: ImportContext['role'],
): Promise<ImportEvent> {
  try {
    const { width, height } = await sizeOf(bytes);
    return {
      ...{ kind: 'image', path: '', encoding: 'file-slice', offset, length: bytes.length, width, height },
      ...{ split: splitOfRole(role), label: null, truth: null, identity },
    };
  } catch (error) {
    return rejection(`byte ${offset}`, toStudioError(error).message.replace(': the picture given', ''));
  }
}

/** By the header where it can be had and the picture ends as it must, else by decoding it. */
async function sizeOf(bytes: Buffer): Promise<{ readonly width: number; readonly height: number }> {
  const header = readHeader(bytes);
  const isWhole = header !== undefined && hasEnd(header, bytes, bytes, 0, bytes.length);
  return isWhole && header.width * header.height <= MAXIMUM_PIXELS ? header : decodeBytes(bytes);
}

/** Whose image a record holds and where it begins in it; null for one without an image, such as the counts that such files begin with. */
function readRecord(bytes: Buffer): { readonly start: number; readonly identity: string } | null | string {
  if (bytes.length < IMAGE_HEADER) return `The record of ${bytes.length} bytes is too short for an image.`;
  const labels = bytes.readUInt32LE(0);
  const start = IMAGE_HEADER + labels * LABEL_BYTES;
  if (start > bytes.length) return `The record says it has ${labels.toLocaleString('en')} labels and ends before them.`;
  if (start === bytes.length) return null;
  const person = labels === 0 ? bytes.readFloatLE(4) : bytes.readFloatLE(IMAGE_HEADER);
  return { start, identity: String(person) };
}

type RecordRead =
  { readonly offset: number; readonly bytes: Buffer } | { readonly offset: number; readonly reason: string };

/**
 * The records of a file with the places of their data. After a place where no record begins, reading goes on at the next magic word: records
 * begin at multiples of four bytes.
 */
async function* records(path: string): AsyncGenerator<RecordRead> {
  await using file = await open(path);
  const { size } = await file.stat();
  let window = Buffer.alloc(0);
  let windowStart = 0;
  const read = async (position: number, length: number): Promise<Buffer> => {
    const from = position - windowStart;
    if (from < 0 || from + length > window.length) {
      const wanted = Math.min(Math.max(length, CHUNK_BYTES), size - position);
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
      window = buffer.subarray(0, bytesRead);
      windowStart = position;
    }
    return window.subarray(position - windowStart, position - windowStart + length);
  };
  for (let position = 0; position < size;) {
    const header = await read(position, Math.min(RECORD_HEADER, size - position));
    if (header.length < RECORD_HEADER) {
      yield { offset: position, reason: 'The file ends in the middle of a record.' };
      return;
    }
    if (header.readUInt32LE(0) !== MAGIC) {
      const next = await nextMagic(position + 4);
      yield { offset: position, reason: `No record begins here; ${skipped(next)}.` };
      position = next;
      continue;
    }
    const word = header.readUInt32LE(4);
    const part = word >>> LENGTH_BITS;
    const length = word & ((1 << LENGTH_BITS) - 1);
    const offset = position + RECORD_HEADER;
    if (offset + length > size || length > LONGEST_RECORD) {
      const next = await nextMagic(position + 4);
      yield {
        offset: position,
        reason: `The record is cut short: it says it has ${length.toLocaleString('en')} bytes.`,
      };
      position = next;
      continue;
    }
    if (part === 0) yield { offset, bytes: await read(offset, length) };
    else if (part === 1) yield { offset, reason: 'The image is stored in parts and cannot be read in place.' };
    position = offset + length + ((4 - (length % 4)) % 4);
  }

  function skipped(next: number): string {
    return next >= size ? 'the rest of the file is passed over' : `reading goes on at byte ${next}`;
  }

  /** Where the next magic word is; the file's size when there is none. */
  async function nextMagic(from: number): Promise<number> {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(MAGIC);
    for (let position = from; position < size; position += CHUNK_BYTES) {
      const bytes = await read(position, Math.min(CHUNK_BYTES, size - position));
      for (let found = bytes.indexOf(word); found !== -1; found = bytes.indexOf(word, found + 1)) {
        if ((position + found) % 4 === 0) return position + found;
      }
    }
    return size;
  }
}

/** How many records the index beside the file lists; null without one. */
async function countIndex(file: string): Promise<number | null> {
  const index = file.slice(0, -extname(file).length) + '.idx';
  if (!(await stat(index).catch(() => null))) return null; // it is of use, and not needed
  let count = 0;
  for await (const { bytes } of fileLines(index, LONGEST_LINE)) if (bytes?.length !== 0) count++;
  return count;
}

/** The `.rec` file at a path, beside an `.idx`, or alone in a folder; null when there is none. */
async function recordFile(path: string): Promise<string | null> {
  const isFolder = (await stat(path)).isDirectory();
  const folder = isFolder ? path : dirname(path);
  const extension = extname(path).toLowerCase();
  if (!isFolder && extension === '.rec') return (await beginsWithMagic(path)) ? path : null;
  if (!isFolder && extension !== '.idx') return null;
  const files = (await readdir(folder)).filter((name) => extname(name).toLowerCase() === '.rec');
  const wanted = isFolder ? files : files.filter((name) => name.slice(0, -4) === basename(path).slice(0, -4));
  const [first] = wanted;
  if (wanted.length !== 1 || first === undefined) return null;
  return (await beginsWithMagic(join(folder, first))) ? join(folder, first) : null;
}

async function requireFile(path: string): Promise<string> {
  const file = await recordFile(path);
  if (file !== null) return file;
  throw new StudioError('bad-input', `${path} is no MXNet RecordIO file, nor a folder with exactly one.`, {
    hint: 'Name the .rec file.',
  });
}

async function beginsWithMagic(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return bytesRead === 4 && buffer.readUInt32LE(0) === MAGIC;
}
