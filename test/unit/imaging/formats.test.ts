import { describe, expect, test } from 'vitest';
import { decodeBytes, decodeImage } from '#main/imaging/decode.ts';
import { temporaryFolder } from './support.ts';

const write = temporaryFolder();

describe('Windows bitmaps', () => {
  /** @param rows each padded to 4 bytes, the bottom one first. @param height negative: the top one first. */
  function bitmap(
    width: number,
    height: number,
    bits: number,
    palette: number[],
    rows: number[],
    compression = 0,
  ): Buffer {
    const header = Buffer.alloc(54);
    header.write('BM', 0, 'latin1');
    header.writeUInt32LE(54 + palette.length, 10);
    header.writeUInt32LE(40, 14);
    header.writeInt32LE(width, 18);
    header.writeInt32LE(height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    return Buffer.concat([header, Buffer.from(palette), Buffer.from(rows)]);
  }
  const blackAndWhite = [0, 0, 0, 0, 255, 255, 255, 0];

  test('24 bits: blue, green, red, from the bottom', async () => {
    const bytes = bitmap(1, 2, 24, [], [3, 2, 1, 0, 6, 5, 4, 0]);
    expect(await decodeBytes(bytes)).toEqual({ width: 1, height: 2, data: Uint8Array.of(4, 5, 6, 1, 2, 3) });
  });

  test('32 bits from the top', async () => {
    const bytes = bitmap(1, -2, 32, [], [3, 2, 1, 0, 6, 5, 4, 0]);
    expect((await decodeBytes(bytes)).data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  });

  test('1 bit: the leftmost pixel is the highest bit', async () => {
    const { data } = await decodeBytes(bitmap(9, 1, 1, blackAndWhite, [0b10100000, 0b10000000, 0, 0]));
    const grey = [255, 0, 255, 0, 0, 0, 0, 0, 255];
    expect([...data]).toEqual(grey.flatMap((value) => [value, value, value]));
  });

  test('4 and 8 bits look up a palette', async () => {
    const palette = [...blackAndWhite, 30, 20, 10, 0];
    expect([...(await decodeBytes(bitmap(2, 1, 4, palette, [0x21, 0, 0, 0]))).data]).toEqual([
      10, 20, 30, 255, 255, 255,
    ]);
    expect([...(await decodeBytes(bitmap(2, 1, 8, palette, [2, 0, 0, 0]))).data]).toEqual([10, 20, 30, 0, 0, 0]);
  });

  test('what is compressed, odd or cut short is refused by name', async () => {
    const refusal = (bytes: Buffer): Promise<unknown> =>
      decodeBytes(bytes, {}, 'x.bmp').catch((error: unknown) => error);
    expect(await refusal(bitmap(1, 1, 8, blackAndWhite, [0, 0, 0, 0], 1))).toMatchObject({ code: 'unsupported' });
    expect(await refusal(bitmap(1, 1, 16, [], [0, 0, 0, 0]))).toMatchObject({
      code: 'unsupported',
      message: 'The bitmap cannot be read, because it has 16 bits a pixel: x.bmp.',
    });
    expect(await refusal(bitmap(4, 4, 24, [], [0, 0, 0, 0]))).toMatchObject({
      code: 'corrupt',
      message: 'The image is cut short: x.bmp.',
    });
  });
});

describe('rows of FER2013', () => {
  const values = Array.from({ length: 48 * 48 }, (_, i) => i % 256);
  const csv = `emotion,pixels,Usage\n3,${values.join(' ')},Training\n4,"${values.toReversed().join(' ')}",PublicTest\n`;
  const path = write('fer2013.csv', csv);
  const rows = csv.split('\n').map((line) => line.length);
  const first = { path, encoding: 'fer2013-row' as const, offset: rows[0]! + 1, length: rows[1]! };

  test('48 × 48 grey values', async () => {
    const { width, height, data } = await decodeImage(first);
    expect([width, height]).toEqual([48, 48]);
    expect([...data]).toEqual(values.flatMap((value) => [value, value, value]));
  });

  test('quoted, and read without leaving the thread', async () => {
    const second = { ...first, offset: rows[0]! + rows[1]! + 2, length: rows[2]! };
    const { data } = await decodeImage(second, { blockingRead: true });
    expect([...data.subarray(0, 6)]).toEqual([values.at(-1), values.at(-1), values.at(-1), 254, 254, 254]);
  });

  test.each([
    [
      'too few values',
      { offset: rows[0]! + 1, length: 100 },
      'corrupt',
      /of 2304 values: .*fer2013\.csv, from byte 21/,
    ],
    ['past the end', { offset: csv.length - 5, length: 100 }, 'corrupt', /ends before the image does/],
    ['no length', { offset: 5, length: undefined }, 'bad-input', /needs both offset and length/],
  ])('%s', async (_, place, code, message) => {
    const reference = { ...first, ...place };
    for (const blockingRead of [false, true]) {
      await expect(decodeImage(reference, { blockingRead })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    }
  });

  test('a value above 255 is refused', async () => {
    const line = `0,${values.with(7, 256).join(' ')},Training`;
    const bad = write('bad.csv', line);
    await expect(
      decodeImage({ path: bad, encoding: 'fer2013-row', offset: 0, length: line.length }),
    ).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('the value 256'),
    });
  });
});
