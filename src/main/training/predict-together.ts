import type { ManifestImage } from '#shared/images.ts';
import type { LabeledPredictions, LabeledRequest } from './evaluate.ts';
import { batchOf, concatenated, EVALUATION_BATCH, rowOf } from './evaluation-batches.ts';

/** A way to hand numbers to the other processes of a cluster. */
export interface ValueExchange {
  readonly group: { readonly rank: number; readonly size: number };
  /** As many of each process. @returns [size × count], by rank. */
  gatherValues(values: Float32Array): Promise<Float32Array>;
}

/**
 * Each process predicts every so many-th batch, and is told what all of them found.
 * @param predict what one process does with images of its own.
 */
export async function predictTogether(
  request: LabeledRequest,
  { group, gatherValues }: ValueExchange,
  predict: (request: LabeledRequest) => Promise<LabeledPredictions>,
): Promise<LabeledPredictions> {
  const { images, networks, classes } = request;
  const begun = performance.now();
  const shares = sharesOf(images, group.size);
  const own = shares[group.rank]!;
  const found = await predict({ ...request, images: own });

  // A row: whether the image could be read, then what each network says of it.
  const width = 1 + networks.length * classes.length;
  const largest = shares[0]!.length;
  const rows = new Float32Array(largest * width);
  const places = new Map(own.map(({ id }, place) => [id, place]));
  for (const [index, id] of found.ids.entries()) {
    const said = found.probabilities.map((values) => rowOf(values, index, classes.length));
    rows.set([1, ...said.flatMap((values) => [...values])], places.get(id)! * width);
  }
  const gathered = await gatherValues(rows);
  const byImage = new Map(
    shares.flatMap((share, rank) =>
      share.map((image, place) => [image, rowOf(gathered, rank * largest + place, width)]),
    ),
  );
  const readable = images.map((image) => ({ image, row: byImage.get(image)! })).filter(({ row }) => row[0] === 1);
  return {
    ids: readable.map(({ image }) => image.id),
    labels: readable.map(({ image }) => image.label),
    probabilities: networks.map((_, which) =>
      concatenated(readable.map(({ row }) => rowOf(row.subarray(1), which, classes.length))),
    ),
    seconds: (performance.now() - begun) / 1000 / networks.length,
  };
}

/** The images of each process: the first has as many as any. */
function sharesOf(images: readonly ManifestImage[], processes: number): ManifestImage[][] {
  const shares = Array.from({ length: processes }, (): ManifestImage[] => []);
  for (let index = 0; index * EVALUATION_BATCH < images.length; index++) {
    shares[index % processes]!.push(...batchOf(images, index));
  }
  return shares;
}
