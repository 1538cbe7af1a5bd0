import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';

const JPEG_EXTENSIONS = new Set(['.jpg', '.jpeg']);

/**
 * The first JPEG files in a folder and those below it, in the order of their names. No folder is read that is not needed.
 *
 * @param most how many are wanted.
 * @throws StudioError 'not-found' or 'bad-input' when the folder cannot be read or holds no JPEG file.
 */
export async function findJpegFiles(folder: string, most: number): Promise<string[]> {
  const found: string[] = [];
  try {
    if (!(await stat(folder)).isDirectory())
      throw new StudioError('bad-input', `${folder} is not a folder.`, { hint: 'Name a folder with JPEG files.' });
    await collect(folder, most, found);
  } catch (error) {
    throw toStudioError(error);
  }
  if (found.length > 0) return found;
  throw new StudioError('bad-input', `${folder} holds no JPEG file.`, {
    hint: 'Name a folder with files ending in .jpg or .jpeg, or leave out --images to use generated pictures.',
  });
}

async function collect(folder: string, most: number, found: string[]): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  for (const entry of entries) {
    if (found.length >= most) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await collect(path, most, found);
    else if (JPEG_EXTENSIONS.has(extname(entry.name).toLowerCase())) found.push(path);
  }
}
