import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encodePng } from '#main/imaging/png.ts';
import { inspectorOf } from '#main/prediction/inspector.ts';
import { nearestImages, readNeighborIndex, writeFeatures } from '#main/prediction/neighbors.ts';
import { networkInput } from '#main/prediction/picture.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { graphExecutor } from '#main/training/executor.ts';
import { createNetwork, initialValues } from '#main/training/network.ts';
import type { TrainedNetwork } from '#main/training/trained-network.ts';
import { noise } from '../imaging/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'face2exp-neighbors-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('nearestImages', () => {
  const index = {
    ids: Float64Array.from({ length: 12 }, (_, row) => 100 + row),
    labels: Int32Array.from({ length: 12 }, (_, row) => row % 3),
    // Rows at 0°, 15°, 30°, … from the first axis.
    features: Float32Array.from({ length: 24 }, (_, at) => {
      const angle = (Math.floor(at / 2) * Math.PI) / 12;
      return at % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
    }),
  };

  test('gives eight by the angle between features, the nearest first, whatever their length', () => {
    const near = nearestImages(index, Float32Array.of(-1, 70));
    expect(near.map(({ id }) => id).slice(0, 1)).toEqual([106]);
    expect(near.map(({ id }) => id).toSorted()).toEqual([103, 104, 105, 106, 107, 108, 109, 110].toSorted());
    expect(near[0]!).toMatchObject({ label: 0 });
    expect(near[0]!.distance).toBeCloseTo(0, 3);
    expect(near[7]!.distance).toBeCloseTo(1 - Math.cos((4 * Math.PI) / 12), 1);
    const distances = near.map(({ distance }) => distance);
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  });

  test('refuses features of another network', () => {
    expect(() => nearestImages(index, Float32Array.of(1, 2, 3))).toThrow(/another network/);
  });
});

test('an image is its own nearest neighbour; one that cannot be read is left out', async () => {
  const { library } = await loadTensorFlow();
  const architecture = { block: 'basic', layers: [1, 1, 1, 1], width: 4, classes: 7 } as const;
  const trained: TrainedNetwork = {
    network: createNetwork(architecture, initialValues(architecture, 3, 'weights-base')),
    name: 'base',
    classes: [],
    step: 0,
    view: { imageSize: 32, releaseCrop: false, released: false, grayscale: false },
  };
  const pictures = Array.from({ length: 40 }, (_, seed) => noise(40, 40, seed));
  const images = pictures.map((picture, id) => {
    const path = join(folder, `${id}.png`);
    if (id !== 5) writeFileSync(path, encodePng(picture));
    return { id, label: id % 7, reference: { path, encoding: 'file' } as const };
  });
  const progress: number[] = [];
  const files = [join(folder, 'features', 'a.safetensors'), join(folder, 'features', 'b.safetensors')];
  const options = { library, workers: 0, onProgress: (done: number) => progress.push(done) };
  expect(await writeFeatures(trained, images.slice(0, 33), { ...options, file: files[0]! })).toEqual({ count: 32 });
  expect(await writeFeatures(trained, images.slice(33), { ...options, file: files[1]! })).toEqual({ count: 7 });
  expect(progress).toEqual([32, 33, 7]);
  const file = join(folder, 'features', 'cancelled.safetensors');
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(writeFeatures(trained, images, { ...options, file, signal })).rejects.toThrow('enough');
  expect(existsSync(file)).toBe(false);

  const index = await readNeighborIndex(files);
  expect([...index.ids]).toEqual(images.map(({ id }) => id).filter((id) => id !== 5));
  const executor = graphExecutor(library);
  const inspector = inspectorOf(executor, trained);
  for (const id of [0, 32, 39]) {
    const { features } = await inspector.inspect(networkInput(pictures[id]!, trained.view, false));
    const [nearest] = nearestImages(index, features);
    expect(nearest).toMatchObject({ id, label: id % 7 });
    expect(nearest!.distance).toBeLessThan(1e-5);
  }
  await executor.close();
});
