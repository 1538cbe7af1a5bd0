import sharp from 'sharp';
import { StudioError } from '#shared/errors.ts';
import { decodeBytes } from './decode.ts';

/** Encodes a small picture, decodes it and compares. @returns the versions in use. @throws StudioError when the pixels differ. */
export async function checkImaging(): Promise<string> {
  const pixels = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 34, 56]);
  const encoded = await sharp(pixels, { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toBuffer();
  const decoded = await decodeBytes(encoded);
  if (!pixels.equals(decoded.data)) {
    throw new StudioError('internal', 'A picture written and read again has other pixels.', {
      hint: 'Install the packages anew.',
    });
  }
  return `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;
}
