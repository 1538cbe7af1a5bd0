import type { TensorEntry } from '../checkpoint-file.ts';
import type { FileBytes } from '../file-bytes.ts';
import { ARRAY_TYPES, type SafetensorsData, type SafetensorsTensor } from '../safetensors.ts';
import type { PickleStorage, PickleTensor } from './pickle-values.ts';
import type { TorchTree } from './torch-tree.ts';

export function bytesPerElement({ dtype }: PickleStorage): number {
  return ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;
}

/** Tensors may share a storage, or repeat it; together they may not take much more memory than the file has bytes. */
const ALLOWED_BYTES = 2 ** 25;
const ALLOWED_REPETITION = 4;

/**
 * Tensors that are read on demand out of storages.
 *
 * @param readStorage the bytes of a whole storage, by its key. @throws StudioError 'corrupt' when the tensors, or the storages, claim much more
 * than the file holds.
 */
export function tensorEntries(
  file: FileBytes,
  tree: TorchTree,
  readStorage: (storage: PickleStorage) => Promise<Uint8Array<ArrayBuffer>>,
): TensorEntry[] {
  const allowed = ALLOWED_BYTES + ALLOWED_REPETITION * file.size;
  const claimed = tree.tensors.reduce(
    (sum, { tensor }) => sum + elementCount(tensor.shape) * bytesPerElement(tensor.storage),
    0,
  );
  if (claimed > allowed) throw file.corrupt(`its tensors claim ${claimed} bytes, and it has ${file.size}`);
  // Shared storages are usually named one after the other.
  let recent: { readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  const bytesOf = async (storage: PickleStorage): Promise<Uint8Array<ArrayBuffer>> => {
    if (recent?.key !== storage.key) recent = { key: storage.key, bytes: await readStorage(storage) };
    return recent.bytes;
  };
  return tree.tensors.map(({ path, tensor }) => ({
    path,
    dtype: tensor.storage.dtype,
    shape: tensor.shape,
    read: async () => viewOf(await bytesOf(tensor.storage), tensor),
  }));
}

/** Storages by key. @throws StudioError 'corrupt' when two descriptions of one differ in bytes, or all claim much more than the file holds. */
export function storagesByKey(file: FileBytes, described: readonly PickleStorage[]): Map<string, PickleStorage> {
  const storages = new Map<string, PickleStorage>();
  const allowed = ALLOWED_BYTES + ALLOWED_REPETITION * file.size;
  let claimed = 0;
  for (const storage of described) {
    const known = storages.get(storage.key);
    if (known === undefined) {
      storages.set(storage.key, storage);
      claimed += storage.length * bytesPerElement(storage);
    } else if (known.length * bytesPerElement(known) !== storage.length * bytesPerElement(storage)) {
      throw file.corrupt(`storage ${storage.key} is described in two ways`);
    }
  }
  if (claimed > allowed) throw file.corrupt(`its storages claim ${claimed} bytes, and it has ${file.size}`);
  return storages;
}

function viewOf(bytes: Uint8Array<ArrayBuffer>, { storage, offset, shape, strides }: PickleTensor): SafetensorsTensor {
  const type = ARRAY_TYPES[storage.dtype];
  const whole = new type(bytes.buffer, 0, Math.floor(bytes.byteLength / type.BYTES_PER_ELEMENT));
  const count = elementCount(shape);
  // A copy in any case: the next tensor may be a view of the same numbers.
  const data = isContiguous(shape, strides)
    ? whole.slice(offset, offset + count)
    : gather(whole, new type(count), offset, shape, strides);
  return { dtype: storage.dtype, shape, data };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** Elements in row-major order out of any strides. */
export function gather<Data extends SafetensorsData>(
  source: Data,
  result: Data,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): Data {
  const index = shape.map(() => 0);
  for (let position = 0, from = offset; position < result.length; position++) {
    result[position] = source[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
