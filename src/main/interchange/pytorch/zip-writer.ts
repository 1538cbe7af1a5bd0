import { crc32 } from 'node:zlib';
import { StudioError } from '#shared/errors.ts';

export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Without ZIP64: the largest checkpoint of a ResNet-101, with three networks and two optimizers, has 900 MB. */
const LARGEST_ARCHIVE = 2 ** 32 - 1;
const MOST_ENTRIES = 2 ** 16 - 1;
/** PyTorch places each storage so, that a reader may map the file. */
const ALIGNMENT = 64;
const LOCAL_BYTES = 30;
const DIRECTORY_BYTES = 46;
const END_BYTES = 22;
const PADDING_FIELD = 0x4246;
const VERSION = 20;
const UTF8_NAME = 0x800;
/** The first day that the format knows: the same content makes the same file. */
const DATE = 0x21;

/**
 * A zip archive of stored entries. Chunks follow one another in the file; the entries' bytes are not copied.
 * @throws StudioError 'unsupported' when it would need ZIP64.
 */
export function zipChunks(files: readonly ZipFile[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const { name, bytes } of files) {
    const nameBytes = Buffer.from(name, 'utf8');
    const checksum = crc32(bytes);
    const start = position + LOCAL_BYTES + nameBytes.byteLength + 4;
    const extra = paddingField((ALIGNMENT - (start % ALIGNMENT)) % ALIGNMENT);
    const sizes = { checksum, size: bytes.byteLength, nameLength: nameBytes.byteLength };
    chunks.push(localHeader(sizes, extra.byteLength), nameBytes, extra, bytes);
    directory.push(directoryHeader(sizes, position), nameBytes);
    position = start + extra.byteLength - 4 + bytes.byteLength;
  }
  const directoryBytes = directory.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (files.length > MOST_ENTRIES || position + directoryBytes + END_BYTES > LARGEST_ARCHIVE) {
    throw new StudioError('unsupported', 'The checkpoint is too large for one PyTorch file.', {
      hint: 'Export one network of it.',
    });
  }
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(position, 16);
  return [...chunks, ...directory, end];
}

interface EntrySizes {
  readonly checksum: number;
  readonly size: number;
  readonly nameLength: number;
}

function localHeader({ checksum, size, nameLength }: EntrySizes, extraLength: number): Uint8Array {
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(UTF8_NAME, 6);
  header.writeUInt16LE(DATE, 12);
  header.writeUInt32LE(checksum, 14);
  header.writeUInt32LE(size, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(nameLength, 26);
  header.writeUInt16LE(extraLength, 28);
  return header;
}

function directoryHeader({ checksum, size, nameLength }: EntrySizes, position: number): Uint8Array {
  const header = Buffer.alloc(DIRECTORY_BYTES);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(VERSION, 6);
  header.writeUInt16LE(UTF8_NAME, 8);
  header.writeUInt16LE(DATE, 14);
  header.writeUInt32LE(checksum, 16);
  header.writeUInt32LE(size, 20);
  header.writeUInt32LE(size, 24);
  header.writeUInt16LE(nameLength, 28);
  header.writeUInt32LE(position % 2 ** 32, 42);
  return header;
}

function paddingField(length: number): Uint8Array {
  const extra = Buffer.alloc(4 + length);
  extra.writeUInt16LE(PADDING_FIELD, 0);
  extra.writeUInt16LE(length, 2);
  return extra;
}
