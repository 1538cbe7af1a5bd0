import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { ImagePool, RenderItem, SharedFloats } from '../imaging/pool.ts';

/** Images that could not be read in this run, by their catalog ids. */
export class BadImages {
  readonly #ids: Set<number>;
  readonly #report: (image: ManifestImage, reason: string) => void;

  /** @param known ids found and reported before. @param report called once for each new one. */
  constructor(known: readonly number[], report: (image: ManifestImage, reason: string) => void) {
    this.#ids = new Set(known);
    this.#report = report;
  }

  get ids(): number[] {
    return [...this.#ids];
  }

  has({ id }: ManifestImage): boolean {
    return this.#ids.has(id);
  }

  add(image: ManifestImage, reason: string): void {
    if (this.has(image)) return;
    this.#ids.add(image.id);
    this.#report(image, reason);
  }
}

/** An image wanted in a batch: which of its set, and how it is to be rendered. */
export interface WantedImage {
  readonly images: readonly ManifestImage[];
  /** Index into `images`. */
  readonly index: number;
  readonly rendering: Omit<RenderItem, 'reference'>;
}

/** More unreadable images than this in one batch are a folder that is not there, not bad images. */
const LARGEST_COUNT_IN_A_BATCH = 100;

/**
 * Renders a batch. An image that cannot be read is replaced by the next one of its set that can, with the same random numbers; which one
 * that is depends on the set alone, so a resumed run replaces it by the same.
 *
 * @returns the images used, in the order wanted.
 * @throws StudioError 'not-found' when very many, or all of a set, cannot be read.
 */
export async function renderReplacing(
  pool: ImagePool,
  wanted: readonly WantedImage[],
  bad: BadImages,
  output: SharedFloats,
): Promise<ManifestImage[]> {
  const used: ManifestImage[] = [];
  const unreadable = new Set<ManifestImage>();
  let pending = wanted.map((_, position) => position);
  while (pending.length > 0) {
    for (const position of pending) used[position] = firstUsable(wanted[position]!, bad);
    const items = pending.map((position) => ({ ...wanted[position]!.rendering, reference: used[position]!.reference }));
    const { failures } = await pool.render(items, output);
    pending = failures.map(({ index, reason }) => {
      const position = pending[index]!;
      bad.add(used[position]!, reason);
      unreadable.add(used[position]!);
      return position;
    });
    if (unreadable.size > LARGEST_COUNT_IN_A_BATCH) throw unreadableError(`${unreadable.size} images`, [...unreadable]);
  }
  return used;
}

function firstUsable({ images, index }: WantedImage, bad: BadImages): ManifestImage {
  for (let offset = 0; offset < images.length; offset++) {
    const image = images[(index + offset) % images.length]!;
    if (!bad.has(image)) return image;
  }
  throw unreadableError(`All ${images.length} images of a set`, images);
}

function unreadableError(which: string, images: readonly ManifestImage[]): StudioError {
  return new StudioError('not-found', `${which} cannot be read, among them ${images[0]!.reference.path}.`, {
    hint: 'Check that the images are where they were imported from, then resume the run.',
  });
}
