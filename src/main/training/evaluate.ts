import { setImmediate } from 'node:timers/promises';
import type { ManifestImage } from '#shared/images.ts';
import type { Evaluation, NetworkName, TrainingConfig } from '#shared/training.ts';
import { evaluatePredictions } from '../evaluation/metrics.ts';
import { createImagePool, type ImagePool, type RenderFailure, type SharedFloats } from '../imaging/pool.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { batchOf, concatenated, EVALUATION_BATCH } from './evaluation-batches.ts';
import { graphExecutor } from './executor.ts';
import { predictTogether, type ValueExchange } from './predict-together.ts';
import { type Predictor, predictorOf } from './predictor.ts';
import { Prefetcher } from './prefetch.ts';
import type { TrainedNetwork } from './trained-network.ts';

const CHANNELS = 3;

/** How images are prepared for a network. */
export type NetworkView = Pick<TrainingConfig, 'imageSize' | 'releaseCrop' | 'released' | 'grayscale'>;

export interface LabeledRequest {
  readonly networks: readonly (readonly [NetworkName, Predictor])[];
  /** All with a label. */
  readonly images: readonly ManifestImage[];
  readonly classes: readonly string[];
  readonly view: NetworkView;
  readonly pool: ImagePool;
  readonly buffers: BatchBuffers;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** With the processes that share the images; each calls with the same ones, and is told what all of them found. */
  readonly exchange?: ValueExchange | null;
  /** Called for each image of this process that cannot be read; it is left out. */
  readonly onBadImage?: (image: ManifestImage, reason: string) => void;
}

export interface EvaluationRequest extends LabeledRequest {
  readonly split: string;
  /** Steps of training behind the networks. */
  readonly step: number;
}

/** What several networks said about the same images. */
export interface LabeledPredictions {
  /** [N] catalog ids and labels of the images that could be read. */
  readonly ids: number[];
  readonly labels: number[];
  /** [N×K] of each network, row-major. */
  readonly probabilities: readonly Float32Array[];
  /** Seconds a network took. */
  readonly seconds: number;
}

/** Class probabilities of several networks for the same images, each of which is rendered once. */
export async function predictLabeled(request: LabeledRequest): Promise<LabeledPredictions> {
  const { exchange = null } = request;
  return exchange === null ? predictAll(request) : predictTogether(request, exchange, predictAll);
}

async function predictAll(request: LabeledRequest): Promise<LabeledPredictions> {
  const { networks, images, classes, view, pool, buffers } = request;
  const begun = performance.now();
  const ids: number[] = [];
  const labels: number[] = [];
  const probabilities = networks.map((): Float32Array[] => []);
  const batchCount = Math.ceil(images.length / EVALUATION_BATCH);
  const batches = new Prefetcher((index) => renderEvaluationBatch(pool, buffers, view, batchOf(images, index)), 1);
  try {
    for (let index = 0; index < batchCount; index++) {
      request.signal?.throwIfAborted();
      const { rendered, failures } = await batches.take(index, batchCount);
      const batch = batchOf(images, index);
      for (const failure of failures) request.onBadImage?.(batch[failure.index]!, failure.reason);
      const unreadable = new Set(failures.map((failure) => failure.index));
      const isReadable = (_: unknown, position: number): boolean => !unreadable.has(position);
      const readable = batch.filter(isReadable);
      ids.push(...readable.map(({ id }) => id));
      labels.push(...readable.map(({ label }) => label));
      for (const [which, [, predictor]] of networks.entries()) {
        const rows = rowsOf(await predictor.predict(rendered), classes.length).slice(0, batch.length);
        probabilities[which]!.push(...rows.filter(isReadable));
      }
      buffers.give(rendered);
      request.onProgress?.(Math.min((index + 1) * EVALUATION_BATCH, images.length), images.length);
      // Lets messages in: a request to pause must not wait for the whole split.
      await setImmediate();
    }
  } finally {
    await batches.drain();
  }
  const seconds = (performance.now() - begun) / 1000 / networks.length;
  return { ids, labels, probabilities: probabilities.map(concatenated), seconds };
}

/**
 * Metrics of several networks on the same images.
 * @throws StudioError 'bad-input' when no image can be read or a label is none of the classes.
 */
export async function evaluateNetworks(request: EvaluationRequest): Promise<Evaluation[]> {
  const { networks, images, classes, split, step } = request;
  const { labels, probabilities, seconds } = await predictLabeled(request);
  return networks.map(([name], which) => {
    const metrics = evaluatePredictions({ labels, probabilities: probabilities[which]!, classNames: classes });
    const { accuracy, top2, meanClassAccuracy, confusion, perClass, ece, nll, count } = metrics;
    const scores = { accuracy, top2, meanClassAccuracy, confusion, perClass, ece, nll };
    return {
      network: name,
      split,
      step,
      count,
      failed: images.length - count,
      imagesPerSecond: count / seconds,
      ...scores,
    };
  });
}

/** What one trained network said about labeled images. */
export interface NetworkPredictions {
  readonly step: number;
  readonly classes: readonly string[];
  /** [N] catalog ids and labels of the images that could be read. */
  readonly ids: Float64Array;
  readonly labels: Int32Array;
  /** [N×K] row-major. */
  readonly probabilities: Float32Array;
  readonly failed: number;
  readonly imagesPerSecond: number;
}

/**
 * Class probabilities of labeled images, with image workers and a TensorFlow session of its own. The network is left as it is.
 * @param options.library path of the TensorFlow library.
 */
export async function predictImages(
  { network, name, classes, step, view }: TrainedNetwork,
  images: readonly ManifestImage[],
  options: { library: string; workers: number; onProgress?: LabeledRequest['onProgress']; signal?: AbortSignal },
): Promise<NetworkPredictions> {
  const pool = createImagePool({ workers: options.workers, cacheBytes: 0 });
  const executor = graphExecutor(options.library);
  const buffers = new BatchBuffers();
  try {
    const predictor = predictorOf(executor, network, view.imageSize, { name, weights: 'frozen' });
    const networks = [[name, predictor]] as const;
    const found = await predictLabeled({ networks, images, classes, view, pool, buffers, ...options });
    return {
      step,
      classes,
      ids: Float64Array.from(found.ids),
      labels: Int32Array.from(found.labels),
      probabilities: found.probabilities[0]!,
      failed: images.length - found.ids.length,
      imagesPerSecond: found.ids.length / found.seconds,
    };
  } finally {
    await executor.close();
    await pool.close();
  }
}

/** A batch is always of the same size, so that one graph serves all of a split: the last one's free places hold what was there before. */
export async function renderEvaluationBatch(
  pool: ImagePool,
  buffers: BatchBuffers,
  view: NetworkView,
  images: readonly ManifestImage[],
): Promise<{ rendered: SharedFloats; failures: RenderFailure[] }> {
  const rendered = buffers.take(EVALUATION_BATCH * view.imageSize ** 2 * CHANNELS);
  const items = images.map(({ reference }, slot) => ({
    reference,
    views: [{ kind: 'evaluation', slot } as const],
    settings: { ...view, randAugment: null },
    address: { seed: 0, epoch: 0, index: 0 },
  }));
  return { rendered, ...(await pool.render(items, rendered)) };
}

function rowsOf(values: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, row) => values.subarray(row * length, (row + 1) * length));
}
