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

/** So many images in a row that cannot be read are a folder that is not there, not bad images. */
const LARGEST_ROW_OF_BAD_IMAGES = 25;

/**
 * Renders a batch. An image that cannot be read is replaced by the next one of its set that can, with the same random numbers; which one
 * that is depends on the set alone, so a resumed run replaces it by the same.
 *
 * @returns the images used, in the order wanted.
 * @throws StudioError 'not-found' when many images in a row cannot be read.
 */
export async function renderReplacing(
  pool: ImagePool,
  wanted: readonly WantedImage[],
  bad: BadImages,
  output: SharedFloats,
): Promise<ManifestImage[]> {
  const used: ManifestImage[] = [];
  let pending = wanted.map((_, position) => position);
  while (pending.length > 0) {
    for (const position of pending) used[position] = firstUsable(wanted[position]!, bad);
    const items = pending.map((position) => ({ ...wanted[position]!.rendering, reference: used[position]!.reference }));
    const { failures } = await pool.render(items, output);
    for (const { index, reason } of failures) bad.add(used[pending[index]!]!, reason);
    pending = failures.map(({ index }) => pending[index]!);
  }
  return used;
}

function firstUsable({ images, index }: WantedImage, bad: BadImages): ManifestImage {
  for (let offset = 0; offset < Math.min(images.length, LARGEST_ROW_OF_BAD_IMAGES); offset++) {
    const image = images[(index + offset) % images.length]!;
    if (!bad.has(image)) return image;
  }
  throw new StudioError(
    'not-found',
    `None of several images in a row can be read; the first is ${images[index]!.reference.path}.`,
    {
      hint: 'Check that the images are where they were imported from, then resume the run.',
    },
  );
}
