import { join } from 'node:path';
import { toStudioError } from '#shared/errors.ts';
import { type ImageFolder, imageFolders } from './image-files.ts';
import { type ImportContext, type ImportEvent, type ImportRow, type LeftOutRow, rejection } from './importer.ts';
import { type ImageSize, ProbePool } from './probe-pool.ts';

/** Files looked at together: enough to keep the threads that look busy, few enough to keep memory low. */
const PROBED_TOGETHER = 512;

/** What an importer says of an image, or why it is rejected or left out. */
export type Description = Pick<ImportRow, 'split' | 'label' | 'truth' | 'identity'> | string | LeftOutRow;

/**
 * Looks at every image below a root, some at a time, in order: each becomes a row with its size, or a rejection with the reason.
 * @param describe is asked for each file, by the folders above it and its name.
 */
export async function* probeFiles(
  root: string,
  { isKnown }: Pick<ImportContext, 'isKnown'>,
  describe: (folders: ImageFolder['folders'], name: string) => Description,
): AsyncGenerator<ImportEvent> {
  await using pool = new ProbePool();
  yield* inOrder(probes(pool));

  async function* probes(probing: ProbePool): AsyncGenerator<ImportEvent | Boxed> {
    for await (const { folders, images, rejected } of imageFolders(root)) {
      yield* rejected;
      for (const name of images) {
        const path = [...folders, name].join('/');
        const description = isKnown(path, 0) ? null : describe(folders, name);
        if (description === null) yield { kind: 'known' };
        else if (typeof description === 'string') yield rejection(path, description);
        else if ('kind' in description) yield description;
        else yield boxed(probe(probing, root, path, description));
      }
    }
  }
}

async function probe(
  pool: ProbePool,
  root: string,
  path: string,
  description: Pick<ImportRow, 'split' | 'label' | 'truth' | 'identity'>,
): Promise<ImportEvent> {
  const found = await sizeOf(pool, root, path);
  return typeof found === 'string'
    ? rejection(path, found)
    : { kind: 'image', path, encoding: 'file', width: found.width, height: found.height, ...description };
}

/** The size of a picture below a root, or the reason why it is none. The path stands beside the reason, so that it is left out of it. */
export async function sizeOf(pool: ProbePool, root: string, path: string): Promise<ImageSize | string> {
  const file = join(root, path);
  try {
    return await pool.probe(file);
  } catch (error) {
    return reasonOf(error, file);
  }
}

function reasonOf(error: unknown, file: string): string {
  const { message, cause } = toStudioError(error);
  switch ((cause as NodeJS.ErrnoException | undefined)?.code) {
    case 'ENAMETOOLONG':
      return 'The path is longer than the system takes.';
    case 'ELOOP':
      return 'The symbolic link leads in a circle.';
    default:
      return message.replace(`: ${file}`, '');
  }
}

/** A promise in a box: a generator that yields a bare one waits for it, and then nothing goes on side by side. */
interface Boxed {
  readonly promise: Promise<ImportEvent>;
}

export function boxed(promise: Promise<ImportEvent>): Boxed {
  return { promise };
}

/** Events in their order, while the looking at files behind them goes on some at a time. */
export async function* inOrder(events: AsyncIterable<ImportEvent | Boxed>): AsyncGenerator<ImportEvent> {
  const pending: (ImportEvent | Boxed)[] = [];
  for await (const event of events) {
    pending.push(event);
    if (pending.length >= PROBED_TOGETHER) yield await eventOf(pending.shift()!);
  }
  for (const event of pending) yield await eventOf(event);
}

const eventOf = (event: ImportEvent | Boxed): ImportEvent | Promise<ImportEvent> =>
  'promise' in event ? event.promise : event;
