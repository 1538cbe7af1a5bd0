import { StudioError } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';
import { createImagePool } from '../imaging/pool.ts';
import type { Predictor } from '../training/predictor.ts';
import type { TrainedNetwork } from '../training/trained-network.ts';

const CHANNELS = 3;

/**
 * Class probabilities of a few pictures, each taken as one face and prepared as for evaluation. Rendered in this thread: for a handful of
 * pictures, starting workers would cost more than it saves.
 *
 * @returns a row of probabilities for each picture, in order.
 * @throws StudioError for the first picture that cannot be read, naming it and why.
 */
export async function predictPictures(
  predictor: Predictor,
  { view }: Pick<TrainedNetwork, 'view'>,
  pictures: readonly ImageReference[],
): Promise<number[][]> {
  const valuesOfOne = view.imageSize ** 2 * CHANNELS;
  const values = pictures.length * valuesOfOne;
  const images = new Float32Array(new SharedArrayBuffer(values * Float32Array.BYTES_PER_ELEMENT));
  const pool = createImagePool({ workers: 0, cacheBytes: 0 });
  try {
    const { failures } = await pool.render(
      pictures.map((reference, slot) => ({
        reference,
        views: [{ kind: 'evaluation', slot }],
        settings: { ...view, randAugment: null },
        address: { seed: 0, epoch: 0, index: 0 },
      })),
      images,
    );
    const [failure] = failures;
    if (failure !== undefined) throw new StudioError(failure.code, failure.reason, { hint: 'Choose another picture.' });
  } finally {
    await pool.close();
  }
  const rows: number[][] = [];
  // One by one: the graph for a single picture serves any number of them.
  for (let start = 0; start < values; start += valuesOfOne) {
    rows.push([...(await predictor.predict(images.subarray(start, start + valuesOfOne)))]);
  }
  return rows;
}
