import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { decodeBytes } from '#main/imaging/decode.ts';
import { decodeSmallJpeg } from '#main/imaging/jpeg-decoder.ts';

/** Noise over a gradient: every kind of coefficient occurs. */
function picture(width: number, height: number): Sharp {
  const stream = new RandomStream(1, 'demo');
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => ((i / 7) % 200) + stream.integer(56));
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

test.each([
  ['baseline 4:2:0', 112, 112, { quality: 75 }],
  ['4:4:4', 47, 33, { quality: 95, chromaSubsampling: '4:4:4' }],
  ['progressive', 64, 81, { quality: 60, progressive: true }],
  ['one pixel', 1, 1, { quality: 90 }],
  ['with restart markers left out and optimised tables', 190, 190, { quality: 40, optimiseCoding: true }],
] as const)('the pixels are sharp’s: %s', async (_, width, height, options) => {
  const bytes = await picture(width, height).jpeg(options).toBuffer();
  const expected = await sharp(bytes).raw().toBuffer();
  const decoded = await decodeSmallJpeg(bytes);
  expect(decoded).toMatchObject({ width, height });
  expect(Buffer.compare(decoded!.data, expected)).toBe(0);
});

test('grey becomes three equal channels', async () => {
  const bytes = await picture(40, 30).greyscale().jpeg().toBuffer();
  const expected = await sharp(bytes).toColourspace('srgb').raw().toBuffer();
  expect(Buffer.compare((await decodeSmallJpeg(bytes))!.data, expected)).toBe(0);
});

test('it gives up on what is damaged, and decodes the next picture all the same', async () => {
  const bytes = await picture(60, 60).jpeg().toBuffer();
  const damaged = Buffer.from(bytes);
  // An impossible number of components in the frame header.
  damaged[damaged.indexOf(Buffer.from([0xff, 0xc0])) + 9] = 77;
  expect(await decodeSmallJpeg(damaged)).toBeNull();
  expect(await decodeSmallJpeg(bytes)).toMatchObject({ width: 60, height: 60 });
  await expect(decodeBytes(damaged, {}, 'a.jpg')).rejects.toMatchObject({ code: 'corrupt' });
});

test('two pictures asked for at once do not mix', async () => {
  const files = await Promise.all([20, 30, 40, 50].map((side) => picture(side, side).jpeg().toBuffer()));
  const decoded = await Promise.all(files.map((bytes) => decodeSmallJpeg(bytes)));
  for (const [index, bytes] of files.entries()) {
    expect(Buffer.compare(decoded[index]!.data, await sharp(bytes).raw().toBuffer())).toBe(0);
  }
});
