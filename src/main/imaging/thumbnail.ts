import sharp from 'sharp';
import type { ImageReference } from '#shared/images.ts';
import { decodeImage } from './decode.ts';

/** A picture for a window: shorter side at most `size` pixels, never enlarged, EXIF orientation applied, as WebP. */
export async function renderThumbnail(reference: ImageReference, size: number): Promise<Buffer> {
  const { width, height, data } = await decodeImage(reference, { applyOrientation: true });
  const picture = sharp(data, { raw: { width, height, channels: 3 } });
  const shorter = Math.min(width, height);
  if (shorter > size) picture.resize({ width: Math.max(1, Math.round((width * size) / shorter)), kernel: 'lanczos3' });
  return picture.webp({ quality: 85, effort: 0 }).toBuffer();
}
