import { StudioError } from '#shared/errors.ts';
import type { SafetensorsTensor } from './safetensors.ts';

/** IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits. */
export function floatOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A tensor's numbers as 32-bit floats; halves of them are exact. @throws StudioError 'unsupported' when they are no floats. */
export function float32Of({ dtype, data }: SafetensorsTensor, name: string): Float32Array {
  if (data instanceof Float32Array) return data;
  switch (dtype) {
    case 'F64':
      return Float32Array.from(data as Float64Array);
    case 'F16':
      return Float32Array.from(data as Uint16Array, floatOfHalf);
    case 'BF16': {
      // The upper half of a 32-bit float.
      const bits = Uint32Array.from(data as Uint16Array, (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    default:
      throw new StudioError('unsupported', `Tensor ${name} holds ${dtype} numbers; weights must be floats.`, {
        hint: 'Convert the file to 32-bit floats first.',
      });
  }
}
