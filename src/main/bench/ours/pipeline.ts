import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import { trainingConfigSchema } from '#shared/training.ts';
import { createImagePool } from '../../imaging/pool.ts';
import { BatchBuffers } from '../../training/batch-buffers.ts';
import { BadImages } from '../../training/bad-images.ts';
import { trainingBatches } from '../../training/batches.ts';
import type { WorkloadOf } from '../protocol.ts';
import type { PreparedWorkload } from './serve.ts';

/** The batches of a meta run: labeled, weak and strong views of pictures that are read from their files each time. */
export async function preparePipeline({
  paths,
  workers,
  ...settings
}: WorkloadOf<'pipeline'>): Promise<PreparedWorkload> {
  const config = trainingConfigSchema.parse({ ...settings, workers });
  const images = paths.map((path, id): ManifestImage => ({ id, reference: { path, encoding: 'file' }, label: 0 }));
  const manifest = { classes: [], labeled: images, unlabeled: images, validation: [] };
  const pool = createImagePool({ workers, cacheBytes: 0 });
  const batches = trainingBatches(
    { pool, bad: new BadImages([], refuse), buffers: new BatchBuffers() },
    config,
    manifest,
  );
  let done = 0;
  return {
    versions: { node: process.versions.node },
    parameters: null,
    note: null,
    run: async (repetitions) => {
      // Nothing is made for the next block: that one is timed from its first picture on.
      for (const end = done + repetitions; done < end; done++) (await batches.take(done, end)).release();
    },
  };
}

/** A run goes on without a bad image; a benchmark that did would compare unlike work. */
function refuse(_image: ManifestImage, reason: string): never {
  throw new StudioError('bad-input', reason, { hint: 'Take it out of the folder, or name another one with --images.' });
}
