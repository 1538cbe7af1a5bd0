import { StudioError } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';
import { createImagePool } from '../imaging/pool.ts';
import { predictProbabilities } from '../training/evaluate.ts';
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
  { network, view }: TrainedNetwork,
  pictures: readonly ImageReference[],
): Promise<number[][]> {
  const { imageSize, releaseCrop } = view;
  const values = pictures.length * imageSize * imageSize * CHANNELS;
  const images = new Float32Array(new SharedArrayBuffer(values * Float32Array.BYTES_PER_ELEMENT));
  const pool = createImagePool({ workers: 0, cacheBytes: 0 });
  try {
    const { failures } = await pool.render(
      pictures.map((reference, slot) => ({
        reference,
        views: [{ kind: 'evaluation', slot }],
        settings: { imageSize, releaseCrop, randAugment: null },
        address: { seed: 0, epoch: 0, index: 0 },
      })),
      images,
    );
    const [failure] = failures;
    if (failure !== undefined) throw new StudioError(failure.code, failure.reason, { hint: 'Choose another picture.' });
  } finally {
    await pool.close();
  }
  const probabilities = predictProbabilities(network, images, view);
  const classes = probabilities.length / pictures.length;
  return pictures.map((_, row) => Array.from(probabilities.subarray(row * classes, (row + 1) * classes)));
}
