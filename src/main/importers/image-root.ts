import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { StudioError } from '#shared/errors.ts';

/** Names looked for to tell a folder. */
const NAMES_TRIED = 20;
/** Folders in a folder that are looked into. */
const FOLDERS_TRIED = 50;
/** Levels below the list that images are looked for in. */
const DEPTH = 2;

/**
 * The folder that a list's paths are below: the one given, else the list's own, one a little below it, or the one above it, whichever has the
 * most of the first images. @param names some paths of the list.
 * @throws StudioError 'bad-input' when none is found.
 */
export async function imageRoot(list: string, names: readonly string[], given?: string): Promise<string> {
  if (given !== undefined) return resolve(given);
  const tried = names.slice(0, NAMES_TRIED).map((name) => name.replaceAll('\\', '/'));
  let best = { folder: dirname(list), found: 0 };
  for await (const folder of candidates(dirname(list))) {
    const found = await countFound(folder, tried);
    if (found > best.found) best = { folder, found };
    if (found === tried.length) break;
  }
  if (best.found > 0 || tried.length === 0) return best.folder;
  throw new StudioError(
    'bad-input',
    `None of the first ${tried.length} images that ${list} names is there, such as ${tried[0]!.slice(0, 200)}.`,
    { hint: 'Name the folder that its paths are below.', commandLine: '--images' },
  );
}

async function countFound(folder: string, names: readonly string[]): Promise<number> {
  const found = await Promise.all(names.map((name) => isFile(join(folder, name))));
  return found.filter(Boolean).length;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false, // not there, or not to be read: either way not this one
  );

/** The folder, those in it, those in them, and the one above, nearest first. */
async function* candidates(folder: string): AsyncGenerator<string> {
  let level = [folder];
  for (let depth = 0; depth <= DEPTH; depth++) {
    yield* level;
    level = (await Promise.all(level.map(foldersIn))).flat().slice(0, FOLDERS_TRIED);
  }
  yield dirname(folder);
}

async function foldersIn(folder: string): Promise<string[]> {
  // In a folder that may not be read no image would be found either.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(folder, entry.name))
    .sort();
}

/** The deepest folder that all absolute paths are below. */
export class CommonFolder {
  #folder: string | undefined;

  add(path: string): void {
    const folder = dirname(resolve(path));
    this.#folder ??= folder;
    while (relative(this.#folder, folder).startsWith('..')) this.#folder = dirname(this.#folder);
  }

  /** Undefined when nothing was added. */
  get folder(): string | undefined {
    return this.#folder;
  }
}
