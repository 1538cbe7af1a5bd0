import { constants } from 'node:fs';
import { copyFile, link, mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { toStudioError } from '#shared/errors.ts';
import type { ExportedImage } from '#shared/export.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import { decodeImage } from '../imaging/decode.ts';
import { encodePng } from '../imaging/png.ts';
import type { Exporter } from './exporter.ts';
import { writeWholeFolder } from './whole-output.ts';

/** Why a hard link cannot be made where a copy can: another disk, a file system without links or with too many, a file of somebody else. */
const NO_LINK: ReadonlySet<string> = new Set(['EXDEV', 'EPERM', 'EACCES', 'ENOTSUP', 'ENOSYS', 'EMLINK']);
const NO_LABEL_FOLDER = 'unlabeled';
const REASONS_TOLD = 5;
/** File names are at most 255 bytes; this leaves room for a number and the ending. */
const LONGEST_STEM = 180;

/**
 * `SPLIT/CLASS/NAME` for every image. A file of its own becomes a hard link, which takes no space, or with `copy` a copy; what is a part of a
 * file, a row of a csv or a crop, becomes a PNG of those pixels.
 */
export function classFolders({ copy }: { readonly copy: boolean }): Exporter {
  return ({ target, images, signal, onProgress }) =>
    writeWholeFolder(target, async (folder) => {
      const writer = new FolderWriter(folder, copy);
      let done = 0;
      for await (const batch of images) {
        for (const image of batch) {
          signal.throwIfAborted();
          await writer.add(image);
        }
        onProgress((done += batch.length));
      }
      return { images: done - writer.failed, notes: writer.notes };
    });
}

class FolderWriter {
  readonly #root: string;
  readonly #wantsCopies: boolean;
  /** Names taken in each folder, in lower case: some file systems do not tell capitals. */
  readonly #taken = new Map<string, Set<string>>();
  readonly #failures: string[] = [];
  #copiedInstead = 0;
  #drawn = 0;

  constructor(root: string, wantsCopies: boolean) {
    this.#root = root;
    this.#wantsCopies = wantsCopies;
  }

  /** Images that could not be read. */
  get failed(): number {
    return this.#failures.length;
  }

  get notes(): string[] {
    const count = (value: number): string => value.toLocaleString('en');
    const reasons = this.#failures.slice(0, REASONS_TOLD).join(' ');
    return [
      ...(this.#copiedInstead > 0
        ? [`${count(this.#copiedInstead)} files were copied: no hard link can be made from where they are.`]
        : []),
      ...(this.#drawn > 0 ? [`${count(this.#drawn)} images are parts of files and were written as PNG.`] : []),
      ...(this.#failures.length > 0
        ? [`${count(this.#failures.length)} images could not be read and are left out: ${reasons}`]
        : []),
    ];
  }

  /** An image that cannot be read is noted; what cannot be written ends the export. */
  async add(image: ExportedImage): Promise<void> {
    const { reference } = image;
    const isWholeFile = reference.encoding === 'file' && reference.box === undefined;
    const folder = await this.#folderOf(image);
    const read = isWholeFile ? realpath(reference.path) : decodeImage(reference).then(encodePng);
    const content = await read.catch((error: unknown) => this.#fail(error));
    if (content === undefined) return;
    const place = this.#free(folder, reference.path, image.id, isWholeFile ? extname(reference.path) : '.png');
    if (typeof content === 'string') return this.#bring(content, place);
    await writeFile(place, content);
    this.#drawn++;
  }

  #fail(error: unknown): undefined {
    this.#failures.push(toStudioError(error).message);
  }

  async #folderOf({ split, label }: ExportedImage): Promise<string> {
    const folder = join(this.#root, split, label === null ? NO_LABEL_FOLDER : EXPRESSIONS[label]!.name);
    if (!this.#taken.has(folder)) {
      await mkdir(folder, { recursive: true });
      this.#taken.set(folder, new Set());
    }
    return folder;
  }

  /** The file's own name; where another image has that, its id behind it, and a number where even that is taken. */
  #free(folder: string, path: string, id: number, extension: string): string {
    const taken = this.#taken.get(folder)!;
    const stem = shortened(basename(path, extname(path)));
    let name = `${stem}${extension}`;
    for (let number = 1; taken.has(name.toLowerCase()); number++) {
      name = `${stem}-${id}${number === 1 ? '' : `-${number}`}${extension}`;
    }
    taken.add(name.toLowerCase());
    return join(folder, name);
  }

  /** @param file no symbolic link: a link to one would point to nowhere from its new place. */
  async #bring(file: string, place: string): Promise<void> {
    if (!this.#wantsCopies) {
      try {
        return await link(file, place);
      } catch (error) {
        if (!NO_LINK.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
        this.#copiedInstead++;
      }
    }
    await copyFile(file, place, constants.COPYFILE_EXCL);
  }
}

function shortened(stem: string): string {
  let short = stem;
  while (Buffer.byteLength(short) > LONGEST_STEM) short = [...short].slice(0, -1).join('');
  return short;
}
