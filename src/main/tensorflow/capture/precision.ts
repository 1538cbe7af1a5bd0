import { readFileSync } from 'node:fs';
import type { RuntimeInfo } from '#shared/runtime.ts';
import type { Precision } from './config-proto.ts';

/** Processor flags, as Linux names them, that make bfloat16 faster than float32: AVX-512's and AMX's, and ARM's own. */
const BFLOAT16_FLAGS = ['avx512_bf16', 'amx_bf16', 'bf16'];

/**
 * The arithmetic that mixed precision means on a device: float16 on a GPU, bfloat16 on a processor that has it, and float32 where neither
 * would be faster (or, outside Linux, where it cannot be told).
 *
 * @param processors text of Linux's /proc/cpuinfo.
 */
export function mixedPrecisionOf(device: RuntimeInfo['device'], processors = readProcessors()): Precision {
  if (device === 'gpu') return 'float16';
  const flags = new Set(
    processors
      .match(/^(?:flags|Features)\s*:(.*)$/m)?.[1]
      ?.trim()
      .split(/\s+/),
  );
  return BFLOAT16_FLAGS.some((flag) => flags.has(flag)) ? 'bfloat16' : 'float32';
}

function readProcessors(): string {
  return process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
}
