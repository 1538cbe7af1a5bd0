import { crc32, inflateRawSync } from 'node:zlib';
import type { FileBytes } from '../file-bytes.ts';

/**
 * Zip archives (APPNOTE.TXT 6.3.10) as PyTorch writes them: read through the central directory, entries stored or deflated, ZIP64. Nothing is
 * unpacked to the disk. Entries may not overlap, so that a small file cannot claim the same bytes many times.
 */
export interface ZipEntry {
  readonly name: string;
  /** Bytes, unpacked. */
  readonly size: number;
}

interface DirectoryEntry extends ZipEntry {
  readonly isDeflated: boolean;
  readonly compressedSize: number;
  readonly checksum: number;
  readonly headerPosition: number;
  /** Where the next entry, or the directory, begins. */
  readonly end: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const ZIP64_FIELD = 1;
const IN_ZIP64_16 = 0xffff;
const IN_ZIP64_32 = 0xffffffff;
const ENCRYPTED_FLAG = 1;
const STORED = 0;
const DEFLATED = 8;
/** A directory of 100,000 entries takes some 10 MB; a checkpoint has a few thousand. */
const LARGEST_DIRECTORY = 2 ** 24;

export class ZipReader {
  readonly #file: FileBytes;
  readonly #entries: ReadonlyMap<string, DirectoryEntry>;

  private constructor(file: FileBytes, entries: ReadonlyMap<string, DirectoryEntry>) {
    this.#file = file;
    this.#entries = entries;
  }

  /** @throws StudioError 'corrupt' when the directory is missing, cut short, or contradicts itself or the file's size. */
  static async open(file: FileBytes): Promise<ZipReader> {
    const { position, size, count } = await findDirectory(file);
    if (size > LARGEST_DIRECTORY) throw file.corrupt(`its directory claims ${size} bytes`);
    const directory = await file.read(position, size, 'its directory');
    const listed = parseDirectory(file, directory, count);
    const byPlace = listed.toSorted((a, b) => a.headerPosition - b.headerPosition);
    const entries = new Map<string, DirectoryEntry>();
    for (const [index, entry] of byPlace.entries()) {
      const end = byPlace[index + 1]?.headerPosition ?? position;
      const least = entry.headerPosition + LOCAL_BYTES + Buffer.byteLength(entry.name) + entry.compressedSize;
      if (least > end) throw file.corrupt(`its entry ${quoted(entry.name)} overlaps what follows it`);
      if (entries.has(entry.name)) throw file.corrupt(`it holds ${quoted(entry.name)} twice`);
      entries.set(entry.name, { ...entry, end });
    }
    return new ZipReader(file, entries);
  }

  names(): IterableIterator<string> {
    return this.#entries.keys();
  }

  find(name: string): ZipEntry | undefined {
    return this.#entries.get(name);
  }

  /**
   * An entry's bytes, checked against its checksum.
   * @param largest bytes that the caller allows. @throws StudioError 'corrupt' when it is larger, damaged, or not there.
   */
  async read(name: string, largest: number): Promise<Uint8Array<ArrayBuffer>> {
    const file = this.#file;
    const entry = this.#entries.get(name);
    if (entry === undefined) throw file.corrupt(`it holds no ${quoted(name)}`);
    if (entry.size > largest) throw file.corrupt(`its entry ${quoted(name)} claims ${entry.size} bytes`);
    const packed = await file.read(await this.#dataPosition(entry), entry.compressedSize, `its entry ${quoted(name)}`);
    const bytes = entry.isDeflated ? inflate(file, entry, packed) : packed;
    if (crc32(bytes) !== entry.checksum) throw file.corrupt(`the checksum of its entry ${quoted(name)} is wrong`);
    return bytes;
  }

  /** The name and extra fields before an entry's bytes may have other lengths than the directory says. */
  async #dataPosition(entry: DirectoryEntry): Promise<number> {
    const file = this.#file;
    const what = `the header of its entry ${quoted(entry.name)}`;
    const header = Buffer.from((await file.read(entry.headerPosition, LOCAL_BYTES, what)).buffer);
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw file.corrupt(`${what} is not where it should be`);
    const position = entry.headerPosition + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
    if (position + entry.compressedSize > entry.end) throw file.corrupt(`${what} leads out of the entry`);
    return position;
  }
}

function inflate(file: FileBytes, entry: DirectoryEntry, packed: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    // zlib takes no limit of zero.
    const bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
    if (bytes.byteLength !== entry.size) throw new Error(`${bytes.byteLength} bytes`);
    // A copy whose buffer begins with it: zlib may hand out a part of a larger one.
    return new Uint8Array(bytes);
  } catch (error) {
    throw file.corrupt(`its entry ${quoted(entry.name)} does not unpack to the ${entry.size} bytes it claims`, error);
  }
}

async function findDirectory(file: FileBytes): Promise<{ position: number; size: number; count: number }> {
  const tailBytes = Math.min(file.size, END_BYTES + LONGEST_COMMENT);
  const tailPosition = file.size - tailBytes;
  const tail = Buffer.from((await file.read(tailPosition, tailBytes, 'its end')).buffer);
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end--;
  if (end < 0) throw file.corrupt('it is a zip archive whose end is missing, so it was cut short');
  const count = tail.readUInt16LE(end + 10);
  const size = tail.readUInt32LE(end + 12);
  const position = tail.readUInt32LE(end + 16);
  if (count !== IN_ZIP64_16 && size !== IN_ZIP64_32 && position !== IN_ZIP64_32) return { position, size, count };
  const locatorPosition = tailPosition + end - ZIP64_LOCATOR_BYTES;
  const locator = Buffer.from((await file.read(locatorPosition, ZIP64_LOCATOR_BYTES, 'its end')).buffer);
  if (locator.readUInt32LE(0) !== ZIP64_LOCATOR_SIGNATURE) throw file.corrupt('its ZIP64 directory cannot be found');
  const place = Number(locator.readBigUInt64LE(8));
  const long = Buffer.from((await file.read(place, ZIP64_END_BYTES, 'its ZIP64 directory')).buffer);
  if (long.readUInt32LE(0) !== ZIP64_END_SIGNATURE) throw file.corrupt('its ZIP64 directory cannot be found');
  return {
    count: Number(long.readBigUInt64LE(32)),
    size: Number(long.readBigUInt64LE(40)),
    position: Number(long.readBigUInt64LE(48)),
  };
}

function parseDirectory(file: FileBytes, directory: Uint8Array, count: number): Omit<DirectoryEntry, 'end'>[] {
  const bytes = Buffer.from(directory.buffer, directory.byteOffset, directory.byteLength);
  const entries: Omit<DirectoryEntry, 'end'>[] = [];
  for (let position = 0; position < bytes.byteLength;) {
    if (position + ENTRY_BYTES > bytes.byteLength || bytes.readUInt32LE(position) !== ENTRY_SIGNATURE) {
      throw file.corrupt('its directory is damaged');
    }
    const nameEnd = position + ENTRY_BYTES + bytes.readUInt16LE(position + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(position + 30);
    const next = extraEnd + bytes.readUInt16LE(position + 32);
    if (next > bytes.byteLength) throw file.corrupt('its directory is damaged');
    const name = bytes.toString('utf8', position + ENTRY_BYTES, nameEnd);
    checkName(file, name);
    if ((bytes.readUInt16LE(position + 8) & ENCRYPTED_FLAG) !== 0) {
      throw file.unsupported(`its entry ${quoted(name)} is encrypted`, 'Save it without a password.');
    }
    const method = bytes.readUInt16LE(position + 10);
    if (method !== STORED && method !== DEFLATED) {
      throw file.unsupported(
        `its entry ${quoted(name)} is packed by method ${method}`,
        'Save it again with torch.save, which packs nothing.',
      );
    }
    const [size, compressedSize, headerPosition] = withZip64(
      [bytes.readUInt32LE(position + 24), bytes.readUInt32LE(position + 20), bytes.readUInt32LE(position + 42)],
      bytes.subarray(nameEnd, extraEnd),
      () => file.corrupt(`the sizes of its entry ${quoted(name)} are missing`),
    );
    if (method === STORED && size !== compressedSize) {
      throw file.corrupt(`its entry ${quoted(name)} is stored and has two sizes`);
    }
    const checksum = bytes.readUInt32LE(position + 16);
    entries.push({ name, size, isDeflated: method === DEFLATED, compressedSize, checksum, headerPosition });
    position = next;
  }
  if (entries.length !== count) throw file.corrupt(`its directory lists ${entries.length} entries of ${count}`);
  return entries;
}

/** Sizes and places beyond 32 bits stand in an extra field, in this order, each only where the usual field says so. */
function withZip64(
  fields: readonly [number, number, number],
  extra: Buffer,
  missing: () => Error,
): [number, number, number] {
  const needed = fields.filter((value) => value === IN_ZIP64_32).length;
  if (needed === 0) return [...fields];
  for (let position = 0; position + 4 <= extra.byteLength;) {
    const length = extra.readUInt16LE(position + 2);
    const begin = position + 4;
    if (extra.readUInt16LE(position) === ZIP64_FIELD && length >= needed * 8 && begin + length <= extra.byteLength) {
      let place = begin;
      const long = (value: number): number => {
        if (value !== IN_ZIP64_32) return value;
        place += 8;
        return Number(extra.readBigUInt64LE(place - 8));
      };
      return [long(fields[0]), long(fields[1]), long(fields[2])];
    }
    position = begin + length;
  }
  throw missing();
}

/** The studio writes no entry to the disk, but a name that would leave its folder shows what a file is for. */
function checkName(file: FileBytes, name: string): void {
  const escapes =
    name.startsWith('/') || /^[A-Za-z]:/.test(name) || /[\\\0]/.test(name) || name.split('/').includes('..');
  if (escapes) throw file.corrupt(`its entry ${quoted(name)} is named to be written outside its folder`);
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
