import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** Characters of a row; what is longer is rejected, so that memory is bounded whatever the file. */
export const LONGEST_ROW = 1 << 20;
const CHUNK_BYTES = 1 << 18;

export interface CsvRow {
  /** The line it begins in, counted from 1. */
  readonly line: number;
  /** Null when the row cannot be read: then `problem` says why. */
  readonly fields: readonly string[] | null;
  readonly problem?: string;
}

/**
 * The rows of a csv (RFC 4180) with any delimiter, in UTF-8 or UTF-16, with or without a byte-order mark; lines end in LF or CR LF; empty
 * lines are left out. A parser of our own, because one bad row must not end the rest: one that is too long is passed over, and after a quote
 * that is never closed reading goes on with the next line.
 */
export async function* csvRows(path: string, delimiter: string): AsyncGenerator<CsvRow> {
  const splitter = new RowSplitter(delimiter);
  for await (const text of textOf(path)) yield* splitter.take(text);
  yield* splitter.end();
}

/** A file's text, piece by piece. Bytes that are no text of its encoding become U+FFFD. */
export async function* textOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(await encodingOf(path));
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    yield decoder.decode(chunk as Buffer, { stream: true });
  }
  yield decoder.decode();
}

/** By the byte-order mark, or by where the zero bytes of the first letter are. */
async function encodingOf(path: string): Promise<'utf-8' | 'utf-16le' | 'utf-16be'> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  if (bytesRead < 2) return 'utf-8';
  const [first, second] = [buffer[0]!, buffer[1]!];
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

const QUOTE = '"';
const TOO_LONG = `The row is longer than ${LONGEST_ROW.toLocaleString('en')} characters.`;
const NOT_TEXT = 'The row is not UTF-8 text; save the file as UTF-8.';
const UNCLOSED = 'A quote that opens in this row is never closed.';

/** Cuts text into rows. What is held at a time is at most a row and a piece of text. */
class RowSplitter {
  readonly #delimiter: string;
  #text = '';
  #line = 1;
  /** Within a line too long to be kept. */
  #isSkipping = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  *take(text: string): Generator<CsvRow> {
    this.#text += text;
    yield* this.#rows(false);
  }

  *end(): Generator<CsvRow> {
    yield* this.#rows(true);
  }

  *#rows(isLast: boolean): Generator<CsvRow> {
    let start = 0;
    const text = this.#text;
    while (start < text.length) {
      if (this.#isSkipping) {
        const lineEnd = text.indexOf('\n', start);
        start = lineEnd === -1 ? text.length : lineEnd + 1;
        if (lineEnd === -1) break;
        this.#isSkipping = false;
        this.#line++;
        continue;
      }
      const row = readRow(text, start, this.#delimiter, isLast);
      if (row === null && !isLast && text.length - start <= LONGEST_ROW) break;
      if (row === null) {
        const lineEnd = text.indexOf('\n', start);
        this.#isSkipping = lineEnd === -1;
        yield { line: this.#line, fields: null, problem: this.#isSkipping && !isLast ? TOO_LONG : UNCLOSED };
        if (lineEnd !== -1) this.#line++;
        start = lineEnd === -1 ? text.length : lineEnd + 1;
        continue;
      }
      const told = this.#tell(row, row.end - start);
      if (told !== null) yield told;
      this.#line += row.lines;
      start = row.end;
    }
    this.#text = text.slice(start);
  }

  #tell({ fields }: ReadRow, length: number): CsvRow | null {
    const line = this.#line;
    if (fields.length === 1 && fields[0] === '') return null;
    if (length > LONGEST_ROW) return { line, fields: null, problem: TOO_LONG };
    if (fields.some((field) => field.includes('\uFFFD'))) return { line, fields: null, problem: NOT_TEXT };
    return { line, fields };
  }
}

interface ReadRow {
  readonly fields: readonly string[];
  /** Position behind the row's end. */
  readonly end: number;
  readonly lines: number;
}

/** The row at a position; null when the text ends before it does. */
function readRow(text: string, start: number, delimiter: string, isLast: boolean): ReadRow | null {
  const lineFeed = text.indexOf('\n', start);
  if (lineFeed === -1 && !isLast) return null;
  const end = lineFeed === -1 ? text.length : lineFeed;
  const line = text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
  const next = lineFeed === -1 ? end : end + 1;
  if (!line.includes(QUOTE)) return { fields: line.split(delimiter), end: next, lines: 1 };
  return readQuotedRow(text, start, delimiter, isLast);
}

/** The same where there are quotes. What stands between a closing quote and the next delimiter is taken as it is. */
function readQuotedRow(text: string, start: number, delimiter: string, isLast: boolean): ReadRow | null {
  const fields: string[] = [];
  let lines = 1;
  let position = start;
  for (;;) {
    let value = '';
    if (text[position] === QUOTE) {
      const quoted = readQuoted(text, position);
      if (quoted === null) return null;
      value = quoted.value;
      lines += quoted.lines;
      position = quoted.end;
    }
    const from = position;
    while (position < text.length && text[position] !== delimiter && text[position] !== '\n') position++;
    if (position === text.length && !isLast) return null;
    fields.push(value + text.slice(from, position));
    if (text[position] === delimiter) position++;
    else break;
  }
  const last = fields.length - 1;
  if (fields[last]!.endsWith('\r')) fields[last] = fields[last]!.slice(0, -1);
  return { fields, end: Math.min(position + 1, text.length), lines };
}

function readQuoted(text: string, open: number): { value: string; end: number; lines: number } | null {
  let value = '';
  let position = open + 1;
  for (;;) {
    const quote = text.indexOf(QUOTE, position);
    if (quote === -1) return null;
    value += text.slice(position, quote);
    position = quote + 1;
    if (text[position] !== QUOTE) break;
    value += QUOTE;
    position++;
  }
  return { value, end: position, lines: value.split('\n').length - 1 };
}
