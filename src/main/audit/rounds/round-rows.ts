import { StudioError } from '#shared/errors.ts';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import { type ClassColumns, classColumnsOf } from './class-columns.ts';

/** One row of a round's file. `line` is counted from 1; where a file has no lines, rows are. */
export interface RoundRow {
  readonly line: number;
  /** The image as the file names it: its path, or its number in the catalog. */
  readonly image: { readonly path: string } | { readonly id: number };
  /** [K] in the order of the file's classes; what is no number is NaN. */
  readonly probabilities: ArrayLike<number>;
  readonly embedding: ArrayLike<number> | null;
}

/** A row that cannot be read. */
export interface UnreadableRow {
  readonly line: number;
  readonly place: string;
  readonly reason: string;
}

/** A file with the answers of a network. */
export interface RoundFile {
  readonly classes: ClassColumns;
  /** Null where they are not counted beforehand. */
  readonly rowCount: number | null;
  rows(): AsyncGenerator<RoundRow | UnreadableRow>;
  close(): Promise<void>;
}

/** Rows of a softmax in float16 sum to 1 within about 1e-3. */
const SUM_TOLERANCE = 1e-2;

/** @returns why numbers are no probabilities of the classes, as a sentence; null when they are. */
export function faultOf(probabilities: ArrayLike<number>): string | null {
  let sum = 0;
  for (let column = 0; column < probabilities.length; column++) {
    const value = probabilities[column]!;
    if (Number.isNaN(value)) return `Its probability ${column + 1} of ${probabilities.length} is not a number.`;
    if (value < 0 || value > 1 + SUM_TOLERANCE) {
      return `Its probability ${column + 1} of ${probabilities.length} is ${rounded(value)}, outside 0 … 1: give softmax outputs, not logits.`;
    }
    sum += value;
  }
  if (Math.abs(sum - 1) <= SUM_TOLERANCE) return null;
  return `Its probabilities sum to ${rounded(sum)}, not to 1: give softmax outputs.`;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

/** Which of a table's columns hold what. */
export interface RowColumns {
  readonly image: { readonly column: number; readonly kind: 'path' | 'id' };
  readonly classes: ClassColumns;
  /** A column for each class, or one column with all of them. */
  readonly probabilities: readonly number[] | { readonly list: number };
  readonly embedding: readonly number[] | { readonly list: number } | null;
}

const PATHS = ['path', 'image_path', 'img_path', 'file', 'filename', 'file_name', 'filepath', 'file_path', 'image'];
const IDS = ['id', 'image_id'];
const LISTS = ['probabilities', 'probs', 'probability', 'softmax'];
const EMBEDDINGS = ['embedding', 'embeddings', 'features', 'feature'];
const NUMBERED_EMBEDDING = /^(?:embeddings?|features?|feat|emb)[_\s.-]?(\d+)$/i;
const PROBABILITY_WORDS =
  /^(?:prob(?:abilit(?:y|ies))?s?|softmax|class|pred|p)[_\s.-]+|[_\s.-]+(?:prob(?:ability)?|softmax|p)$/gi;
const NUMBERED_CLASS = /^(?:prob(?:abilit(?:y|ies))?s?|softmax|class|p)?[_\s.-]*([0-7])$/i;

export const ROUND_FILE_HINT =
  'It needs a column path (or id) with the image, and a column for each class, such as neutral or prob_0, or one column probabilities with a list.';

/**
 * Tells what the columns of a table are by their names. @param listLength classes of a row where one column holds them all; null when there is none.
 * @throws StudioError 'bad-input' when there is no image or no class, 'unsupported' for a class that is no expression.
 */
export function rowColumnsOf(names: readonly string[], file: string, listLength: number | null): RowColumns {
  const columnOf = (wanted: readonly string[]): number =>
    wanted
      .map((name) => names.findIndex((column) => column.trim().toLowerCase() === name))
      .find((index) => index >= 0) ?? -1;
  const path = columnOf(PATHS);
  const id = columnOf(IDS);
  if (path === -1 && id === -1) throw unusable(file, 'has no column that names the image', names);
  // A path leads to the image for sure; a number may be of another table.
  const image = path === -1 ? ({ column: id, kind: 'id' } as const) : ({ column: path, kind: 'path' } as const);
  const embedding = embeddingColumns(names, columnOf(EMBEDDINGS));
  const list = columnOf(LISTS);
  if (list !== -1 && listLength !== null) {
    return { image, classes: unnamedClasses(listLength, file), probabilities: { list }, embedding };
  }
  const named = names.flatMap((name, column) => {
    const word = name.trim().replace(PROBABILITY_WORDS, '');
    return column !== image.column && expressionIndex(word) !== undefined ? [{ word, column }] : [];
  });
  if (named.length >= 2) {
    const classes = classColumnsOf(
      named.map(({ word }) => word),
      file,
    );
    return { image, classes, probabilities: named.map(({ column }) => column), embedding };
  }
  const numbered = names
    .flatMap((name, column) => {
      const match = NUMBERED_CLASS.exec(name.trim());
      return match === null ? [] : [{ label: Number(match[1]), column }];
    })
    .sort((one, other) => one.label - other.label);
  if (numbered.length < 2 || numbered.some(({ label }, index) => label !== index)) {
    throw unusable(file, 'has no probabilities of the classes', names);
  }
  return {
    image,
    classes: unnamedClasses(numbered.length, file),
    probabilities: numbered.map(({ column }) => column),
    embedding,
  };
}

/** Classes that a file only counts are the studio's first ones. */
export function unnamedClasses(count: number, file: string): ClassColumns {
  if (count >= 2 && count <= EXPRESSIONS.length) {
    return { classCount: count, targets: Array.from({ length: count }, (_, label) => label) };
  }
  throw new StudioError('unsupported', `${file} has ${count} probabilities for each image.`, {
    hint: `The studio knows ${EXPRESSIONS.length} classes: ${EXPRESSIONS.map(({ name }) => name).join(', ')}.`,
  });
}

function embeddingColumns(names: readonly string[], list: number): RowColumns['embedding'] {
  if (list !== -1) return { list };
  const numbered = names
    .flatMap((name, column) => {
      const match = NUMBERED_EMBEDDING.exec(name.trim());
      return match === null ? [] : [{ place: Number(match[1]), column }];
    })
    .sort((one, other) => one.place - other.place);
  return numbered.length === 0 ? null : numbered.map(({ column }) => column);
}

function unusable(file: string, what: string, names: readonly string[]): StudioError {
  const shown = names.slice(0, 12).join(', ');
  return new StudioError('bad-input', `${file} ${what}; its columns are ${shown}${names.length > 12 ? ', …' : ''}.`, {
    hint: ROUND_FILE_HINT,
  });
}

/** One row of a table by its columns. @param values of the columns, texts, numbers or lists. */
export function rowOf(line: number, values: readonly unknown[], columns: RowColumns): RoundRow | UnreadableRow {
  const { column, kind } = columns.image;
  const place = textOf(values[column]);
  if (place === '') return { line, place: '', reason: 'It names no image.' };
  const id = Number(place);
  if (kind === 'id' && !(Number.isSafeInteger(id) && id > 0))
    return { line, place, reason: 'That is no image’s number.' };
  const probabilities = numbersIn(values, columns.probabilities);
  const wanted = columns.classes.targets.length;
  if (probabilities.length !== wanted) {
    return { line, place, reason: `It has ${probabilities.length} probabilities in place of ${wanted}.` };
  }
  const embedding = columns.embedding === null ? null : numbersIn(values, columns.embedding);
  return { line, image: kind === 'id' ? { id } : { path: place }, probabilities, embedding };
}

function numbersIn(values: readonly unknown[], columns: readonly number[] | { readonly list: number }): number[] {
  if ('list' in columns) return listOf(values[columns.list]).map(numberOf);
  return columns.map((column) => numberOf(values[column]));
}

/** A list as it is, or as JSON writes it. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (typeof value !== 'string') return [];
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return []; // told as a row with too few numbers
  }
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}
