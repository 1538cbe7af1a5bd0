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

test('a buffer given back serves the next batch of its size, and no other', () => {
  const buffers = new BatchBuffers();
  const first = buffers.take(10);
  buffers.give(first);
  expect(buffers.take(12)).not.toBe(first);
  expect(buffers.take(10)).toBe(first);
  expect(buffers.take(10)).not.toBe(first);
});
