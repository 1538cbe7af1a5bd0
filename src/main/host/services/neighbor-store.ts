import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { NeighborPlace } from '#shared/prediction.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { EngineModel } from '../../engine/messages.ts';
import type { Workspace } from '../workspace.ts';

/** Images of one file: what a cancelled job loses at most, and what is computed again when images are added. */
const IMAGES_PER_FILE = 512;

/** Some labeled images, and where what a network sees of them is kept. */
export interface FeatureFile {
  readonly file: string;
  readonly images: readonly ManifestImage[];
  readonly isThere: boolean;
}

/**
 * Features of labeled images in the workspace's cache: a folder for each network as it is now, in it files of a few hundred images
 * each, named by the images. What is there is never computed again.
 */
export class NeighborStore {
  readonly #workspace: Workspace;
  readonly #catalog: Catalog;

  constructor(workspace: Workspace, catalog: Catalog) {
    this.#workspace = workspace;
    this.#catalog = catalog;
  }

  /** @throws StudioError 'bad-input' when no image of the place is labeled. */
  files(model: EngineModel, { split, source }: NeighborPlace): FeatureFile[] {
    const images = this.#catalog.images
      .manifest(source === undefined ? { split } : { split, source })
      .filter(({ label }) => label >= 0);
    if (images.length === 0) {
      throw new StudioError('bad-input', `There are no labeled images in the ${split} split.`, {
        hint: 'Choose another split or source.',
        commandLine: '`stats` lists what is there',
      });
    }
    const folder = this.#folder(model);
    return Array.from({ length: Math.ceil(images.length / IMAGES_PER_FILE) }, (_, index) => {
      const part = images.slice(index * IMAGES_PER_FILE, (index + 1) * IMAGES_PER_FILE);
      const file = join(folder, `${digest(part.map(({ id, label }) => [id, label]))}.safetensors`);
      return { file, images: part, isThere: existsSync(file) };
    });
  }

  /** Removes what is kept of the same network at earlier steps of its training. */
  forgetEarlier(model: EngineModel): void {
    const folder = this.#folder(model);
    const parent = join(folder, '..');
    if (!existsSync(parent)) return;
    for (const name of readdirSync(parent)) {
      if (join(parent, name) !== folder) rmSync(join(parent, name), { recursive: true, force: true });
    }
  }

  /** A run that goes on writes new weights in the same place. */
  #folder({ checkpoint, network }: EngineModel): string {
    const state = join(checkpoint, 'state.json');
    const { mtimeMs } = statSync(existsSync(state) ? state : checkpoint);
    return join(this.#workspace.cacheDirectory, 'features', digest([checkpoint, network]), digest(mtimeMs));
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);
}
