import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StudioError } from '#shared/errors.ts';
import { MOST_PICKED, type PickedFaces, pickIdSchema } from '#shared/map.ts';
import { writeFileAtomically } from '../../interchange/atomic-file.ts';

const FOLDER = 'picks';
const EXTENSION = '.json';
/** Choices of a round that are kept; the oldest go. */
const KEPT = 100;

const storedSchema = z.object({
  madeAt: z.string(),
  images: z.array(z.number().int().positive()).min(1).max(MOST_PICKED),
});

/**
 * Images that somebody chose of a round, to be looked through: a JSON file each in the round's folder, named by what is in it, so that an
 * address leads to the same images tomorrow.
 */
export class PickedImages {
  readonly #folderOf: (round: number) => string;

  constructor(folderOf: (round: number) => string) {
    this.#folderOf = folderOf;
  }

  /** Keeps a choice; the same images again are the same choice. */
  async keep(round: number, chosen: readonly number[]): Promise<PickedFaces> {
    const images = [...new Set(chosen)].sort((one, other) => one - other);
    const id = createHash('sha256').update(images.join(',')).digest('hex').slice(0, 16);
    const folder = join(this.#folderOf(round), FOLDER);
    await mkdir(folder, { recursive: true });
    const madeAt = new Date().toISOString();
    await writeFileAtomically(join(folder, id + EXTENSION), [Buffer.from(JSON.stringify({ madeAt, images }))]);
    forgetOldest(folder);
    return { id, round, count: images.length, madeAt };
  }

  /** @throws StudioError 'not-found' for one that is not kept, 'corrupt' for a damaged file. */
  async get(round: number, id: string): Promise<{ readonly madeAt: string; readonly images: readonly number[] }> {
    const file = join(this.#folderOf(round), FOLDER, pickIdSchema.parse(id) + EXTENSION);
    if (!existsSync(file)) {
      throw new StudioError('not-found', 'This choice of faces is not kept any more.', {
        hint: 'Choose them again on the map of the round.',
      });
    }
    try {
      return storedSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch (error) {
      throw new StudioError('corrupt', `${file} is no choice of images.`, {
        hint: 'Choose them again on the map of the round.',
        cause: error,
      });
    }
  }
}

function forgetOldest(folder: string): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => join(folder, name));
  if (files.length <= KEPT) return;
  const aged = files.map((file) => ({ file, at: statSync(file).mtimeMs })).sort((one, other) => one.at - other.at);
  for (const { file } of aged.slice(0, files.length - KEPT)) rmSync(file, { force: true });
}
