import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { toStudioError } from '#shared/errors.ts';
import { probeImage } from '#main/imaging/decode.ts';
import { ProbePool } from '#main/importers/probe-pool.ts';
import { RandomStream } from '#shared/random.ts';
import { picture, temporaryFolder } from './image-tree.ts';

const outcome = (probed: Promise<{ width: number; height: number }>): Promise<string> =>
  probed.then(
    ({ width, height }) => `${width} × ${height}`,
    (error: unknown) => toStudioError(error).message,
  );

test('threads say of every file what a look in the calling thread says', async () => {
  const root = temporaryFolder();
  const stream = new RandomStream(3, 'audit');
  // Larger than what is read of each end.
  const noise = sharp(
    Uint8Array.from({ length: 300 * 200 * 3 }, () => stream.integer(256)),
    {
      raw: { width: 300, height: 200, channels: 3 },
    },
  );
  const large = await noise.clone().png().toBuffer();
  const contents = [
    ...[large, large.subarray(0, large.length - 50), await picture(7, 9), Buffer.alloc(0), Buffer.from('text')],
    ...[
      await noise.clone().jpeg().toBuffer(),
      await noise.clone().webp().toBuffer(),
      await noise.clone().tiff().toBuffer(),
    ],
    (await noise.clone().jpeg().toBuffer()).subarray(0, 20_000),
  ];
  const paths = [...contents.keys(), 'none'].map((name) => join(root, `${name}.png`));
  for (const [index, bytes] of contents.entries()) writeFileSync(paths[index]!, bytes);
  const expected = await Promise.all(paths.map((path) => outcome(probeImage(path))));
  expect(new Set(expected).size).toBeGreaterThan(6);
  await using pool = new ProbePool();
  for (let round = 0; round < 60; round++) {
    expect(await Promise.all(paths.map((path) => outcome(pool.probe(path))))).toEqual(expected);
  }
});
