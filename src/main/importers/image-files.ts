import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type StudioError, toStudioError } from '#shared/errors.ts';
import { probeImage } from '../imaging/decode.ts';
import type { ImportEvent, ImportRow, RejectedRow } from './importer.ts';

const IMAGE_NAME = /\.(jpe?g|png|webp|bmp|gif|tiff?|avif)$/i;
/** Files looked at together: enough to keep the disk busy, few enough to keep open files and memory low. */
const PROBED_TOGETHER = 32;

/** A file with an image's name below a root, as the folders that lead to it and its own name. */
export interface FoundFile {
  readonly folders: readonly string[];
  readonly name: string;
}

export const pathOf = ({ folders, name }: FoundFile): string => [...folders, name].join('/');

/**
 * All files with an image's name below a folder, sorted by name folder by folder, so that every import sees the same order. Symbolic links
 * are followed; one that leads back to a folder it lies in is rejected.
 */
export async function findImageFiles(root: string): Promise<{ files: FoundFile[]; rejected: RejectedRow[] }> {
  const files: FoundFile[] = [];
  const rejected: RejectedRow[] = [];
  const walk = async (folders: readonly string[], above: readonly string[]): Promise<void> => {
    const here = join(root, ...folders);
    try {
      const real = await realpath(here);
      if (above.includes(real))
        return void rejected.push(rejection(folders.join('/'), 'The symbolic link leads back to a folder it lies in.'));
      const entries = await readdir(here, { withFileTypes: true });
      for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        if (await leadsToFolder(join(here, entry.name), entry)) await walk([...folders, entry.name], [...above, real]);
        else if (IMAGE_NAME.test(entry.name)) files.push({ folders, name: entry.name });
      }
    } catch (error) {
      if (folders.length === 0) throw toStudioError(error);
      rejected.push(rejection(folders.join('/'), toStudioError(error).message));
    }
  };
  await walk([], []);
  return { files, rejected };
}

/** Whether a path is a folder, or a link to one. @throws when nothing is there. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function leadsToFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(path).then(
    (target) => target.isDirectory(),
    () => false, // a link to nothing, or in a circle: reading it as a picture will say so
  );
}

/** Looks at files a few at a time, in order: each becomes a row with its size, or a rejection with the reason. */
export async function* probeFiles(
  root: string,
  files: readonly FoundFile[],
  describe: (file: FoundFile) => Pick<ImportRow, 'split' | 'label' | 'identity'>,
): AsyncGenerator<ImportEvent> {
  yield { kind: 'total', total: files.length };
  for (let start = 0; start < files.length; start += PROBED_TOGETHER) {
    const batch = files.slice(start, start + PROBED_TOGETHER);
    yield* await Promise.all(
      batch.map(async (file): Promise<ImportRow | RejectedRow> => {
        const path = pathOf(file);
        try {
          const { width, height } = await probeImage(join(root, path));
          return { kind: 'image', path, encoding: 'file', width, height, ...describe(file) };
        } catch (error) {
          return rejection(path, reasonOf(toStudioError(error)));
        }
      }),
    );
  }
}

const reasonOf = ({ message }: StudioError): string => message;

export function rejection(path: string, reason: string): RejectedRow {
  return { kind: 'rejected', path, reason };
}
