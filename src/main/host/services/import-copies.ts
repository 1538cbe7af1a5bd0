import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ImportFailure } from '#shared/catalog.ts';
import { toStudioError } from '#shared/errors.ts';
import type { NewImage } from '../../catalog/catalog.ts';

/** Files copied side by side. */
const COPIED_TOGETHER = 8;
/** Characters of a source's name that its folder is named after. */
const NAME_LENGTH = 80;

/** Copies of a source's images in the workspace, so that it stays whole when the originals go. */
export class ImportCopies {
  /** What takes the place of the originals' root. */
  readonly root: string;
  readonly #original: string;
  readonly #isFile: boolean;
  readonly #folders = new Set<string>();

  private constructor(root: string, original: string, isFile: boolean) {
    this.root = root;
    this.#original = original;
    this.#isFile = isFile;
  }

  /** @param folder where copies of sources are. @param original root of the images, a folder or the one file that holds them. */
  static async of(folder: string, source: string, original: string): Promise<ImportCopies> {
    const isFile = (await stat(original)).isFile();
    const place = join(folder, folderName(source));
    return new ImportCopies(isFile ? join(place, basename(original)) : place, original, isFile);
  }

  /** Copies the files of some images. A copy appears only once it is whole. @throws StudioError 'no-space'. */
  async keep(images: readonly NewImage[]): Promise<{ copied: NewImage[]; failures: ImportFailure[] }> {
    const paths = this.#isFile ? new Set(images.length === 0 ? [] : ['']) : new Set(images.map(({ path }) => path));
    const failed = new Map<string, string>();
    const waiting = [...paths];
    const work = async (): Promise<void> => {
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
        const failure = await this.#copy(path);
        if (failure !== null) failed.set(path, failure);
      }
    };
    await Promise.all(Array.from({ length: COPIED_TOGETHER }, work));
    return {
      copied: images.filter(({ path }) => !failed.has(path)),
      failures: [...failed].map(([path, reason]) => ({ path, reason })),
    };
  }

  /** @returns why it could not be copied. */
  async #copy(path: string): Promise<string | null> {
    const from = join(this.#original, path);
    const to = join(this.root, path);
    try {
      const [original, copy] = await Promise.all([stat(from), stat(to).catch(() => null)]); // there is no copy yet
      if (copy?.size === original.size) return null;
      const folder = dirname(to);
      const digest = createHash('sha256').update(basename(to)).digest('hex');
      const partial = join(folder, `.${digest.slice(0, 16)}.partial`);
      if (!this.#folders.has(folder)) await mkdir(folder, { recursive: true });
      this.#folders.add(folder);
      try {
        await copyFile(from, partial, constants.COPYFILE_FICLONE);
        await rename(partial, to);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
      return null;
    } catch (error) {
      const known = toStudioError(error);
      if (known.code === 'no-space') throw known;
      return `It could not be copied: ${known.message}`;
    }
  }
}

/** The source's name where it can be a folder's; else what is left of it with a number of its own. */
function folderName(source: string): string {
  const plain = source
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._-]+/gu, '_')
    .replace(/^\.+/, '_')
    .slice(0, NAME_LENGTH);
  if (plain === source) return plain;
  return `${plain}-${createHash('sha256').update(source).digest('hex').slice(0, 8)}`;
}
