import { constants, crc32, deflateSync } from 'node:zlib';
import type { RgbImage } from './image.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const FILTER_SUB = 1;

/**
 * A small picture as PNG, encoded here and now: for 64 pixels a call into a thread pool takes longer than the work. Deflate only counts
 * symbols, because grain leaves no repeats to find (PNG specification, third edition).
 */
export function encodePng({ width, height, data }: RgbImage): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, the five standard filters, not interlaced
  const compressed = deflateSync(differences(width, height, data), { level: 1, strategy: constants.Z_HUFFMAN_ONLY });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', compressed), chunk('IEND', Buffer.alloc(0))]);
}

/** Each row after its filter number, each byte as the difference from the same channel of the pixel to the left. */
function differences(width: number, height: number, data: Uint8Array): Uint8Array {
  const stride = width * 3;
  const rows = new Uint8Array((stride + 1) * height);
  for (let row = 0; row < height; row++) {
    const start = row * (stride + 1) + 1;
    rows[start - 1] = FILTER_SUB;
    for (let index = 0; index < stride; index++) {
      const from = row * stride + index;
      rows[start + index] = data[from]! - (index < 3 ? 0 : data[from - 3]!);
    }
  }
  return rows;
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
