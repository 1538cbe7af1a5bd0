import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { type RejectedRow, rejection } from './importer.ts';

const IMAGE_NAME = /\.(jpe?g|png|webp|bmp|gif|tiff?|avif)$/i;

/** A folder that holds files with image names, or something that was rejected. */
export interface ImageFolder {
  /** Names of the folders that lead from the root to it. */
  readonly folders: readonly string[];
  /** Names of the files, sorted. */
  readonly images: readonly string[];
  readonly rejected: readonly RejectedRow[];
}

interface Place {
  readonly folders: readonly string[];
  /** Real paths of the folder and of all above it, to know a link that leads back. */
  readonly realPaths: readonly string[];
}

/** What a folder holds, sorted by name. */
interface Contents extends ImageFolder {
  readonly inside: readonly Place[];
}

/**
 * Walks all folders below a root that hold images, each before those inside it, by name, so that every import sees the same order. Symbolic
 * links are followed. Hidden files and folders, and files without an image's name, are passed over; links that lead in a circle, names that are
 * no Unicode, and folders that cannot be read are rejected.
 *
 * @throws StudioError when the root itself cannot be read.
 */
export async function* imageFolders(root: string): AsyncGenerator<ImageFolder> {
  const real = await realpath(root).catch((error: unknown) => {
    throw toStudioError(error);
  });
  const waiting: Place[] = [{ folders: [], realPaths: [real] }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { inside, ...folder } = await contentsOf(root, place);
    waiting.push(...inside.toReversed());
    if (folder.images.length > 0 || folder.rejected.length > 0) yield folder;
  }
}

/**
 * How many images the folders below a root hold, folder by folder; of the first folders only when `atMost` says so.
 * @throws the signal's reason when it is aborted.
 */
export async function surveyFolders(
  root: string,
  atMost = Infinity,
  signal?: AbortSignal,
): Promise<{ readonly folders: readonly string[]; readonly images: number }[]> {
  const survey = [];
  for await (const { folders, images } of imageFolders(root)) {
    signal?.throwIfAborted();
    if (images.length > 0) survey.push({ folders, images: images.length });
    if (survey.length >= atMost) break;
  }
  return survey;
}

export function noImages(root: string): StudioError {
  return new StudioError('bad-input', `There are no pictures below ${root}.`, {
    hint: 'Check the path; JPEG, PNG, WebP, BMP, GIF, TIFF and AVIF files are looked for.',
  });
}

async function contentsOf(root: string, place: Place): Promise<Contents> {
  const { folders } = place;
  const images: string[] = [];
  const rejected: RejectedRow[] = [];
  const inside: Place[] = [];
  for (const entry of await entriesOf(root, folders, rejected)) {
    const path = [...folders, entry.name].join('/');
    const isImage = IMAGE_NAME.test(entry.name);
    const kind = await kindOf(join(root, path), entry, place);
    if (kind === 'circle') rejected.push(rejection(path, 'The symbolic link leads in a circle.'));
    else if (kind === 'other') {
      if (isImage) rejected.push(rejection(path, 'It is neither a file nor a folder.'));
    } else if (kind !== 'file') inside.push({ folders: [...folders, entry.name], realPaths: kind.realPaths });
    else if (isImage) images.push(entry.name);
  }
  return { folders, images, rejected, inside };
}

/** The visible entries of a folder, sorted by name: by code units, which no language setting changes. */
async function entriesOf(root: string, folders: readonly string[], rejected: RejectedRow[]): Promise<Dirent[]> {
  try {
    const entries = await readdir(join(root, ...folders), { withFileTypes: true });
    const visible = entries.filter(({ name }) => !name.startsWith('.'));
    // Names in another encoding come with replacement characters, and no path made of them leads to the file.
    const [unnamed, named] = [visible.filter(isUnnamed), visible.filter((entry) => !isUnnamed(entry))];
    for (const { name } of unnamed) {
      rejected.push(rejection([...folders, name].join('/'), 'The name is not Unicode; rename it.'));
    }
    return named.sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    if (folders.length === 0) throw toStudioError(error);
    rejected.push(rejection(folders.join('/'), toStudioError(error).message));
    return [];
  }
}

const isUnnamed = ({ name }: Dirent): boolean => name.includes('\uFFFD') || !name.isWellFormed();

/** What an entry is, links followed. A link to nothing counts as a file: reading it will say so. */
async function kindOf(
  path: string,
  entry: Dirent,
  { realPaths }: Place,
): Promise<'file' | 'circle' | 'other' | { readonly realPaths: readonly string[] }> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return { realPaths: [...realPaths, join(realPaths.at(-1)!, entry.name)] };
  if (!entry.isSymbolicLink()) return 'other';
  try {
    const target = await stat(path);
    if (target.isFile()) return 'file';
    if (!target.isDirectory()) return 'other';
    const real = await realpath(path);
    return realPaths.includes(real) ? 'circle' : { realPaths: [...realPaths, real] };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ELOOP' ? 'circle' : 'file';
  }
}
