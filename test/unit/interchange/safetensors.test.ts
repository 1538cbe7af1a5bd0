import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StudioError } from '#shared/errors.ts';
import { readSafetensors, type SafetensorsTensor, writeSafetensors } from '#main/interchange/safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with this header text and this many zero bytes of data. */
function fileWith(name: string, header: string, dataBytes: number, claimedLength = Buffer.byteLength(header)): string {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(claimedLength));
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]));
  return path;
}

const EVERY_TYPE = new Map<string, SafetensorsTensor>([
  ['bool', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['u8', { dtype: 'U8', shape: [1, 2], data: Uint8Array.of(0, 255) }],
  ['i8', { dtype: 'I8', shape: [2], data: Int8Array.of(-128, 127) }],
  ['f8', { dtype: 'F8_E4M3', shape: [1], data: Uint8Array.of(0x7e) }],
  ['f8b', { dtype: 'F8_E5M2', shape: [1], data: Uint8Array.of(0x7b) }],
  ['i16', { dtype: 'I16', shape: [1], data: Int16Array.of(-32768) }],
  ['u16', { dtype: 'U16', shape: [1], data: Uint16Array.of(65535) }],
  ['f16', { dtype: 'F16', shape: [1], data: Uint16Array.of(0x3c00) }],
  ['bf16', { dtype: 'BF16', shape: [1], data: Uint16Array.of(0x3f80) }],
  ['i32', { dtype: 'I32', shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ['u32', { dtype: 'U32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
  ['f32', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(-1.5, Infinity) }],
  ['i64', { dtype: 'I64', shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
  ['u64', { dtype: 'U64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
  ['f64', { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
]);

describe('writing and reading', () => {
  test('every type comes back as it was, with the metadata', async () => {
    const path = join(folder, 'all.safetensors');
    const digest = await writeSafetensors(path, EVERY_TYPE, { format: 'pt' });
    const { tensors, metadata } = await readSafetensors(path);
    expect(metadata).toEqual({ format: 'pt' });
    expect(new Map([...tensors].sort())).toEqual(new Map([...EVERY_TYPE].sort()));
    expect(digest).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
  });

  test('the file is laid out as the format says', async () => {
    const path = join(folder, 'layout.safetensors');
    const a: SafetensorsTensor = { dtype: 'U8', shape: [1], data: Uint8Array.of(7) };
    const b: SafetensorsTensor = { dtype: 'F32', shape: [1], data: Float32Array.of(1) };
    await writeSafetensors(
      path,
      new Map([
        ['a', a],
        ['b', b],
      ]),
    );
    const bytes = readFileSync(path);
    const headerLength = Number(bytes.readBigUInt64LE(0));
    expect(headerLength % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + headerLength))).toEqual({
      b: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
      a: { dtype: 'U8', shape: [1], data_offsets: [4, 5] },
    });
    // 1.0 as a little-endian 32-bit float is 00 00 80 3f.
    expect([...bytes.subarray(8 + headerLength)]).toEqual([0, 0, 0x80, 0x3f, 7]);
  });

  test('a tensor that is a window into a larger array is written alone', async () => {
    const path = join(folder, 'window.safetensors');
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    await writeSafetensors(path, new Map([['window', { dtype: 'F32', shape: [2], data }]]));
    expect((await readSafetensors(path)).tensors.get('window')?.data).toEqual(Float32Array.of(2, 3));
  });

  test('a failed write leaves the old file and nothing else', async () => {
    const place = mkdtempSync(join(folder, 'failed-'));
    const path = join(place, 'x.safetensors');
    await writeSafetensors(path, new Map([['a', { dtype: 'U8', shape: [1], data: Uint8Array.of(7) }]]));
    const wrong: SafetensorsTensor = { dtype: 'F32', shape: [3], data: Float32Array.of(1) };
    await expect(writeSafetensors(path, new Map([['a', wrong]]))).rejects.toThrow(/a does not hold the 3 F32/);
    await expect(writeSafetensors(join(place, 'no-folder', 'x'), new Map())).rejects.toBeInstanceOf(StudioError);
    expect(readdirSync(place)).toEqual(['x.safetensors']);
    expect((await readSafetensors(path)).tensors.get('a')?.data).toEqual(Uint8Array.of(7));
  });
});

describe('files that are not sound', () => {
  const tensor = (begin: number, end: number, shape = [2], dtype = 'F32'): string =>
    JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
  test.each([
    ['a file that is not there', () => join(folder, 'nowhere'), /not-found No such file/],
    ['a header longer than the limit', () => fileWith('long', '{}', 0, 100_000_001), /more than the format's limit/],
    ['a header of 2^63 bytes', () => fileWith('huge', '{}', 0, 2 ** 63), /more than the format's limit/],
    ['cut inside the header', () => fileWith('cut', '{"a":', 0, 50), /ends inside its header/],
    ['not JSON', () => fileWith('text', '{"a": 1,,}', 0), /not JSON/],
    ['not UTF-8', () => fileWith('bytes', '{"a": "\u00e9"}', 0, 9), /not JSON/],
    ['an array', () => fileWith('array', '[]', 0), /not a JSON object/],
    ['metadata that is not text', () => fileWith('meta', '{"__metadata__":{"a":1}}', 0), /other than text/],
    ['an unknown type', () => fileWith('type', `{"a":${tensor(0, 8, [2], 'C64')}}`, 8), /unknown type "C64"/],
    [
      'a type from the prototype',
      () => fileWith('proto', `{"a":${tensor(0, 8, [2], 'toString')}}`, 8),
      /unknown type "toString"/,
    ],
    ['a negative side', () => fileWith('negative', `{"a":${tensor(0, 8, [-2])}}`, 8), /no valid shape/],
    ['a fractional side', () => fileWith('fraction', `{"a":${tensor(0, 8, [0.5])}}`, 8), /no valid shape/],
    [
      'a product that overflows',
      () => fileWith('overflow', `{"a":${tensor(0, 8, [2 ** 40, 2 ** 40])}}`, 8),
      /more elements than any file/,
    ],
    [
      'offsets that do not fit the shape',
      () => fileWith('fit', `{"a":${tensor(0, 4)}}`, 4),
      /needs 8 bytes for its shape and has 4/,
    ],
    [
      'offsets out of bounds',
      () => fileWith('bounds', `{"a":${tensor(0, 8)}}`, 7),
      /cut short: its tensors need 8 bytes and 7/,
    ],
    [
      'overlapping tensors',
      () => fileWith('overlap', `{"a":${tensor(0, 8)},"b":${tensor(4, 12)}}`, 12),
      /b overlaps another/,
    ],
    ['a gap', () => fileWith('gap', `{"a":${tensor(0, 8)},"b":${tensor(12, 20)}}`, 20), /gap before tensor b/],
    ['bytes left over', () => fileWith('over', `{"a":${tensor(0, 8)}}`, 9), /1 bytes at its end belong to no tensor/],
  ])('%s', async (_, make, message) => {
    const error: unknown = await readSafetensors(make()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StudioError);
    expect(`${(error as StudioError).code} ${(error as StudioError).message}`).toMatch(message);
  });

  test('a file of three bytes', async () => {
    const path = join(folder, 'three');
    writeFileSync(path, 'abc');
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('only 3 bytes'),
    });
  });
});
