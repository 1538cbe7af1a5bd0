import { StudioError } from '#shared/errors.ts';
import { blackImage, CHANNELS, type RgbImage } from './image.ts';

/*
 * Windows bitmaps, which libvips leaves out and AffectNet contains: uncompressed, with 1, 4 or 8 bits into a palette, or 24 or 32 bits
 * blue-green-red. Rows are padded to 4 bytes and run from the bottom unless the height is negative.
 */

const FILE_HEADER_BYTES = 14;
const NO_COMPRESSION = 0;
/** Colour masks follow the header. The one in use with 32 bits is the plain order. */
const BIT_FIELDS = 3;
const PLAIN_MASKS = [0x00ff0000, 0x0000ff00, 0x000000ff] as const;

/** @param name the picture's, for messages. @throws StudioError `unsupported` for other kinds, `corrupt` when bytes are missing. */
export function decodeBmp(bytes: Buffer, name: string): RgbImage {
  const layout = readLayout(bytes, name);
  const { width, height, bitCount, palette, pixels, fromTop } = layout;
  const rowBytes = Math.ceil((width * bitCount) / 32) * 4;
  if (pixels + rowBytes * height > bytes.length) {
    throw new StudioError('corrupt', `The image is cut short: ${name}.`, {
      hint: 'Copy the file again from where it came from, or remove it.',
    });
  }
  const image = blackImage(width, height);
  for (let y = 0; y < height; y++) {
    const start = pixels + (fromTop ? y : height - 1 - y) * rowBytes;
    const source = bytes.subarray(start, start + rowBytes);
    const target = image.data.subarray(y * width * CHANNELS, (y + 1) * width * CHANNELS);
    if (palette === undefined) copyBlueGreenRed(source, target, bitCount / 8);
    else lookUp(source, target, bitCount, palette);
  }
  return image;
}

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly bitCount: number;
  /** Colours as blue, green, red and what fills them up to `paletteStep` bytes. */
  readonly palette: { readonly bytes: Buffer; readonly step: number } | undefined;
  /** Byte offset of the first row. */
  readonly pixels: number;
  readonly fromTop: boolean;
}

function readLayout(bytes: Buffer, name: string): Layout {
  const headerBytes = bytes.readUInt32LE(FILE_HEADER_BYTES);
  const isCore = headerBytes === 12;
  if (bytes.length < FILE_HEADER_BYTES + Math.max(headerBytes, 12)) throw unsupported(name, 'its header is incomplete');
  const width = isCore ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const signedHeight = isCore ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bitCount = bytes.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? NO_COMPRESSION : bytes.readUInt32LE(30);
  if (width <= 0 || signedHeight === 0) throw unsupported(name, 'it has no pixels');
  if (![1, 4, 8, 24, 32].includes(bitCount)) throw unsupported(name, `it has ${bitCount} bits a pixel`);
  if (compression !== NO_COMPRESSION && !(compression === BIT_FIELDS && hasPlainMasks(bytes, bitCount))) {
    throw unsupported(name, 'its pixels are compressed');
  }
  const pixels = bytes.readUInt32LE(10);
  const paletteStart = FILE_HEADER_BYTES + headerBytes;
  const palette = bitCount > 8 ? undefined : { bytes: bytes.subarray(paletteStart, pixels), step: isCore ? 3 : 4 };
  return { width, height: Math.abs(signedHeight), bitCount, palette, pixels, fromTop: signedHeight < 0 };
}

function hasPlainMasks(bytes: Buffer, bitCount: number): boolean {
  return (
    bitCount === 32 && bytes.length >= 66 && PLAIN_MASKS.every((mask, i) => bytes.readUInt32LE(54 + i * 4) === mask)
  );
}

function unsupported(name: string, why: string): StudioError {
  return new StudioError('unsupported', `The bitmap cannot be read, because ${why}: ${name}.`, {
    hint: 'Save it as PNG or JPEG.',
  });
}

function copyBlueGreenRed(source: Buffer, target: Uint8Array, step: number): void {
  for (let from = 0, to = 0; to < target.length; from += step, to += CHANNELS) {
    target[to] = source[from + 2]!;
    target[to + 1] = source[from + 1]!;
    target[to + 2] = source[from]!;
  }
}

/** Palette indices, the leftmost pixel in the highest bits of a byte. An index outside the palette is black. */
function lookUp(
  source: Buffer,
  target: Uint8Array,
  bitCount: number,
  palette: { readonly bytes: Buffer; readonly step: number },
): void {
  const perByte = 8 / bitCount;
  const mask = (1 << bitCount) - 1;
  for (let x = 0; x * CHANNELS < target.length; x++) {
    const shift = (perByte - 1 - (x % perByte)) * bitCount;
    const color = ((source[Math.floor(x / perByte)]! >> shift) & mask) * palette.step;
    for (let channel = 0; channel < CHANNELS; channel++) {
      target[x * CHANNELS + channel] = palette.bytes[color + 2 - channel] ?? 0;
    }
  }
}
