import { isAbsolute, join, relative, resolve } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';

/** Where a worker has the images that lie below a folder on the host. */
export interface PathMapping {
  readonly from: string;
  readonly to: string;
}

/** @param text FROM=TO, both folders. @throws StudioError 'usage'. */
export function parseMapping(text: string): PathMapping {
  const [, from, to] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined && isAbsolute(from)) return { from: resolve(from), to: resolve(to) };
  throw new StudioError('usage', `“${text}” is no mapping of folders.`, {
    hint: 'Write FOLDER-ON-THE-HOST=FOLDER-HERE, such as /data/lfw=/mnt/faces/lfw.',
  });
}

/** The path here of a path on the host; of several mappings that fit the one of the deepest folder counts, and without one it is the same. */
export function mapPath(path: string, mappings: readonly PathMapping[]): string {
  const fitting = mappings.filter(({ from }) => isInside(path, from)).toSorted((a, b) => b.from.length - a.from.length);
  const [best] = fitting;
  return best === undefined ? path : join(best.to, relative(best.from, path));
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

export function mapImages<Image extends Pick<ManifestImage, 'reference'>>(
  images: readonly Image[],
  mappings: readonly PathMapping[],
): Image[] {
  return images.map((image) => ({
    ...image,
    reference: { ...image.reference, path: mapPath(image.reference.path, mappings) },
  }));
}
