import { describe, expect, it } from 'vitest';
import { encodePng } from '#main/imaging/png.ts';
import { decodeBytes } from '#main/imaging/decode.ts';

describe('encodePng', () => {
  it.each([
    [1, 1],
    [5, 3],
    [64, 64],
  ])('writes %d × %d pixels that another program reads back', async (width, height) => {
    // A walk through all byte values, with steps that wrap around 255 from pixel to pixel.
    const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 97 + (index >> 5) * 31) & 255);
    const read = await decodeBytes(encodePng({ width, height, data }));
    expect([read.width, read.height]).toEqual([width, height]);
    expect(Buffer.from(read.data).equals(Buffer.from(data))).toBe(true);
  });
});
