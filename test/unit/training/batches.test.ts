import { expect, test } from 'vitest';
import { createImagePool } from '#main/imaging/pool.ts';
import { BadImages } from '#main/training/bad-images.ts';
import { BatchBuffers } from '#main/training/batch-buffers.ts';
import { trainingBatches } from '#main/training/batches.ts';
import { drawManifest, removeRunFolders, smallConfig } from './small-run.ts';

test('memory for batches is used again: a long run takes no more than a short one', async () => {
  const manifest = await drawManifest();
  const pool = createImagePool({ workers: 1, cacheBytes: 2 ** 20 });
  const source = { pool, bad: new BadImages([], () => undefined), buffers: new BatchBuffers() };
  const batches = trainingBatches(source, smallConfig(), manifest);
  const memory = new Set<ArrayBufferLike>();
  for (let step = 0; step < 30; step++) {
    const { images, labels, release } = await batches.take(step, 30);
    expect(images).toHaveLength((4 + 2 * 8) * 16 * 16 * 3);
    expect(labels).toHaveLength(4);
    memory.add(images.buffer);
    release();
  }
  // The one taken and those made ahead.
  expect(memory.size).toBeLessThanOrEqual(4);
  await batches.drain();
  await pool.close();
  removeRunFolders();
});

test('images count by their weights, 1 on the average of the set', async () => {
  const manifest = await drawManifest();
  const labeled = manifest.labeled.map((image, index) => (index % 3 === 0 ? { ...image, weight: 4 } : image));
  const pool = createImagePool({ workers: 1, cacheBytes: 2 ** 20 });
  const source = { pool, bad: new BadImages([], () => undefined), buffers: new BatchBuffers() };
  const batches = trainingBatches(source, smallConfig(), { ...manifest, labeled });
  let sum = 0;
  const steps = 21; // of 4 images: each of the 21 four times
  for (let step = 0; step < steps; step++) {
    const { used, labels, labelWeights, release } = await batches.take(step, steps);
    expect([...labelWeights]).toEqual(used.slice(0, labels.length).map(({ weight = 1 }) => weight / 2));
    sum += labelWeights.reduce((total, weight) => total + weight, 0);
    release();
  }
  expect(sum / (4 * steps)).toBeCloseTo(1, 6);
  await batches.drain();
  await pool.close();
  removeRunFolders();
});

test('a buffer given back serves the next batch of its size, and no other', () => {
  const buffers = new BatchBuffers();
  const first = buffers.take(10);
  buffers.give(first);
  expect(buffers.take(12)).not.toBe(first);
  expect(buffers.take(10)).toBe(first);
  expect(buffers.take(10)).not.toBe(first);
});
