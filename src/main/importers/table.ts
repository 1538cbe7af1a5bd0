import { basename, extname } from 'node:path';
import { LONGEST_ROW, csvRows, textOf } from './csv-rows.ts';
import { fileLines } from './file-lines.ts';

/** Rows looked at to tell the columns of JSON Lines, whose rows may each have others. */
const ROWS_SAMPLED = 100;
const JSON_LINES = ['.jsonl', '.ndjson'];
const DELIMITERS = [',', '\t', ';'];

/** A list in a file: csv, with commas, tabs or semicolons, or JSON Lines. */
export interface Table {
  readonly path: string;
  /** The file's name. */
  readonly name: string;
  readonly columns: readonly string[];
  /** In the order of the file, the header left out. */
  rows(): AsyncGenerator<TableRow>;
}

export interface TableRow {
  /** Counted from 1. */
  readonly line: number;
  /** In the order of the columns; null when the row cannot be read: then `problem` says why. */
  readonly values: readonly string[] | null;
  readonly problem?: string;
}

/** Opens a list by its first row; null when the file is no text, or empty. */
export async function openTable(path: string): Promise<Table | null> {
  if (JSON_LINES.includes(extname(path).toLowerCase())) return openJsonLines(path);
  const first = await firstLine(path);
  if (first === null) return null;
  const delimiter = DELIMITERS.toSorted((one, other) => first.split(other).length - first.split(one).length)[0]!;
  for await (const { fields } of csvRows(path, delimiter)) {
    if (fields === null) return null;
    const columns = fields.map((field) => field.trim());
    return { path, name: basename(path), columns, rows: () => csvTableRows(path, delimiter, columns.length) };
  }
  return null;
}

/** Null for a file that is no text: zero bytes are in no text, once its encoding is known. */
async function firstLine(path: string): Promise<string | null> {
  for await (const text of textOf(path)) {
    const line = text.slice(0, LONGEST_ROW).split('\n', 1)[0] ?? '';
    return text === '' || line.includes('\0') || line.includes('\uFFFD') ? null : line;
  }
  return null;
}

async function* csvTableRows(path: string, delimiter: string, columns: number): AsyncGenerator<TableRow> {
  let isHeader = true;
  for await (const { line, fields, problem } of csvRows(path, delimiter)) {
    if (isHeader) isHeader = false;
    else if (fields === null) yield { line, values: null, problem: problem! };
    else if (isRowOf(fields, columns)) yield { line, values: fields };
    else yield { line, values: null, problem: `The row has ${fields.length} fields and the first line ${columns}.` };
  }
}

/** Spreadsheets put empty fields behind the last. */
const isRowOf = (fields: readonly string[], columns: number): boolean =>
  fields.length === columns || (fields.length > columns && fields.slice(columns).every((field) => field.trim() === ''));

type JsonObject = Readonly<Record<string, unknown>>;

async function openJsonLines(path: string): Promise<Table | null> {
  const columns = new Set<string>();
  let count = 0;
  for await (const { bytes } of fileLines(path, LONGEST_ROW)) {
    const value = bytes === null ? null : objectOf(bytes);
    if (value !== null) for (const key of Object.keys(value)) columns.add(key);
    if (++count >= ROWS_SAMPLED) break;
  }
  if (columns.size === 0) return null;
  return { path, name: basename(path), columns: [...columns], rows: () => jsonTableRows(path, [...columns]) };
}

async function* jsonTableRows(path: string, columns: readonly string[]): AsyncGenerator<TableRow> {
  for await (const { number: line, bytes } of fileLines(path, LONGEST_ROW)) {
    if (bytes?.length === 0) continue;
    if (bytes === null) {
      yield { line, values: null, problem: `The row is longer than ${LONGEST_ROW.toLocaleString('en')} bytes.` };
      continue;
    }
    const value = objectOf(bytes);
    if (value === null) yield { line, values: null, problem: 'The row is no JSON object.' };
    else yield { line, values: columns.map((column) => textOfValue(value[column])) };
  }
}

function objectOf(bytes: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

function textOfValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A field of a row by its column's name: any case, and spaces around it do not matter. -1 when there is no such column. */
export function columnIndex(columns: readonly string[], name: string): number {
  const wanted = name.trim().toLowerCase();
  return columns.findIndex((column) => column.toLowerCase() === wanted);
}
