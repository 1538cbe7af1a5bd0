import { open, stat } from 'node:fs/promises';
import { StudioError } from '#shared/errors.ts';
import { FER2013_TO_STUDIO } from '#shared/expressions.ts';
import type { Role, Split } from '#shared/images.ts';
import { classFolders } from './class-folders.ts';
import { isFolder, rejection } from './image-files.ts';
import { type ImportEvent, type Importer, splitOfRole } from './importer.ts';

const SIDE = 48;
const PIXELS = SIDE * SIDE;
/** A row of 2,304 numbers of up to three digits and their spaces, with room for the rest of the line. */
const LONGEST_ROW = 16_384;
const CHUNK = 1 << 20;
const HEADER = /^\uFEFF?"?emotion"?,"?pixels"?,"?usage"?$/i;
const USAGES: Readonly<Record<string, Split>> = { training: 'train', publictest: 'validation', privatetest: 'test' };

/** FER2013 as published: a csv of `emotion,pixels,Usage`, read in place, or the class folders it is often turned into. */
export const fer2013: Importer = {
  format: 'fer2013',
  description: 'FER2013: its csv, or its class folders with splits',
  async match(path) {
    if (await isFolder(path)) return null; // class folders say the same
    return HEADER.test(await firstLine(path)) ? { confidence: 1, reason: 'The csv has FER2013’s columns.' } : null;
  },
  async *rows(path, { role }) {
    if (await isFolder(path)) yield* classFolders.rows(path, { role });
    else yield* csvRows(path, role);
  },
};

async function* csvRows(path: string, role: Role): AsyncGenerator<ImportEvent> {
  const { size } = await stat(path);
  let number = 0;
  let bytesPerRow = 0;
  for await (const line of lines(path)) {
    number++;
    if (number === 1) {
      if (line.text === null || !HEADER.test(line.text)) {
        throw new StudioError('bad-input', `${path} does not begin with FER2013’s columns emotion,pixels,Usage.`, {
          hint: 'Choose the original fer2013.csv.',
        });
      }
      continue;
    }
    if (line.text === '') continue;
    if (bytesPerRow === 0) {
      bytesPerRow = line.length + 1;
      yield { kind: 'total', total: Math.round((size - line.offset) / bytesPerRow) };
    }
    yield rowOf(line, number, role);
  }
}

function rowOf(line: Line, number: number, role: Role): ImportEvent {
  const place = `row ${number}`;
  if (line.text === null) return rejection(place, `The row is longer than ${LONGEST_ROW.toLocaleString('en')} bytes.`);
  const [emotion, pixels, usage] = line.text.split(',').map((field) => field.replace(/^"|"$/g, '').trim());
  const label = FER2013_TO_STUDIO[Number(emotion)];
  if (emotion === '' || label === undefined)
    return rejection(place, `“${(emotion ?? '').slice(0, 20)}” is no class of FER2013 (0–6).`);
  const count = pixels === undefined || pixels === '' ? 0 : pixels.split(/\s+/).length;
  if (count !== PIXELS)
    return rejection(
      place,
      `There are ${count.toLocaleString('en')} pixels instead of ${PIXELS.toLocaleString('en')}.`,
    );
  const split = USAGES[(usage ?? '').toLowerCase()];
  if (split === undefined)
    return rejection(place, `“${(usage ?? '').slice(0, 20)}” is none of Training, PublicTest, PrivateTest.`);
  return {
    kind: 'image',
    split: role === 'labeled' ? split : splitOfRole(role),
    path: '',
    encoding: 'fer2013-row',
    offset: line.offset,
    length: line.length,
    label: role === 'unlabeled' ? null : label,
    identity: null,
    width: SIDE,
    height: SIDE,
  };
}

interface Line {
  readonly offset: number;
  /** Bytes without the line's end. */
  readonly length: number;
  /** Null when the line is too long to be a row: it is passed over without being kept. */
  readonly text: string | null;
}

/** The lines of a file with their places, in bounded memory whatever a line's length. */
async function* lines(path: string): AsyncGenerator<Line> {
  const file = await open(path);
  try {
    let kept: Buffer[] = [];
    let start = 0;
    let position = 0;
    const finish = (end: number): Line => {
      const whole = Buffer.concat(kept);
      kept = [];
      const length = whole.at(-1) === 0x0d ? end - start - 1 : end - start;
      const text = end - start > LONGEST_ROW ? null : whole.subarray(0, length).toString('utf8');
      return { offset: start, length, text };
    };
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, position);
      if (bytesRead === 0) break;
      let from = 0;
      for (let end = buffer.indexOf(0x0a, from); end !== -1 && end < bytesRead; end = buffer.indexOf(0x0a, from)) {
        kept.push(Buffer.from(buffer.subarray(from, Math.min(end, from + LONGEST_ROW + 1))));
        yield finish(position + end);
        from = end + 1;
        start = position + from;
      }
      const pending = position + bytesRead - start;
      if (pending <= LONGEST_ROW + CHUNK && pending > 0)
        kept.push(Buffer.from(buffer.subarray(from, Math.min(bytesRead, from + LONGEST_ROW + 1))));
      position += bytesRead;
    }
    if (position > start) yield finish(position);
  } finally {
    await file.close();
  }
}

async function firstLine(path: string): Promise<string> {
  for await (const { text } of lines(path)) return text ?? '';
  return '';
}
