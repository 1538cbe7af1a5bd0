import { join, relative } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { ExportedImage } from '#shared/export.ts';
import type { Catalog, SourceRow } from '../../catalog/catalog.ts';
import { decodeImage } from '../../imaging/decode.ts';

/** Images looked for at the new place, spread over the source. */
const SAMPLE = 100;
/** Share of them that has to be there. */
const FOUND_SHARE = 0.9;
const NAMES_SHOWN = 3;

/**
 * Links a source to the place it was moved to, after some of its images were found there, each with its size. Nothing else changes: labels,
 * subsets and runs go on with the same images.
 * @throws StudioError 'bad-input' when they are not there.
 */
export async function relinkSource(catalog: Catalog, source: SourceRow, root: string): Promise<SourceRow> {
  const images = catalog.sources.images(source.id);
  const step = Math.max(1, images.length / SAMPLE);
  const sampled = Array.from(
    { length: Math.min(SAMPLE, images.length) },
    (_, index) => images[Math.floor(index * step)]!.id,
  );
  const described = catalog.images.describe(sampled);
  const missing: string[] = [];
  for (const image of described) {
    const path = relative(source.root, image.reference.path);
    const problem = await problemAt(image, path === '' ? root : join(root, path));
    if (problem !== null) missing.push(`${path || root} (${problem})`);
  }
  if (missing.length > described.length * (1 - FOUND_SHARE)) {
    throw new StudioError(
      'bad-input',
      `${root} is not where ${source.name} is now: of ${described.length} images looked for, ${missing.length} are not there or are others, ` +
        `such as ${missing.slice(0, NAMES_SHOWN).join(', ')}.`,
      { hint: `Name the folder or file that was ${source.root} before.` },
    );
  }
  catalog.sources.relink(source.id, root);
  return catalog.sources.get(source.name);
}

/** Why the picture at a place is not the one the catalog has; null when it is. */
async function problemAt({ reference, width, height }: ExportedImage, path: string): Promise<string | null> {
  const { box: _box, ...whole } = reference;
  try {
    const image = await decodeImage({ ...whole, path });
    return image.width === width && image.height === height ? null : 'another size';
  } catch (error) {
    return toStudioError(error).code === 'not-found' ? 'not there' : 'unreadable';
  }
}
