import { type FileBytes, isCount } from './file-bytes.ts';
import { ARRAY_TYPES, type SafetensorsDtype, type SafetensorsTensor } from './safetensors.ts';

/**
 * A tensor whose numbers lie in a file one after the other, row-major and little-endian.
 * @throws StudioError 'corrupt' when the bytes are not as many as the shape needs.
 */
export function tensorOfBytes(
  file: FileBytes,
  name: string,
  dtype: SafetensorsDtype,
  shape: readonly number[],
  bytes: Uint8Array,
): () => Promise<SafetensorsTensor> {
  const type = ARRAY_TYPES[dtype];
  const needed = shape.reduce((product, side) => product * side, type.BYTES_PER_ELEMENT);
  if (!shape.every(isCount) || needed !== bytes.byteLength) {
    throw file.corrupt(`tensor ${name} needs ${needed} bytes for its shape and has ${bytes.byteLength}`);
  }
  // A copy, because numbers of several bytes must begin at a multiple of their size.
  return () => Promise.resolve({ dtype, shape, data: new type(new Uint8Array(bytes).buffer) });
}
