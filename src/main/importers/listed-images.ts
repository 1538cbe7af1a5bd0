import { join } from 'node:path';
import type { ImageReference } from '#shared/images.ts';
import {
  type ImportContext,
  type ImportEvent,
  type ImportRow,
  type LeftOutRow,
  type RejectedRow,
  rejection,
} from './importer.ts';
import { boxed, inOrder, sizeOf } from './probe-files.ts';
import { ProbePool } from './probe-pool.ts';

/** An image as a row of a list names it. */
export interface ListedImage extends Pick<ImportRow, 'split' | 'label' | 'truth' | 'identity' | 'box'> {
  readonly kind: 'listed';
  /** Where the list names it, such as `line 7`. */
  readonly place: string;
  /** Below the root; any slashes. */
  readonly path: string;
}

export type ListedRow = ListedImage | RejectedRow | LeftOutRow;

/**
 * Looks at the images that a list names, some at a time, in the order of the list. An image is taken once: a row that names it again is
 * rejected. Names that differ from the file's only in how accents are composed find it.
 */
export async function* listedImages(
  rows: AsyncIterable<ListedRow>,
  { root, isKnown }: Pick<ImportContext, 'root' | 'isKnown'>,
): AsyncGenerator<ImportEvent> {
  await using pool = new ProbePool();
  yield* inOrder(events(pool));

  async function* events(probing: ProbePool): AsyncGenerator<ImportEvent | ReturnType<typeof boxed>> {
    const places = new Map<string, string>();
    for await (const row of rows) {
      if (row.kind !== 'listed') {
        yield row;
        continue;
      }
      const path = pathBelow(row.path);
      const first = path === null ? undefined : places.get(path);
      if (path === null) yield rejection(row.place, `“${shortened(row.path)}” leads out of the images’ folder.`);
      else if (first !== undefined) yield rejection(row.place, `${shortened(path)} is in ${first} already.`);
      else {
        places.set(copyOf(path), row.place);
        if (isKnown(path, 0)) yield { kind: 'known' };
        else yield boxed(imageOf(probing, root, path, row));
      }
    }
  }
}

/** A text of its own: a part of a longer text keeps all of that in memory, and a list may be long. */
const copyOf = (text: string): string => Buffer.from(text).toString();

/** With forward slashes and without detours; null when it leads out. */
function pathBelow(path: string): string | null {
  const parts: string[] = [];
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return null;
    } else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.length === 0 ? null : parts.join('/');
}

async function imageOf(pool: ProbePool, root: string, listed: string, row: ListedImage): Promise<ImportEvent> {
  let path = listed;
  let found = await sizeOf(pool, root, path);
  if (typeof found === 'string') {
    const composed = [listed.normalize('NFC'), listed.normalize('NFD')].find((other) => other !== listed);
    const other = composed === undefined ? found : await sizeOf(pool, root, composed);
    if (composed !== undefined && typeof other !== 'string') [path, found] = [composed, other];
  }
  if (typeof found === 'string') return rejection(listed, found.replace(` at ${join(root, listed)}`, ' there'));
  const { width, height } = found;
  const { box, split, label, truth, identity } = row;
  const problem = box && boxProblem(box, width, height);
  if (problem !== undefined) return rejection(listed, problem);
  return {
    ...{ kind: 'image', path, encoding: 'file', split, label, truth, identity, width, height },
    ...(box && { box }),
  };
}

/** A box may leave the picture, but not lie outside it. */
function boxProblem(
  { x, y, width: boxWidth, height: boxHeight }: NonNullable<ImageReference['box']>,
  width: number,
  height: number,
): string | undefined {
  if (!(boxWidth >= 1 && boxHeight >= 1)) return `The crop box of ${boxWidth} × ${boxHeight} pixels is empty.`;
  if (x + boxWidth > 0 && y + boxHeight > 0 && x < width && y < height) return undefined;
  return `The crop box at ${x}, ${y} lies outside the picture of ${width} × ${height} pixels.`;
}

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
