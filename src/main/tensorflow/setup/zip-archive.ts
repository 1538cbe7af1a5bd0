import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { StudioError } from '#shared/errors.ts';

/** A member of a zip archive, from its central directory (APPNOTE 6.3, section 4.3.12). */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Unix permission bits, 0 where the archive was not made on Unix. */
  readonly mode: number;
  readonly localHeaderOffset: number;
}

const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_SIZE = 22;
const LONGEST_COMMENT = 0xffff;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_ENTRY_SIZE = 46;
const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_SIZE = 30;
const STORED = 0;
const DEFLATED = 8;
/** Stands in a 32-bit field whose value is in a ZIP64 record. */
const IN_ZIP64_RECORD = 0xffffffff;

/**
 * The members of a zip archive.
 *
 * @throws StudioError 'corrupt' when it is not one, 'unsupported' for ZIP64 (no wheel that is pinned needs it).
 */
export async function readZipDirectory(path: string): Promise<ZipEntry[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tailStart = Math.max(0, size - END_OF_DIRECTORY_SIZE - LONGEST_COMMENT);
    const tail = await readExactly(file, tailStart, size - tailStart, path);
    let end = tail.length - END_OF_DIRECTORY_SIZE;
    while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
    if (end < 0) throw notAZip(path);
    const directorySize = tail.readUInt32LE(end + 12);
    const directoryOffset = tail.readUInt32LE(end + 16);
    if (directoryOffset === IN_ZIP64_RECORD) throw zip64(path);
    return parseDirectory(await readExactly(file, directoryOffset, directorySize, path), path);
  } finally {
    await file.close();
  }
}

function parseDirectory(directory: Buffer, path: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; at < directory.length;) {
    if (at + DIRECTORY_ENTRY_SIZE > directory.length || directory.readUInt32LE(at) !== DIRECTORY_ENTRY)
      throw notAZip(path);
    const nameLength = directory.readUInt16LE(at + 28);
    const nameStart = at + DIRECTORY_ENTRY_SIZE;
    const entry: ZipEntry = {
      method: directory.readUInt16LE(at + 10),
      crc32: directory.readUInt32LE(at + 16),
      compressedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      mode: (directory.readUInt32LE(at + 38) >>> 16) & 0o777,
      localHeaderOffset: directory.readUInt32LE(at + 42),
      name: directory.toString('utf8', nameStart, nameStart + nameLength),
    };
    if ([entry.compressedSize, entry.size, entry.localHeaderOffset].includes(IN_ZIP64_RECORD)) throw zip64(path);
    entries.push(entry);
    at = nameStart + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * Unpacks one member to `folder`/<its name>, checks its size and CRC, and flushes it to the disk.
 *
 * @param onBytes told how many bytes were written since the last call.
 * @throws StudioError 'corrupt' when the content does not match its directory entry or the name leaves the folder.
 */
export async function extractZipEntry(
  path: string,
  entry: ZipEntry,
  folder: string,
  options: { onBytes?: (bytes: number) => void; signal?: AbortSignal } = {},
): Promise<void> {
  if (entry.name.split('/').includes('..') || entry.name.startsWith('/')) {
    throw new StudioError('corrupt', `${path} holds a file that would be written outside its folder: ${entry.name}.`);
  }
  const destination = join(folder, entry.name);
  await mkdir(dirname(destination), { recursive: true });
  const start = await contentOffset(path, entry);
  const found = { size: 0, crc32: 0 };
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      found.size += chunk.length;
      found.crc32 = crc32(chunk, found.crc32);
      options.onBytes?.(chunk.length);
      done(null, chunk);
    },
  });
  const output = createWriteStream(destination, { mode: entry.mode === 0 ? 0o644 : entry.mode | 0o600, flush: true });
  const pipelineOptions = options.signal === undefined ? {} : { signal: options.signal };
  if (entry.compressedSize === 0) {
    await pipeline([], meter, output, pipelineOptions);
  } else {
    const content = createReadStream(path, { start, end: start + entry.compressedSize - 1 });
    if (entry.method === DEFLATED)
      await pipeline(content, createInflateRaw({ chunkSize: 1 << 18 }), meter, output, pipelineOptions);
    else await pipeline(content, meter, output, pipelineOptions);
  }
  if (found.size !== entry.size || found.crc32 !== entry.crc32) {
    throw new StudioError('corrupt', `${entry.name} in ${path} is damaged.`, {
      hint: 'Delete that file and run again.',
    });
  }
}

/** Where a member's bytes start: its local header has a name and extra field of its own lengths. */
async function contentOffset(path: string, entry: ZipEntry): Promise<number> {
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    throw new StudioError('unsupported', `${entry.name} in ${path} is compressed in a way that cannot be read here.`);
  }
  const file = await open(path);
  try {
    const header = await readExactly(file, entry.localHeaderOffset, LOCAL_HEADER_SIZE, path);
    if (header.readUInt32LE(0) !== LOCAL_HEADER) throw notAZip(path);
    return entry.localHeaderOffset + LOCAL_HEADER_SIZE + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, position: number, length: number, path: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw notAZip(path);
  return buffer;
}

function notAZip(path: string): StudioError {
  return new StudioError('corrupt', `${path} is not a whole zip archive.`, { hint: 'Delete that file and run again.' });
}

function zip64(path: string): StudioError {
  return new StudioError('unsupported', `${path} is a ZIP64 archive, which is not read here.`);
}
