import sharp, { type Sharp } from 'sharp';
import { StudioError } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';
import { decodeBmp } from './bmp.ts';
import { decodeFer2013Row } from './fer2013.ts';
import { crop } from './geometry.ts';
import { formatOf, HEADER_BYTES, hasEnd, readHeader, type ImageFormat, type ImageHeader } from './header.ts';
import { decodeSmallJpeg, MOST_PIXELS } from './jpeg-decoder.ts';
import { CHANNELS, roundHalfToEven, type RgbImage } from './image.ts';
import { emptyFile, nameOf, readAt, readReference, readReferenceSync, withFile } from './read.ts';

/**
 * Pictures from bytes, with the pixels Pillow's `Image.open(…).convert("RGB")` gives: no colour management, alpha dropped, CMYK converted
 * plainly, the first frame of an animation. One difference is meant: of 16-bit grey Pillow keeps 0 … 255 and makes the rest white; here it
 * is scaled to 8 bits.
 */

/** Larger pictures are refused before they are decoded: 300 MB each. */
export const MAXIMUM_PIXELS = 100_000_000;

// The same file is seldom decoded twice in a row, and parallel work comes from many pictures at once.
sharp.cache(false);
sharp.concurrency(1);

export interface DecodeOptions {
  /** Turn the picture as its EXIF orientation says. The released program does not, so training does not either. */
  readonly applyOrientation?: boolean;
}

export interface DecodeImageOptions extends DecodeOptions {
  /** Read the file without leaving the thread. */
  readonly blockingRead?: boolean;
}

/** The formats of {@link formatOf} for a message. */
const READABLE = 'Readable are JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF.';

/**
 * One picture of a data set. A `box` is cut out first, in the pixels of the decoded picture; outside is black.
 *
 * @throws StudioError with the path: `not-found`, `bad-input` (a folder, not an image), `corrupt` (no bytes, cut short, damaged),
 * `unsupported` (over {@link MAXIMUM_PIXELS}, a kind of bitmap).
 */
export async function decodeImage(reference: ImageReference, options: DecodeImageOptions = {}): Promise<RgbImage> {
  const name = nameOf(reference);
  const bytes = options.blockingRead === true ? readReferenceSync(reference) : await readReference(reference);
  const image =
    reference.encoding === 'fer2013-row' ? decodeFer2013Row(bytes, name) : await decodeBytes(bytes, options, name);
  return reference.box === undefined ? image : cropBox(image, reference.box, name);
}

/** @param bytes a whole encoded picture. @param name what messages call it. @throws StudioError as {@link decodeImage}. */
export async function decodeBytes(
  bytes: Buffer,
  options: DecodeOptions = {},
  name = 'the picture given',
): Promise<RgbImage> {
  const format = recognize(bytes, name);
  const header = readHeader(bytes) ?? (await askDecoder(bytes, format, name));
  checkSize(header, name);
  if (format === 'bmp') return decodeBmp(bytes, name);
  if (format === 'jpeg' && isSmall(header, options) && hasEnd(header, bytes, bytes, 0, bytes.length)) {
    const image = await decodeSmallJpeg(bytes);
    if (image !== null) return image;
  }
  try {
    return await decodeSamples(bytes, header.samples, options);
  } catch (error) {
    throw hasEnd(header, bytes, bytes, 0, bytes.length) ? damaged(name, error) : cutShort(name, error);
  }
}

function isSmall({ width, height, samples }: ImageHeader, { applyOrientation = false }: DecodeOptions): boolean {
  return samples === 'rgb' && !applyOrientation && width * height <= MOST_PIXELS;
}

export interface ImageProbe {
  /** Pixels, before any EXIF orientation. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
}

/**
 * Size and format of an image file, for imports: reads the two ends of the file. Only where the end looks cut off is the picture decoded,
 * to be sure. @throws StudioError as {@link decodeImage}.
 */
export async function probeImage(path: string): Promise<ImageProbe> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    if (size === 0) throw emptyFile(path);
    const head = await readAt(file, 0, Math.min(size, HEADER_BYTES));
    const format = recognize(head, path);
    const header = readHeader(head) ?? (await askDecoder(path, format, path));
    checkSize(header, path);
    const tailStart = Math.max(0, size - HEADER_BYTES);
    const tail = tailStart === 0 ? head : await readAt(file, tailStart, size - tailStart);
    if (!hasEnd(header, head, tail, tailStart, size)) await decodeBytes(await readAt(file, 0, size), {}, path);
    return { width: header.width, height: header.height, format };
  });
}

function recognize(bytes: Buffer, name: string): ImageFormat {
  if (bytes.length === 0) throw emptyFile(name);
  const format = formatOf(bytes);
  if (format === undefined) throw new StudioError('bad-input', `Not an image: ${name}.`, { hint: READABLE });
  return format;
}

/** The header of TIFF and AVIF, which keep it anywhere in the file, and of a JPEG that has too much in front of it. */
async function askDecoder(picture: Buffer | string, format: ImageFormat, name: string): Promise<ImageHeader> {
  try {
    const { width, height, space } = await sharp(picture, { limitInputPixels: false }).metadata();
    const samples = space === 'cmyk' ? 'cmyk' : space === 'grey16' ? 'grey16' : 'rgb';
    return { format, width, height, samples, end: 0 };
  } catch (error) {
    throw format === 'tiff' || format === 'avif' ? damaged(name, error) : cutShort(name, error);
  }
}

function checkSize({ width, height }: ImageHeader, name: string): void {
  if (width * height <= MAXIMUM_PIXELS) return;
  throw new StudioError(
    'unsupported',
    `The image is too large: ${name} has ${width} × ${height} pixels, and ${MAXIMUM_PIXELS / 1e6} million is the limit.`,
    { hint: 'Make it smaller, or cut the faces out first.' },
  );
}

async function decodeSamples(
  bytes: Buffer,
  samples: ImageHeader['samples'],
  { applyOrientation = false }: DecodeOptions,
): Promise<RgbImage> {
  const picture = sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: MAXIMUM_PIXELS });
  if (applyOrientation) picture.autoOrient();
  switch (samples) {
    case 'cmyk':
      return rawPixels(picture.pipelineColourspace('cmyk').toColourspace('cmyk').raw(), cmykToRgb);
    case 'grey16':
      return rawPixels(picture.removeAlpha().toColourspace('grey16').raw({ depth: 'ushort' }), grey16ToRgb);
    case 'rgb':
      return rawPixels(picture.removeAlpha().toColourspace('srgb').raw(), asBytes);
  }
}

async function rawPixels(picture: Sharp, toRgb: (data: Buffer) => Uint8Array): Promise<RgbImage> {
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: toRgb(data) };
}

/** The same memory as a plain array: a Buffer's `slice` does not copy, and so is no Uint8Array to be relied on. */
function asBytes(data: Buffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

/** Each colour is what its ink and black leave of white; 255ths are multiplied with Pillow's rounding. */
function cmykToRgb(cmyk: Buffer): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * CHANNELS);
  for (let from = 0, to = 0; from < cmyk.length; from += 4, to += CHANNELS) {
    const light = 255 - cmyk[from + 3]!;
    for (let channel = 0; channel < CHANNELS; channel++) {
      const product = cmyk[from + channel]! * light + 128;
      rgb[to + channel] = light - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}

/** @param grey 16-bit values in the machine's byte order. */
function grey16ToRgb(grey: Buffer): Uint8Array {
  const values = new Uint16Array(grey.buffer, grey.byteOffset, grey.length / 2);
  const rgb = new Uint8Array(values.length * CHANNELS);
  values.forEach((value, pixel) => rgb.fill(value >> 8, pixel * CHANNELS, (pixel + 1) * CHANNELS));
  return rgb;
}

/** Pillow's `crop((x, y, x + width, y + height))`: each edge is rounded. */
function cropBox(image: RgbImage, box: NonNullable<ImageReference['box']>, name: string): RgbImage {
  const left = roundHalfToEven(box.x);
  const top = roundHalfToEven(box.y);
  const width = roundHalfToEven(box.x + box.width) - left;
  const height = roundHalfToEven(box.y + box.height) - top;
  if (!(width > 0 && height > 0 && width * height <= MAXIMUM_PIXELS)) {
    throw new StudioError('bad-input', `The crop box of the image is empty or too large: ${name}.`, {
      hint: 'Correct the box in the data set’s table.',
    });
  }
  return crop(image, { top, left, width, height });
}

function cutShort(name: string, cause: unknown): StudioError {
  return new StudioError('corrupt', `The image is cut short: ${name}.`, {
    hint: 'Copy the file again from where it came from, or remove it.',
    cause,
  });
}

function damaged(name: string, cause: unknown): StudioError {
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new StudioError('corrupt', `The image is damaged and cannot be decoded: ${name} (${reason}).`, {
    hint: 'Copy the file again from where it came from, or remove it.',
    cause,
  });
}
