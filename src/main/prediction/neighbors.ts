import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';
import { createImagePool, type RenderFailure, type SharedFloats } from '../imaging/pool.ts';
import { readSafetensors, writeSafetensors } from '../interchange/safetensors.ts';
import { BatchBuffers } from '../training/batch-buffers.ts';
import { graphExecutor } from '../training/executor.ts';
import { Prefetcher } from '../training/prefetch.ts';
import type { TrainedNetwork } from '../training/trained-network.ts';
import { featureStep } from './grad-cam.ts';

/** Nearest images that are told. */
const NEAREST = 8;
const BATCH = 32;
const CHANNELS = 3;

/** Labeled images by what a network's last layer decides by. */
export interface NeighborIndex {
  /** [N] catalog ids and labels. */
  readonly ids: Float64Array;
  readonly labels: Int32Array;
  /** [N × length], rows of length one. */
  readonly features: Float32Array;
}

export interface NearImage {
  readonly id: number;
  readonly label: number;
  /** 1 - cosine of the angle between the features. */
  readonly distance: number;
}

/**
 * Writes the features of labeled images, for {@link readNeighborIndex}. Images that cannot be read are left out.
 * @param options.library path of the TensorFlow library. @param options.file is written whole or not at all.
 * @returns how many could be read. @throws the signal's reason when it is aborted.
 */
export async function writeFeatures(
  { network, name, view }: TrainedNetwork,
  images: readonly ManifestImage[],
  options: {
    readonly library: string;
    readonly workers: number;
    readonly file: string;
    readonly onProgress: (done: number, total: number) => void;
    readonly signal?: AbortSignal;
  },
): Promise<{ count: number }> {
  const { library, workers, file, onProgress, signal } = options;
  const { imageSize } = view;
  const executor = graphExecutor(library);
  const runner = executor.prepare(featureStep(network, { name, count: BATCH, imageSize }));
  const pool = createImagePool({ workers, cacheBytes: 0 });
  const buffers = new BatchBuffers();
  const batchOf = (index: number): readonly ManifestImage[] => images.slice(index * BATCH, (index + 1) * BATCH);
  const render = async (index: number): Promise<{ rendered: SharedFloats; failures: RenderFailure[] }> => {
    const rendered = buffers.take(BATCH * imageSize ** 2 * CHANNELS);
    const items = batchOf(index).map(({ reference }, slot) => ({
      reference,
      views: [{ kind: 'evaluation', slot } as const],
      settings: { ...view, randAugment: null },
      address: { seed: 0, epoch: 0, index: 0 },
    }));
    return { rendered, ...(await pool.render(items, rendered)) };
  };
  const batchCount = Math.ceil(images.length / BATCH);
  const batches = new Prefetcher(render, 1);
  const read: ManifestImage[] = [];
  const rows: Float32Array[] = [];
  try {
    for (let index = 0; index < batchCount; index++) {
      signal?.throwIfAborted();
      const { rendered, failures } = await batches.take(index, batchCount);
      const { features } = await runner.run({ images: rendered });
      buffers.give(rendered);
      const length = features.length / BATCH;
      const unreadable = new Set(failures.map((failure) => failure.index));
      for (const [slot, image] of batchOf(index).entries()) {
        if (unreadable.has(slot)) continue;
        read.push(image);
        rows.push(unit(features.subarray(slot * length, (slot + 1) * length) as Float32Array));
      }
      onProgress(Math.min((index + 1) * BATCH, images.length), images.length);
    }
  } finally {
    await batches.drain();
    await pool.close();
    await executor.close();
  }
  const length = rows[0]?.length ?? 0;
  const features = new Float32Array(rows.length * length);
  for (const [row, values] of rows.entries()) features.set(values, row * length);
  await mkdir(dirname(file), { recursive: true });
  await writeSafetensors(
    file,
    new Map([
      ['ids', { dtype: 'F64', shape: [read.length], data: Float64Array.from(read, ({ id }) => id) }],
      ['labels', { dtype: 'I32', shape: [read.length], data: Int32Array.from(read, ({ label }) => label) }],
      ['features', { dtype: 'F32', shape: [read.length, length], data: features }],
    ]),
  );
  return { count: read.length };
}

/** Several files of {@link writeFeatures} as one. @throws StudioError when one is missing, damaged, or of another network. */
export async function readNeighborIndex(files: readonly string[]): Promise<NeighborIndex> {
  const parts: NeighborIndex[] = [];
  for (const file of files) {
    const { tensors } = await readSafetensors(file);
    const [ids, labels, features] = ['ids', 'labels', 'features'].map((name) => tensors.get(name)?.data);
    if (!(ids instanceof Float64Array && labels instanceof Int32Array && features instanceof Float32Array)) {
      throw new StudioError('corrupt', `${file} does not hold the features of images.`, {
        hint: 'Delete it; it is computed again.',
      });
    }
    parts.push({ ids, labels, features });
  }
  return {
    ids: Float64Array.from(parts.flatMap(({ ids }) => [...ids])),
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
    features: joined(parts.map(({ features }) => features)),
  };
}

/** The images whose features point most nearly the same way, the nearest first. @param features of any length but zero. */
export function nearestImages({ ids, labels, features }: NeighborIndex, wanted: Float32Array): NearImage[] {
  const direction = unit(wanted);
  const length = direction.length;
  if (features.length !== ids.length * length) {
    throw new StudioError('conflict', 'The features of the labeled images are those of another network.', {
      hint: 'Delete the folder `cache` of the workspace; they are computed again.',
    });
  }
  const nearest: NearImage[] = [];
  for (let row = 0, start = 0; row < ids.length; row++, start += length) {
    let cosine = 0;
    for (let index = 0; index < length; index++) cosine += features[start + index]! * direction[index]!;
    const distance = 1 - cosine;
    if (nearest.length === NEAREST && distance >= nearest.at(-1)!.distance) continue;
    const position = nearest.findIndex((known) => distance < known.distance);
    nearest.splice(position === -1 ? nearest.length : position, 0, { id: ids[row]!, label: labels[row]!, distance });
    if (nearest.length > NEAREST) nearest.pop();
  }
  return nearest;
}

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return length === 0 ? values.slice() : values.map((value) => value / length);
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  arrays.reduce((offset, array) => (whole.set(array, offset), offset + array.length), 0);
  return whole;
}
