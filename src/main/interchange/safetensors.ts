import { type FileHandle, open } from 'node:fs/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';

/**
 * The safetensors format (github.com/huggingface/safetensors): the header's length as unsigned 64-bit little-endian, the header as JSON
 * `{name: {dtype, shape, data_offsets: [begin, end]}, "__metadata__": {string: string}}`, then the tensors' bytes without a gap. Nothing in
 * it can be executed. Numbers are little-endian, as is every machine the studio runs on, so bytes are taken as they are.
 */

/** Half-precision and 8-bit floats are kept as their raw bits: JavaScript has no arithmetic for most of them. */
export const ARRAY_TYPES = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
  I16: Int16Array,
  U16: Uint16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F64: Float64Array,
} as const;

export type SafetensorsDtype = keyof typeof ARRAY_TYPES;
export type SafetensorsData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: SafetensorsData;
}

export interface SafetensorsFile {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference implementation's own limit. */
const LARGEST_HEADER = 100_000_000;
const LENGTH_BYTES = 8;
const METADATA_KEY = '__metadata__';

/** A tensor as the header describes it. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Bytes, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** A safetensors file whose tensors are read one by one; close it afterwards. */
export interface OpenSafetensors {
  /** In the order of the header. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly read: (entry: HeaderEntry) => Promise<SafetensorsTensor>;
  /** Some rows in a row of a tensor, for those that are too large to be held at once. */
  readonly readRows: (entry: HeaderEntry, first: number, count: number) => Promise<SafetensorsTensor>;
  readonly close: () => Promise<void>;
}

/**
 * Reads the header of a safetensors file.
 *
 * @throws StudioError 'not-found' when there is no such file; 'corrupt' when it is truncated, not safetensors, or its header does not
 * describe exactly the bytes that follow (overflow, overlap, gap, out of bounds).
 */
export async function openSafetensorsFile(path: string): Promise<OpenSafetensors> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw toStudioError(error);
  });
  try {
    const { size } = await handle.stat();
    const header = await readHeader(handle, path, size);
    const dataStart = LENGTH_BYTES + header.byteLength;
    const { entries, metadata } = parseHeader(header, path);
    checkCoverage(entries, size - dataStart, path);
    return {
      entries,
      metadata,
      read: async ({ dtype, shape, begin, end }) => {
        const bytes = await readBytes(handle, dataStart + begin, end - begin, path);
        return { dtype, shape, data: new ARRAY_TYPES[dtype](bytes.buffer) };
      },
      readRows: async ({ name, dtype, shape: [rows = 0, ...row], begin }, first, count) => {
        if (first < 0 || count < 0 || first + count > rows) {
          throw new RangeError(`Tensor ${name} has ${rows} rows, and not ${count} from ${first} on.`);
        }
        const rowBytes = elementCount(row) * ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;
        const bytes = await readBytes(handle, dataStart + begin + first * rowBytes, count * rowBytes, path);
        return { dtype, shape: [count, ...row], data: new ARRAY_TYPES[dtype](bytes.buffer) };
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads a whole safetensors file.
 * @throws StudioError as `openSafetensorsFile`.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const { entries, metadata, read, close } = await openSafetensorsFile(path);
  try {
    const tensors = new Map<string, SafetensorsTensor>();
    for (const entry of entries) tensors.set(entry.name, await read(entry));
    return { tensors, metadata };
  } finally {
    await close();
  }
}

/**
 * A safetensors document in pieces, to be written or sent. @throws StudioError 'internal' when a tensor's data does not fit its type and shape.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  // Widest elements first, as the reference implementation does, so that every tensor is aligned for a reader that maps the file.
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      ARRAY_TYPES[b.dtype].BYTES_PER_ELEMENT - ARRAY_TYPES[a.dtype].BYTES_PER_ELEMENT || (nameA < nameB ? -1 : 1),
  );
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA_KEY, metadata]] : [];
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    if (!(data instanceof ARRAY_TYPES[dtype]) || data.length !== elementCount(shape)) {
      throw new StudioError(
        'internal',
        `Tensor ${name} does not hold the ${shape.join('×')} ${dtype} elements it claims.`,
      );
    }
    header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  return [...encodeHeader(header), ...chunks];
}

/**
 * Writes a safetensors file atomically: a crash leaves the old file or the new one.
 *
 * @returns SHA-256 of the file, as hexadecimal digits.
 * @throws StudioError 'no-space' on a full disk; as {@link encodeSafetensors}.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<string> {
  return writeFileAtomically(path, encodeSafetensors(tensors, metadata));
}

/**
 * The same for tensors that are too large to be held at once: their bytes come in pieces, in the order of the tensors, widest elements first.
 * @throws StudioError 'no-space'; 'internal' when the pieces are not as long as the tensors.
 */
export async function writeSafetensorsPieces(
  path: string,
  tensors: readonly Omit<HeaderEntry, 'begin' | 'end'>[],
  pieces: Iterable<Uint8Array>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<string> {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA_KEY, metadata]] : [];
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = offset + elementCount(shape) * ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;
    header.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  return writeFileAtomically(path, checkedPieces(header, pieces, offset, path));
}

function* checkedPieces(
  header: readonly [string, unknown][],
  pieces: Iterable<Uint8Array>,
  bytes: number,
  path: string,
): Generator<Uint8Array> {
  yield* encodeHeader(header);
  let written = 0;
  for (const piece of pieces) {
    written += piece.byteLength;
    yield piece;
  }
  if (written !== bytes)
    throw new StudioError('internal', `${path} got ${written} bytes of tensors in place of ${bytes}.`);
}

function encodeHeader(entries: readonly [string, unknown][]): [Uint8Array, Uint8Array] {
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)), 'utf8');
  const padded = Buffer.alloc(Math.ceil(json.byteLength / LENGTH_BYTES) * LENGTH_BYTES, ' ');
  json.copy(padded);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(padded.byteLength));
  return [length, padded];
}

async function readHeader(handle: FileHandle, path: string, fileSize: number): Promise<Uint8Array> {
  if (fileSize < LENGTH_BYTES) throw corrupt(path, `it has only ${fileSize} bytes`);
  const lengthBytes = await readBytes(handle, 0, LENGTH_BYTES, path);
  const length = new DataView(lengthBytes.buffer).getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER))
    throw corrupt(path, `its header claims ${length} bytes, more than the format's limit`);
  if (LENGTH_BYTES + Number(length) > fileSize) throw corrupt(path, 'it ends inside its header');
  return readBytes(handle, LENGTH_BYTES, Number(length), path);
}

function parseHeader(header: Uint8Array, path: string): { entries: HeaderEntry[]; metadata: Record<string, string> } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch (error) {
    throw corrupt(path, 'its header is not JSON', error);
  }
  if (!isRecord(parsed)) throw corrupt(path, 'its header is not a JSON object');
  const entries: HeaderEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (name === METADATA_KEY) metadata = parseMetadata(value, path);
    else entries.push(parseEntry(name, value, path));
  }
  return { entries, metadata };
}

function parseMetadata(value: unknown, path: string): Record<string, string> {
  if (!isRecord(value)) throw corrupt(path, 'its metadata is not a JSON object');
  const entries = Object.entries(value);
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string';
  if (!entries.every(isText)) throw corrupt(path, 'its metadata holds something other than text');
  return Object.fromEntries(entries);
}

function parseEntry(name: string, value: unknown, path: string): HeaderEntry {
  if (!isRecord(value)) throw corrupt(path, `tensor ${name} has no description`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAY_TYPES, dtype)) {
    throw corrupt(path, `tensor ${name} has the unknown type ${JSON.stringify(dtype)}`);
  }
  if (!isListOfCounts(shape)) throw corrupt(path, `tensor ${name} has no valid shape`);
  if (!isListOfCounts(offsets) || offsets.length !== 2) throw corrupt(path, `tensor ${name} has no valid offsets`);
  const known = dtype as SafetensorsDtype;
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * ARRAY_TYPES[known].BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(bytes)) throw corrupt(path, `tensor ${name} claims more elements than any file can hold`);
  if (end - begin !== bytes) {
    throw corrupt(path, `tensor ${name} needs ${bytes} bytes for its shape and has ${end - begin}`);
  }
  return { name, dtype: known, shape, begin, end };
}

/** Every byte after the header must belong to exactly one tensor; a file that was cut short fails here, before anything is allocated. */
function checkCoverage(entries: readonly HeaderEntry[], dataBytes: number, path: string): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw corrupt(path, `tensor ${name} overlaps another`);
    if (begin > covered) throw corrupt(path, `there is a gap before tensor ${name}`);
    covered = end;
  }
  if (covered > dataBytes)
    throw corrupt(path, `it was cut short: its tensors need ${covered} bytes and ${dataBytes} are there`);
  if (covered < dataBytes) throw corrupt(path, `${dataBytes - covered} bytes at its end belong to no tensor`);
}

/** @returns an array whose buffer holds exactly these bytes, so that any typed array may lie over it. */
async function readBytes(
  handle: FileHandle,
  position: number,
  length: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length;) {
    const { bytesRead } = await handle.read(bytes, offset, Math.min(length - offset, 2 ** 30), position + offset);
    if (bytesRead === 0) throw corrupt(path, 'it became shorter while it was read');
    offset += bytesRead;
  }
  return bytes;
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function corrupt(path: string, reason: string, cause?: unknown): StudioError {
  return new StudioError('corrupt', `${path} is not a sound safetensors file: ${reason}.`, {
    hint: 'Get the file again, or use another.',
    cause,
  });
}
