import { realpath } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { sep } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { renderThumbnail } from '../../imaging/thumbnail.ts';
import type { Studio } from '../studio.ts';

const SIZES = { smallest: 16, largest: 2048, usual: 128 };

/** Sends an image of the catalog, shorter side `size` pixels, as WebP. Its address holds only the catalog's id, never a path. */
export async function sendImage(studio: Studio, id: number, size: number, response: ServerResponse): Promise<void> {
  const { reference, root } = studio.catalog.images.reference(id);
  // A symbolic link inside a source must not lead out of it.
  const [file, folder] = await Promise.all([realpath(reference.path), realpath(root)]);
  if (file !== folder && !file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
    throw new StudioError('unauthorized', `Image ${id} lies outside its source.`, {
      hint: 'A symbolic link leads out of the source folder.',
    });
  }
  const bytes = await renderThumbnail(reference, size);
  response.setHeader('Content-Type', 'image/webp');
  response.setHeader('Content-Length', bytes.length);
  response.setHeader('Cache-Control', 'private, max-age=3600');
  response.end(bytes);
}

/** The size asked for, kept within bounds. */
export function sizeOf(text: string | null): number {
  const size = Number(text ?? SIZES.usual);
  if (!Number.isInteger(size)) throw new StudioError('usage', 'The size of an image is a whole number of pixels.');
  return Math.min(SIZES.largest, Math.max(SIZES.smallest, size));
}
