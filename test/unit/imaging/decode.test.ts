import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeBytes, decodeImage, probeImage } from '#main/imaging/decode.ts';
import { checkImaging } from '#main/imaging/self-check.ts';
import { GOLDEN_INPUTS, temporaryFolder } from './support.ts';

const write = temporaryFolder();
const golden = (name: string): Buffer => readFileSync(join(GOLDEN_INPUTS, name));
const file = (path: string): { path: string; encoding: 'file' } => ({ path, encoding: 'file' });

/** A header of a PNG, as far as the size. */
function pngHeader(width: number, height: number): Buffer {
  const bytes = golden('png-rgba.png').subarray(0, 64);
  const header = Buffer.from(bytes);
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return header;
}

const HTML = '<!doctype html><title>404 Not Found</title>';

describe('files that are no pictures', () => {
  const jpeg = golden('jpeg420-large.jpg');
  const progressive = golden('jpeg-progressive.jpg');
  const png = golden('png-palette.png');
  const webp = golden('webp.webp');
  test.each([
    ['zero bytes', write('empty.jpg', ''), 'corrupt', /has no bytes: .*empty\.jpg/],
    ['a web page', write('page.jpg', HTML), 'bad-input', /Not an image: .*page\.jpg/],
    ['half a JPEG', write('half.jpg', jpeg.subarray(0, jpeg.length / 2)), 'corrupt', /cut short: .*half\.jpg/],
    ['a JPEG without its end', write('end.jpg', jpeg.subarray(0, -2)), 'corrupt', /cut short/],
    ['a header of a JPEG', write('header.jpg', jpeg.subarray(0, 20)), 'corrupt', /cut short/],
    ['half a progressive JPEG', write('progressive.jpg', progressive.subarray(0, 18_000)), 'corrupt', /cut short/],
    ['half a PNG', write('half.png', png.subarray(0, png.length / 2)), 'corrupt', /cut short: .*half\.png/],
    ['half a WebP', write('half.webp', webp.subarray(0, webp.length / 2)), 'corrupt', /cut short: .*half\.webp/],
    ['too many pixels', write('huge.png', pngHeader(20_000, 20_000)), 'unsupported', /too large: .*20000 × 20000/],
    ['a damaged TIFF', write('bad.tif', Buffer.from('II*\0\xff\xff\xff\xff', 'latin1')), 'corrupt', /damaged/],
    ['a folder', dirname(write('in-folder', 'x')), 'bad-input', /is a folder/],
    ['a missing file', join(dirname(write('beside', 'x')), 'gone.jpg'), 'not-found', /no image at .*gone\.jpg/],
  ])('%s', async (_, path, code, message) => {
    const error = { code, message: expect.stringMatching(message), hint: expect.stringMatching(/\.$/) };
    await expect(decodeImage(file(path))).rejects.toMatchObject(error);
    await expect(decodeImage(file(path), { blockingRead: true })).rejects.toMatchObject(error);
    await expect(probeImage(path)).rejects.toMatchObject(error);
  });

  test('bytes without a file are told of as such', async () => {
    await expect(decodeBytes(Buffer.from(HTML))).rejects.toMatchObject({
      message: 'Not an image: the picture given.',
    });
  });
});

describe('probeImage', () => {
  test.each([
    ['jpeg420-large.jpg', 560, 420, 'jpeg'],
    ['jpeg-progressive.jpg', 640, 427, 'jpeg'],
    ['jpeg-cmyk.jpg', 560, 420, 'jpeg'],
    ['png-rgba.png', 200, 300, 'png'],
    ['webp.webp', 300, 280, 'webp'],
    ['one-pixel.png', 1, 1, 'png'],
  ])('%s', async (name, width, height, format) => {
    expect(await probeImage(join(GOLDEN_INPUTS, name))).toEqual({ width, height, format });
  });

  const picture = sharp(golden('png-48-upscale.png'));
  test.each([
    ['gif', picture.clone().gif()],
    ['tiff', picture.clone().tiff()],
    ['avif', picture.clone().avif()],
    ['webp', picture.clone().webp({ lossless: true })],
    [
      'webp',
      picture
        .clone()
        .webp()
        .keepMetadata()
        .withExif({ IFD0: { Copyright: 'nobody' } }),
    ],
  ])('%s', async (format, encoder) => {
    const path = write(`probe.${format}`, await encoder.toBuffer());
    expect(await probeImage(path)).toEqual({ width: 48, height: 48, format });
  });

  test('a JPEG whose header lies behind 100 kB of application data', async () => {
    const jpeg = golden('jpeg444.jpg');
    const segment = Buffer.alloc(2 + 50_000);
    segment.writeUInt16BE(0xffed, 0);
    segment.writeUInt16BE(50_000, 2);
    const path = write('long-header.jpg', Buffer.concat([jpeg.subarray(0, 2), segment, segment, jpeg.subarray(2)]));
    expect(await probeImage(path)).toEqual({ width: 311, height: 402, format: 'jpeg' });
  });

  test('data behind the end of a JPEG does no harm', async () => {
    const path = write('trailer.jpg', Buffer.concat([golden('jpeg444.jpg'), Buffer.alloc(200_000, 7)]));
    expect(await probeImage(path)).toEqual({ width: 311, height: 402, format: 'jpeg' });
  });

  test('the end marker of an EXIF thumbnail is not taken for the picture’s own', async () => {
    const jpeg = golden('jpeg444.jpg').subarray(0, 40_000);
    const thumbnail = Buffer.from([0xff, 0xe1, 0x00, 0x06, 0xff, 0xd8, 0xff, 0xd9]);
    const path = write('thumbnail.jpg', Buffer.concat([jpeg.subarray(0, 2), thumbnail, jpeg.subarray(2)]));
    await expect(probeImage(path)).rejects.toMatchObject({ message: expect.stringContaining('cut short') });
  });
});

describe('kinds of pictures', () => {
  const pixels = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 34, 56, 78, 90, 123, 200, 100, 50]);
  const raw = { raw: { width: 3, height: 2, channels: 3 } } as const;

  test('alpha is dropped, not blended', async () => {
    const rgba = Buffer.from([10, 20, 30, 0, 40, 50, 60, 128]);
    const png = await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodeBytes(png)).data]).toEqual([10, 20, 30, 40, 50, 60]);
  });

  test('16-bit grey keeps its high byte', async () => {
    const png = await sharp(Uint16Array.from([0x1234, 0xff00]), { raw: { width: 2, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect(png.readUInt8(24)).toBe(16);
    expect([...(await decodeBytes(png)).data]).toEqual([0x12, 0x12, 0x12, 0xff, 0xff, 0xff]);
  });

  test('EXIF orientation is left alone unless asked for', async () => {
    const turned = await sharp(pixels, raw).withMetadata({ orientation: 6 }).tiff({ compression: 'none' }).toBuffer();
    expect(await decodeBytes(turned)).toMatchObject({ width: 3, height: 2, data: Uint8Array.from(pixels) });
    // Orientation 6 turns by 90° clockwise: the lower left pixel comes first.
    const upright = await decodeBytes(turned, { applyOrientation: true });
    expect(upright).toMatchObject({ width: 2, height: 3 });
    expect([...upright.data.subarray(0, 6)]).toEqual([12, 34, 56, 255, 0, 0]);
  });

  test('a crop box is cut out first, black outside', async () => {
    const path = write('box.png', await sharp(pixels, raw).png().toBuffer());
    const image = await decodeImage({ ...file(path), box: { x: -1, y: 1, width: 3, height: 2 } });
    expect(image).toMatchObject({ width: 3, height: 2 });
    expect([...image.data]).toEqual([0, 0, 0, 12, 34, 56, 78, 90, 123, ...Array<number>(9).fill(0)]);
  });

  test('edges of a crop box are rounded as Python does, halves to even', async () => {
    const path = write('half-box.png', await sharp(pixels, raw).png().toBuffer());
    // Left round(0.5) = 0, right round(0.5 + 2) = 2; top round(0.4) = 0, bottom round(1.4) = 1.
    const image = await decodeImage({ ...file(path), box: { x: 0.5, y: 0.4, width: 2, height: 1 } });
    expect([image.width, image.height, ...image.data]).toEqual([2, 1, 255, 0, 0, 0, 255, 0]);
  });

  test('an empty crop box is refused', async () => {
    const path = write('no-box.png', await sharp(pixels, raw).png().toBuffer());
    await expect(decodeImage({ ...file(path), box: { x: 0, y: 0, width: 0, height: 5 } })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('no-box.png'),
    });
  });

  test('the studio finds its own decoder sound', async () => {
    expect(await checkImaging()).toMatch(/^sharp \d.*, libvips \d/);
  });
});
