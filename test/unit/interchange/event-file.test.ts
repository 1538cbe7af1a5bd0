import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { crc32c, EventFile } from '#main/interchange/event-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'face2exp-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the checksum is Castagnoli’s', () => {
  // Check value of CRC-32C, and the vector of 32 zeros of RFC 3720, appendix B.4.
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});

/** The records of a file, their lengths and masked checksums verified. */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  const unmasked = (value: number): number => {
    const rotated = (value - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  for (let offset = 0; offset < file.length;) {
    const length = Number(file.readBigUInt64LE(offset));
    expect(unmasked(file.readUInt32LE(offset + 8))).toBe(crc32c(file.subarray(offset, offset + 8)));
    const data = file.subarray(offset + 12, offset + 12 + length);
    expect(unmasked(file.readUInt32LE(offset + 12 + length))).toBe(crc32c(data));
    records.push(data);
    offset += 16 + length;
  }
  return records;
}

test('a file begins with its version, then holds an event for each point', () => {
  const events = new EventFile(folder, new Date(2_000));
  events.addScalars(300, new Date(1_500), { loss: 0.5 });
  events.close();
  const [version, point, ...more] = recordsOf(readFileSync(events.path));
  expect(more).toEqual([]);
  expect(version!.subarray(9)).toEqual(Buffer.from('\x1a\x0dbrain.Event:2', 'latin1'));
  expect(version!.readDoubleLE(1)).toBe(2);
  // By hand: wall time (field 1, double) 1.5; step (field 2) 300 = 0xac 0x02; summary (5) of a value (1) with tag (1) and number (2, float).
  const expected = [
    ...[0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f],
    ...[0x10, 0xac, 0x02],
    ...[0x2a, 13, 0x0a, 11, 0x0a, 4, ...Buffer.from('loss'), 0x15, 0, 0, 0, 0x3f],
  ];
  expect([...point!]).toEqual(expected);
});
