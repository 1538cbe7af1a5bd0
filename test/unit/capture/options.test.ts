import { expect, test } from 'vitest';
import { encodeConfig } from '#main/tensorflow/capture/config-proto.ts';
import { mixedPrecisionOf } from '#main/tensorflow/capture/precision.ts';

// Protocol buffers: a field is (number << 3 | wire type), then a varint (type 0) or a length and so many bytes (type 2).
const SOFT_PLACEMENT = [0x38, 1]; // field 7, varint: 1

test('no options: only soft placement', () => {
  expect([...encodeConfig({})]).toEqual(SOFT_PLACEMENT);
});

test('every option at its place in ConfigProto', () => {
  const config = encodeConfig({
    intraOpThreads: 300,
    interOpThreads: 2,
    allowGrowth: true,
    precision: 'bfloat16',
    cpuDevices: 4,
  });
  expect([...config]).toEqual([
    ...SOFT_PLACEMENT,
    ...[0x0a, 7, 0x0a, 3, 0x43, 0x50, 0x55, 0x10, 4], // field 1, a map entry: key (1) "CPU", value (2) 4
    ...[0x10, 0xac, 0x02], // field 2: 300 = 0b10_0101100, low seven bits first
    ...[0x28, 2, 0x48, 1], // field 5: 2; field 9, a pool of its own
    ...[0x32, 2, 0x20, 1], // field 6 (GPU options), field 4 (allow growth)
    ...[0x52, 5, 0x52, 3, 0xf8, 0x01, 1], // field 10 (graph options), 10 (rewriter), 31 (oneDNN bfloat16): (31 << 3) = 248 = 0xf8 0x01
  ]);
});

test('float16 is field 23 of the rewriter', () => {
  // 23 << 3 = 184 = 0xb8 0x01.
  expect([...encodeConfig({ precision: 'float16' })]).toEqual([...SOFT_PLACEMENT, 0x52, 5, 0x52, 3, 0xb8, 0x01, 1]);
});

test.each([
  ['gpu', '', 'float16'],
  ['cpu', 'processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 sse\n', 'bfloat16'],
  ['cpu', 'processor\t: 0\nflags\t\t: fpu avx512f avx512_vnni\n', 'float32'],
  ['cpu', 'Features\t: fp asimd bf16\n', 'bfloat16'],
  ['cpu', '', 'float32'],
] as const)('mixed precision on a %s of flags "%s" is %s', (device, processors, expected) => {
  expect(mixedPrecisionOf(device, processors)).toBe(expected);
});
