import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { ImageCache } from '#main/imaging/image-cache.ts';
import { createImagePool, type ImagePool, type RenderItem, type SharedFloats } from '#main/imaging/pool.ts';
import { Renderer } from '#main/imaging/render.ts';
import { digest, GOLDEN_INPUTS, noise, temporaryFolder } from './support.ts';

const write = temporaryFolder();
const SIZE = 32;
const SLOT = SIZE * SIZE * 3;
const settings = { imageSize: SIZE, releaseCrop: false, randAugment: { count: 2, magnitude: 16 } };
const PICTURES = ['jpeg444.jpg', 'jpeg-grey.jpg', 'png-palette.png', 'webp.webp', 'jpeg-cmyk.jpg', 'extreme-wide.png'];

const pools: ImagePool[] = [];
function openPool(workers: number, cacheBytes = 0): ImagePool {
  const pool = createImagePool({ workers, cacheBytes });
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function batch(slots: number): SharedFloats {
  return new Float32Array(new SharedArrayBuffer(slots * SLOT * 4)).fill(99);
}

function item(path: string, index: number, views: RenderItem['views'], epoch = 0): RenderItem {
  return { reference: { path, encoding: 'file' }, views, settings, address: { seed: 7, epoch, index } };
}

/** All kinds of views of all pictures, four slots a picture. */
function items(epoch = 0): RenderItem[] {
  return PICTURES.map((name, index) =>
    item(
      join(GOLDEN_INPUTS, name),
      index,
      [
        { kind: 'weak', slot: index * 4 },
        { kind: 'strong', slot: index * 4 + 1 },
        { kind: 'labeled', slot: index * 4 + 2 },
        { kind: 'evaluation', slot: index * 4 + 3 },
      ],
      epoch,
    ),
  );
}

async function renderAll(pool: ImagePool, epoch = 0): Promise<string> {
  const output = batch(PICTURES.length * 4);
  expect(await pool.render(items(epoch), output)).toEqual({ failures: [] });
  expect(output.includes(99)).toBe(false);
  return digest(output);
}

describe('pixels', () => {
  test('are the same with 0, 1 and 3 workers, with and without a cache, and in batches side by side', async () => {
    const expected = [await renderAll(openPool(0), 0), await renderAll(openPool(0), 1)];
    expect(expected[0]).not.toBe(expected[1]);
    for (const workers of [0, 1, 3]) {
      for (const cacheBytes of [0, 100_000_000]) {
        const pool = openPool(workers, cacheBytes);
        // The second pass finds what the first kept.
        for (let pass = 0; pass < 2; pass++) {
          expect(await Promise.all([renderAll(pool, 0), renderAll(pool, 1)])).toEqual(expected);
        }
      }
    }
  });

  test('depend on what they are drawn for', async () => {
    const path = join(GOLDEN_INPUTS, PICTURES[0]!);
    const output = batch(2);
    const labeled = item(path, 0, [{ kind: 'labeled', slot: 0 }]);
    const finetune = item(path, 0, [{ kind: 'labeled', slot: 1, purpose: 'finetune-view' }]);
    await openPool(0).render([labeled, finetune], output);
    expect(digest(output.subarray(0, SLOT))).not.toBe(digest(output.subarray(SLOT)));
  });
});

describe('bad pictures', () => {
  test.each([0, 2])('are told of and leave zeros, with %i workers', async (workers) => {
    const good = join(GOLDEN_INPUTS, 'jpeg444.jpg');
    const paths = [
      good,
      write('empty.jpg', ''),
      write('page.jpg', '<html>'),
      write('half.jpg', readFileSync(good).subarray(0, 30_000)),
      GOLDEN_INPUTS,
      join(GOLDEN_INPUTS, 'gone.jpg'),
      good,
    ];
    const output = batch(paths.length);
    const views = paths.map((path, slot) => item(path, slot, [{ kind: 'weak', slot }]));
    const { failures } = await openPool(workers).render(views, output);
    expect(failures).toEqual([
      { index: 1, path: paths[1], code: 'corrupt', reason: `The image has no bytes: ${paths[1]}.` },
      { index: 2, path: paths[2], code: 'bad-input', reason: `Not an image: ${paths[2]}.` },
      { index: 3, path: paths[3], code: 'corrupt', reason: `The image is cut short: ${paths[3]}.` },
      { index: 4, path: paths[4], code: 'bad-input', reason: `This is a folder, not an image: ${paths[4]}.` },
      { index: 5, path: paths[5], code: 'not-found', reason: `There is no image at ${paths[5]}.` },
    ]);
    for (let slot = 1; slot <= 5; slot++) {
      expect(output.subarray(slot * SLOT, (slot + 1) * SLOT).every((value) => value === 0)).toBe(true);
    }
    for (const slot of [0, 6]) expect(output.subarray(slot * SLOT, (slot + 1) * SLOT).includes(99)).toBe(false);
  });
});

describe('the cache', () => {
  test('of a thread stays within its bytes', async () => {
    // Each picture is kept with 37 pixels as its shorter side: 4 to 6 kB, but the wide one at its own 108 kB.
    const renderer = new Renderer(12_000);
    const output = batch(PICTURES.length * 4);
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const picture of items(epoch)) {
        expect(await renderer.render(picture, output)).toBeUndefined();
        expect(renderer.cachedBytes).toBeLessThanOrEqual(12_000);
      }
      expect(renderer.cachedBytes).toBeGreaterThan(6_000);
    }
  });

  test('serves a picture whose file is gone', async () => {
    const path = write('cached.jpg', readFileSync(join(GOLDEN_INPUTS, 'jpeg444.jpg')));
    const pool = openPool(1, 1_000_000);
    const output = batch(1);
    const weak = item(path, 0, [{ kind: 'weak', slot: 0 }]);
    await pool.render([weak], output);
    const expected = digest(output);
    write('cached.jpg', '');
    output.fill(99);
    expect(await pool.render([weak], output)).toEqual({ failures: [] });
    expect(digest(output)).toBe(expected);
  });

  test('gives up the least recently used', () => {
    const cache = new ImageCache(2 * 12);
    const [a, b, c] = [noise(2, 2, 1), noise(2, 2, 2), noise(2, 2, 3)];
    cache.set('a', a);
    cache.set('b', b);
    expect(cache.get('a')).toBe(a);
    cache.set('c', c);
    expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.bytes]).toEqual([a, undefined, c, 24]);
    cache.set('c', b); // replaces
    expect([cache.get('c'), cache.bytes]).toEqual([b, 24]);
    cache.set('large', noise(3, 3)); // 27 bytes: never kept
    expect([cache.get('large'), cache.get('a'), cache.bytes]).toEqual([undefined, a, 24]);
  });
});

describe('faults', () => {
  test('a worker that dies is told of, and another takes its place', async () => {
    const pool = openPool(1);
    const starting = once(process, 'worker') as Promise<[Worker]>;
    const rendering = pool.render(items(), batch(PICTURES.length * 4));
    const rejected = expect(rendering).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/An image worker stopped .*jpeg444\.jpg/),
    });
    const [worker] = await starting;
    await worker.terminate();
    await rejected;
    expect(await renderAll(pool)).toBe(await renderAll(openPool(0)));
  });

  test('a slot outside the batch is refused before anything is written', async () => {
    const output = batch(1);
    const views = [0, 1].map((slot) => item(join(GOLDEN_INPUTS, PICTURES[0]!), slot, [{ kind: 'weak', slot }]));
    await expect(openPool(0).render(views, output)).rejects.toMatchObject({
      code: 'internal',
      message: 'A view was to go into slot 1 of a batch with 1.',
    });
    expect(output.every((value) => value === 99)).toBe(true);
  });

  test('settings that contradict each other are no fault of the pictures', async () => {
    const impossible = { ...items()[0]!, settings: { ...settings, releaseCrop: true, imageSize: 300 } };
    await expect(openPool(0).render([impossible], batch(1))).rejects.toMatchObject({ code: 'usage' });
  });

  test('closing ends what waits and refuses what comes', async () => {
    const pool = openPool(1);
    const rendering = pool.render(items(), batch(PICTURES.length * 4));
    const ended = expect(rendering).rejects.toMatchObject({ code: 'cancelled' });
    await pool.close();
    await ended;
    await expect(pool.render(items(), batch(PICTURES.length * 4))).rejects.toMatchObject({ code: 'cancelled' });
  });
});
