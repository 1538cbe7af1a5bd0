/**
 * What the first bytes of a picture say. Read here and not by the decoder, because an import looks at a million files, and because the
 * decoder must be told beforehand of pictures that are neither RGB nor 8-bit grey.
 */

export const IMAGE_FORMATS = ['jpeg', 'png', 'webp', 'gif', 'bmp', 'tiff', 'avif'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

export interface ImageHeader {
  readonly format: ImageFormat;
  /** Pixels, before any EXIF orientation. */
  readonly width: number;
  readonly height: number;
  readonly samples: 'rgb' | 'cmyk' | 'grey16';
  /** Byte offset after which the end marker has to come. */
  readonly end: number;
}

/** Bytes that hold the header of nearly every file; a JPEG with a large EXIF block may need more. */
export const HEADER_BYTES = 65_536;

/** The format by its signature, or undefined when the bytes are no picture the studio knows. */
export function formatOf(bytes: Buffer): ImageFormat | undefined {
  if (bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xffd8ff) return 'jpeg';
  const text = bytes.toString('latin1', 0, 12);
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'tiff';
  if (text.startsWith('ftypavif', 4) || text.startsWith('ftypavis', 4)) return 'avif';
  if (text.startsWith('BM') && bytes.length >= 18 && bytes.readUInt32LE(14) <= 124) return 'bmp';
  return undefined;
}

/**
 * The header, for the formats that keep it at the front. Undefined for TIFF and AVIF, which the decoder has to be asked about, and where
 * the bytes end before the size is told.
 */
export function readHeader(bytes: Buffer): ImageHeader | undefined {
  switch (formatOf(bytes)) {
    case 'jpeg':
      return readJpegHeader(bytes);
    case 'png':
      return readPngHeader(bytes);
    case 'webp':
      return readWebpHeader(bytes);
    case 'gif':
      if (bytes.length < 13) return undefined;
      return header('gif', bytes.readUInt16LE(6), bytes.readUInt16LE(8), 13);
    case 'bmp':
      if (bytes.length < 26) return undefined;
      return bytes.readUInt32LE(14) === 12
        ? header('bmp', bytes.readUInt16LE(18), bytes.readUInt16LE(20), 26)
        : header('bmp', bytes.readInt32LE(18), Math.abs(bytes.readInt32LE(22)), 26);
    default:
      return undefined;
  }
}

function header(
  format: ImageFormat,
  width: number,
  height: number,
  end: number,
  samples: ImageHeader['samples'] = 'rgb',
): ImageHeader {
  return { format, width, height, samples, end };
}

/** Walks the segments to the frame header (SOF): marker, length, precision, height, width, components. ISO/IEC 10918-1, B.2.2. */
function readJpegHeader(bytes: Buffer): ImageHeader | undefined {
  let position = 2;
  while (position + 10 <= bytes.length) {
    if (bytes[position] !== 0xff) return undefined;
    const marker = bytes[position + 1]!;
    if (marker === 0xff) {
      position += 1; // fill byte
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const samples = bytes[position + 9] === 4 ? 'cmyk' : 'rgb';
      return header('jpeg', bytes.readUInt16BE(position + 7), bytes.readUInt16BE(position + 5), position, samples);
    }
    const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    position += standsAlone ? 2 : 2 + bytes.readUInt16BE(position + 2);
  }
  return undefined;
}

/** The IHDR chunk comes first: width, height, bit depth, colour type (0 grey, 4 grey with alpha). */
function readPngHeader(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length < 26) return undefined;
  const isGrey = bytes[25] === 0 || bytes[25] === 4;
  const samples = isGrey && bytes[24] === 16 ? 'grey16' : 'rgb';
  return header('png', bytes.readUInt32BE(16), bytes.readUInt32BE(20), 26, samples);
}

/** Lossy (VP8), lossless (VP8L) and extended (VP8X) files each keep the size elsewhere. RFC 9649, section 2. */
function readWebpHeader(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length < 30) return undefined;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return header('webp', bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff, 30);
    case 'VP8L': {
      const packed = bytes.readUInt32LE(21);
      return header('webp', (packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1, 30);
    }
    case 'VP8X':
      return header('webp', bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1, 30);
    default:
      return undefined;
  }
}

const JPEG_END = Buffer.from([0xff, 0xd9]);
const PNG_END = Buffer.from('IEND', 'latin1');
const GIF_END = 0x3b;

/**
 * Whether the file ends as its format says it must. False means "cut short, most likely": a decoder has the last word.
 *
 * @param head the first bytes of the file. @param tail the last ones, from byte `tailStart` of the file. @param size bytes of the file.
 */
export function hasEnd(header: ImageHeader, head: Buffer, tail: Buffer, tailStart: number, size: number): boolean {
  switch (header.format) {
    case 'jpeg':
      // Not before the frame header: an EXIF thumbnail has an end marker of its own.
      return tail.lastIndexOf(JPEG_END) >= Math.max(0, header.end - tailStart);
    case 'png':
      return tail.lastIndexOf(PNG_END) >= Math.max(0, header.end - tailStart);
    case 'webp':
      return size >= head.readUInt32LE(4) + 8;
    case 'gif':
      return tail.lastIndexOf(GIF_END) === tail.length - 1;
    default:
      return true;
  }
}
