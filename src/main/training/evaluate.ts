import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import type { ManifestImage } from '#shared/images.ts';
import type { Evaluation, NetworkName, TrainingConfig } from '#shared/training.ts';
import { evaluatePredictions } from '../evaluation/metrics.ts';
import { createImagePool, type ImagePool, type RenderFailure } from '../imaging/pool.ts';
import type { Network } from './network.ts';
import { Prefetcher } from './prefetch.ts';
import { evaluationPass } from './resnet.ts';
import type { TrainedNetwork } from './trained-network.ts';

/** Images that go through a network at a time. */
const EVALUATION_BATCH = 64;
const CHANNELS = 3;

/** How images are prepared for a network. */
export type NetworkView = Pick<TrainingConfig, 'imageSize' | 'releaseCrop'>;

/**
 * Class probabilities of images.
 * @param images [count, imageSize, imageSize, 3], normalised. @returns [count × classes], rows summing to one.
 */
export function predictProbabilities(
  { architecture, variables }: Network,
  images: Float32Array,
  { imageSize }: NetworkView,
): Float32Array {
  return tf.tidy(() => {
    const count = images.length / (imageSize * imageSize * CHANNELS);
    const batch = tf.tensor4d(images, [count, imageSize, imageSize, CHANNELS]);
    const probabilities = tf.softmax(evaluationPass(architecture, variables, batch));
    // A copy: tfjs may hand out memory that TensorFlow goes on to use.
    return probabilities.dataSync<'float32'>().slice();
  });
}

export interface EvaluationRequest {
  readonly networks: readonly (readonly [NetworkName, Network])[];
  /** All with a label. */
  readonly images: readonly ManifestImage[];
  readonly classes: readonly string[];
  readonly split: string;
  /** Steps of training behind the networks. */
  readonly step: number;
  readonly view: NetworkView;
  readonly pool: ImagePool;
  readonly onProgress?: (done: number, total: number) => void;
  /** Called for each image that cannot be read; it is left out. */
  readonly onBadImage?: (image: ManifestImage, reason: string) => void;
}

/**
 * Metrics of several networks on the same images, each of which is rendered once.
 * @throws StudioError 'bad-input' when no image can be read or a label is none of the classes.
 */
export async function evaluateNetworks(request: EvaluationRequest): Promise<Evaluation[]> {
  const { networks, images, classes, split, step, view, pool } = request;
  const begun = performance.now();
  const labels: number[] = [];
  const probabilities = networks.map((): Float32Array[] => []);
  const batchCount = Math.ceil(images.length / EVALUATION_BATCH);
  const batches = new Prefetcher((index) => renderEvaluationBatch(pool, view, batchOf(images, index)), 1);
  try {
    for (let index = 0; index < batchCount; index++) {
      const { rendered, failures } = await batches.take(index, batchCount);
      const batch = batchOf(images, index);
      for (const failure of failures) request.onBadImage?.(batch[failure.index]!, failure.reason);
      const unreadable = new Set(failures.map((failure) => failure.index));
      const isReadable = (_: unknown, position: number): boolean => !unreadable.has(position);
      labels.push(...batch.filter(isReadable).map(({ label }) => label));
      for (const [which, [, network]] of networks.entries()) {
        const rows = rowsOf(predictProbabilities(network, rendered, view), classes.length);
        probabilities[which]!.push(...rows.filter(isReadable));
      }
      request.onProgress?.(Math.min((index + 1) * EVALUATION_BATCH, images.length), images.length);
      // Lets messages in: a request to pause must not wait for the whole split.
      await setImmediate();
    }
  } finally {
    await batches.drain();
  }
  const seconds = (performance.now() - begun) / 1000 / networks.length;
  return networks.map(([name], which) => {
    const metrics = evaluatePredictions({
      labels,
      probabilities: concatenated(probabilities[which]!),
      classNames: classes,
    });
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

/**
 * Metrics of a trained network on labeled images, with image workers of its own. The network is left as it is.
 * @throws StudioError as {@link evaluateNetworks}.
 */
export async function evaluateImages(
  { network, name, classes, step, view }: TrainedNetwork,
  images: readonly ManifestImage[],
  options: { split: string; workers: number; onProgress?: (done: number, total: number) => void },
): Promise<Evaluation> {
  const pool = createImagePool({ workers: options.workers, cacheBytes: 0 });
  try {
    const networks = [[name, network]] as const;
    const [evaluation] = await evaluateNetworks({ networks, images, classes, step, view, pool, ...options });
    return evaluation!;
  } finally {
    await pool.close();
  }
}

function batchOf(images: readonly ManifestImage[], index: number): readonly ManifestImage[] {
  return images.slice(index * EVALUATION_BATCH, (index + 1) * EVALUATION_BATCH);
}

async function renderEvaluationBatch(
  pool: ImagePool,
  { imageSize, releaseCrop }: NetworkView,
  images: readonly ManifestImage[],
): Promise<{ rendered: Float32Array; failures: RenderFailure[] }> {
  const values = images.length * imageSize * imageSize * CHANNELS;
  const rendered = new Float32Array(new SharedArrayBuffer(values * Float32Array.BYTES_PER_ELEMENT));
  const items = images.map(({ reference }, slot) => ({
    reference,
    views: [{ kind: 'evaluation', slot } as const],
    settings: { imageSize, releaseCrop, randAugment: null },
    address: { seed: 0, epoch: 0, index: 0 },
  }));
  return { rendered, ...(await pool.render(items, rendered)) };
}

function rowsOf(values: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, row) => values.subarray(row * length, (row + 1) * length));
}

function concatenated(rows: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  rows.reduce((offset, row) => (whole.set(row, offset), offset + row.length), 0);
  return whole;
}
