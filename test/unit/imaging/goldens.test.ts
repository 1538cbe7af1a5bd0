import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runImagingGoldens } from '#main/imaging/goldens.ts';

const GOLDENS = join(import.meta.dirname, '..', '..', 'goldens');

/** Cases of each group: pool + pictures; pictures; pictures; scale + 2 tensors + 6 figures of the erasing distribution. */
test.each([
  ['randaugment', 117],
  ['decode-resize', 18],
  ['geometry', 12],
  ['normalize', 9],
])('%s equals Pillow and torchvision in all %i cases', async (group, count) => {
  const results = await runImagingGoldens(group, GOLDENS);
  expect(results).toHaveLength(count);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
});

describe('a set that differs', () => {
  let copy: string;
  beforeEach(async () => {
    copy = await mkdtemp(join(tmpdir(), 'goldens-'));
    await cp(GOLDENS, copy, { recursive: true });
  });
  afterEach(() => rm(copy, { recursive: true }));

  test('fails the case that differs, and only that', async () => {
    await cp(join(copy, 'geometry', 'rotate_5_face.png'), join(copy, 'geometry', 'rotate_-5_face.png'));
    const failed = (await runImagingGoldens('geometry', copy)).filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).toEqual(['geometry/rotate_-5_face.png']);
    expect(failed[0]!.maxError).toBeGreaterThan(0);
  });

  test('names what is missing', async () => {
    await rm(join(copy, 'normalize', 'expected.json'));
    await expect(runImagingGoldens('normalize', copy)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('expected.json'),
    });
  });
});

test('an unknown group is refused', async () => {
  await expect(runImagingGoldens('metrics', GOLDENS)).rejects.toMatchObject({ code: 'usage' });
});
