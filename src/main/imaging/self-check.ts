import sharp from 'sharp';
import { StudioError } from '#shared/errors.ts';

/** Encodes and decodes a pixel. @returns the versions in use. @throws when the library is broken. */
export async function checkImaging(): Promise<string> {
  const pixel = Uint8Array.of(10, 200, 30);
  const png = await sharp(pixel, { raw: { width: 1, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  const decoded = await sharp(png).removeAlpha().raw().toBuffer();
  if (!decoded.equals(pixel)) throw new StudioError('internal', 'sharp decodes a picture wrongly.');
  return `sharp ${sharp.versions.sharp ?? ''}, libvips ${sharp.versions.vips}`;
}
