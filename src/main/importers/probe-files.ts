import { join } from 'node:path';
import { toStudioError } from '#shared/errors.ts';
import { probeImage } from '../imaging/decode.ts';
import { type ImageFolder, imageFolders } from './image-files.ts';
import { type ImportContext, type ImportEvent, type ImportRow, rejection } from './importer.ts';

/** Files looked at together: enough to keep the disk busy, few enough to keep open files and memory low. */
const PROBED_TOGETHER = 32;

/** What an importer says of the images of a folder; a text is why they are all rejected. */
type Description = Pick<ImportRow, 'split' | 'label' | 'truth' | 'identity'> | string;

/** Looks at every image below a root, some at a time, in order: each becomes a row with its size, or a rejection with the reason. */
export async function* probeFiles(
  root: string,
  { isKnown }: ImportContext,
  describe: (folders: ImageFolder['folders']) => Description,
): AsyncGenerator<ImportEvent> {
  const pending: (ImportEvent | Promise<ImportEvent>)[] = [];
  for await (const { folders, images, rejected } of imageFolders(root)) {
    pending.push(...rejected);
    const description = describe(folders);
    for (const name of images) {
      const path = [...folders, name].join('/');
      if (isKnown(path, 0)) pending.push({ kind: 'known' });
      else if (typeof description === 'string') pending.push(rejection(path, description));
      else pending.push(probe(root, path, description));
      while (pending.length >= PROBED_TOGETHER) yield await pending.shift()!;
    }
  }
  for (const event of pending) yield await event;
}

async function probe(root: string, path: string, description: Exclude<Description, string>): Promise<ImportEvent> {
  const file = join(root, path);
  try {
    const { width, height } = await probeImage(file);
    return { kind: 'image', path, encoding: 'file', width, height, ...description };
  } catch (error) {
    // The path stands beside the reason.
    return rejection(path, toStudioError(error).message.replace(`: ${file}`, ''));
  }
}
