import type { ManifestImage } from '#shared/images.ts';
import type { TrainingConfig, TrainingManifest } from '#shared/training.ts';
import type { ImagePool, RenderItem, RenderView } from '../imaging/pool.ts';
import type { BatchBuffers } from './batch-buffers.ts';
import { type BadImages, renderReplacing, type WantedImage } from './bad-images.ts';
import { Prefetcher } from './prefetch.ts';
import { type Draw, Sampler } from './sampler.ts';
import { type Batch, imageCounts, stepKind } from './training-steps.ts';

/** Batches made ahead of the step that takes them. */
const BATCHES_AHEAD = 2;
const CHANNELS = 3;

/** Where batches come from. */
export interface ImageSource {
  readonly pool: ImagePool;
  readonly bad: BadImages;
  readonly buffers: BatchBuffers;
}

/** A batch in memory that is used again. */
export interface ImageBatch extends Batch {
  /** The images used: the labeled ones, then the unlabeled ones. */
  readonly used: readonly ManifestImage[];
  /** Gives its memory back. Fed values are copied when a step begins, so this may be called before it is done. */
  readonly release: () => void;
}

/** Who shares a batch. */
export interface BatchSharing {
  readonly towers?: number;
  readonly rank?: number;
  readonly processes?: number;
}

/**
 * The batches of a run by step number, a few made ahead: labeled images, then, in steps that have them, the weak views of the unlabeled ones and
 * their strong views. A batch depends on the seed and its step alone.
 * @param sharing devices of this process that share it, and which of several processes' part it makes.
 */
export function trainingBatches(
  source: ImageSource,
  config: TrainingConfig,
  manifest: TrainingManifest,
  { towers = 1, rank = 0, processes = 1 }: BatchSharing = {},
): Prefetcher<ImageBatch> {
  const { seed } = config;
  const { labeledCount, unlabeledCount } = imageCounts(config, towers);
  const meanWeight = meanWeightOf(manifest.labeled);
  const labeled = new Sampler(manifest.labeled.length, seed, 'order-labeled');
  const unlabeled =
    config.method === 'supervised' ? null : new Sampler(manifest.unlabeled.length, seed, 'order-unlabeled');
  const wantedAt = (step: number): WantedImage[] => {
    const views = labeled
      .draws((step * processes + rank) * labeledCount, labeledCount)
      .map((draw, slot) => wanted(config, manifest.labeled, draw, [{ kind: 'labeled', slot }]));
    if (unlabeled === null || stepKind(config, step) === 'base-warmup') return views;
    const pairs = unlabeled.draws((step * processes + rank) * unlabeledCount, unlabeledCount).map((draw, index) =>
      wanted(config, manifest.unlabeled, draw, [
        { kind: 'weak', slot: labeledCount + index },
        { kind: 'strong', slot: labeledCount + unlabeledCount + index },
      ]),
    );
    return [...views, ...pairs];
  };
  return new Prefetcher(
    (step) => makeBatch(source, config, wantedAt(step), { labeledCount, meanWeight }),
    BATCHES_AHEAD,
  );
}

/** How many images a fine-tuning step has, and how many steps an epoch: the images that fill no batch wait for another epoch's order. */
export function finetuneBatchPlan(
  config: TrainingConfig,
  labeledCount: number,
): { batchSize: number; stepsPerEpoch: number } {
  const batchSize = Math.min(config.finetuneBatchSize, labeledCount);
  return { batchSize, stepsPerEpoch: Math.floor(labeledCount / batchSize) };
}

/** The batches of fine-tuning by its own step number. */
export function finetuneBatches(
  source: ImageSource,
  config: TrainingConfig,
  labeled: readonly ManifestImage[],
): Prefetcher<ImageBatch> {
  const sampler = new Sampler(labeled.length, config.seed, 'finetune-order');
  const { batchSize, stepsPerEpoch } = finetuneBatchPlan(config, labeled.length);
  const meanWeight = meanWeightOf(labeled);
  return new Prefetcher((step) => {
    const start = Math.floor(step / stepsPerEpoch) * labeled.length + (step % stepsPerEpoch) * batchSize;
    const views = sampler
      .draws(start, batchSize)
      .map((draw, slot) => wanted(config, labeled, draw, [{ kind: 'labeled', slot, purpose: 'finetune-view' }]));
    return makeBatch(source, config, views, { labeledCount: batchSize, meanWeight });
  }, BATCHES_AHEAD);
}

/** Weights are relative: a learning rate means the same with them as without. */
function meanWeightOf(images: readonly ManifestImage[]): number {
  return images.reduce((sum, { weight = 1 }) => sum + weight, 0) / images.length;
}

function wanted(
  config: TrainingConfig,
  images: readonly ManifestImage[],
  draw: Draw,
  views: RenderView[],
): WantedImage {
  const rendering: Omit<RenderItem, 'reference'> = {
    views,
    settings: config,
    address: { seed: config.seed, epoch: draw.epoch, index: draw.position },
  };
  return { images, index: draw.image, rendering };
}

async function makeBatch(
  { pool, bad, buffers }: ImageSource,
  { imageSize }: TrainingConfig,
  images: readonly WantedImage[],
  { labeledCount, meanWeight }: { labeledCount: number; meanWeight: number },
): Promise<ImageBatch> {
  const slots = images.reduce((sum, { rendering }) => sum + rendering.views.length, 0);
  const output = buffers.take(slots * imageSize * imageSize * CHANNELS);
  const used = await renderReplacing(pool, images, bad, output);
  return {
    images: output,
    labels: Int32Array.from(used.slice(0, labeledCount), ({ label }) => label),
    labelWeights: Float32Array.from(used.slice(0, labeledCount), ({ weight = 1 }) => weight / meanWeight),
    used,
    release: () => buffers.give(output),
  };
}
