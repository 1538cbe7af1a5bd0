import { expect, test } from 'vitest';
import type { ManifestImage } from '#shared/images.ts';
import type { ImagePool, RenderItem } from '#main/imaging/pool.ts';
import { BadImages, renderReplacing, type WantedImage } from '#main/training/bad-images.ts';

const IMAGES: ManifestImage[] = Array.from({ length: 300 }, (_, id) => ({
  id,
  reference: { path: `${id}.png`, encoding: 'file' },
  label: id % 7,
}));

/** A pool that cannot read some images, and notes what it was asked for. */
function poolWithout(unreadable: (id: number) => boolean): { pool: ImagePool; asked: string[] } {
  const asked: string[] = [];
  const render = (items: readonly RenderItem[]): Promise<unknown> => {
    asked.push(...items.map(({ reference }) => reference.path));
    const failures = items.flatMap(({ reference: { path } }, index) =>
      unreadable(Number.parseInt(path)) ? [{ index, path, code: 'corrupt', reason: `${path} is cut short` }] : [],
    );
    return Promise.resolve({ failures });
  };
  return { pool: { render } as unknown as ImagePool, asked };
}

function wanted(index: number): WantedImage {
  const settings = { imageSize: 1, releaseCrop: false, randAugment: null };
  return {
    images: IMAGES,
    index,
    rendering: { views: [{ kind: 'labeled', slot: 0 }], settings, address: { seed: 0, epoch: 0, index } },
  };
}

const output = new Float32Array(new SharedArrayBuffer(12));

test('the next image of the set that can be read takes the place, past the end too, and each bad one is told once', async () => {
  const reported: string[] = [];
  const bad = new BadImages([], (image, reason) => reported.push(`${image.id}: ${reason}`));
  const { pool, asked } = poolWithout((id) => [4, 5, 299].includes(id));
  const used = await renderReplacing(pool, [wanted(4), wanted(299), wanted(7)], bad, output);
  expect(used.map(({ id }) => id)).toEqual([6, 0, 7]);
  expect(reported).toEqual(['4: 4.png is cut short', '299: 299.png is cut short', '5: 5.png is cut short']);
  expect(asked).toEqual(['4.png', '299.png', '7.png', '5.png', '0.png', '6.png']);
  // What is known to be bad is not tried again.
  expect((await renderReplacing(pool, [wanted(5)], bad, output)).map(({ id }) => id)).toEqual([6]);
  expect(asked.slice(6)).toEqual(['6.png']);
  expect(bad.ids).toEqual([4, 299, 5]);
});

test('images that were reported before a pause are not reported again', async () => {
  const bad = new BadImages([4], () => expect.fail('reported twice'));
  const { pool } = poolWithout((id) => id === 4);
  expect((await renderReplacing(pool, [wanted(4)], bad, output)).map(({ id }) => id)).toEqual([5]);
});

test('a folder that is gone ends the run long before every image of it was tried', async () => {
  const { pool, asked } = poolWithout(() => true);
  const batch = Array.from({ length: 60 }, (_, position) => wanted(position * 5));
  await expect(renderReplacing(pool, batch, new BadImages([], () => undefined), output)).rejects.toMatchObject({
    code: 'not-found',
    message: '120 images cannot be read, among them 0.png.',
  });
  expect(asked).toHaveLength(120);
});
