import koffi from 'koffi';
import { StudioError } from '#shared/errors.ts';
import type { CApi, Pointer } from './c-api.ts';

/** The kinds of numbers that tfjs and a captured graph exchange. */
export type HostDataType = 'float32' | 'int32' | 'bool';

/** Float32Array for float32, Int32Array for int32, Uint8Array of 0 and 1 for bool; may lie on shared memory. */
export type HostData = Float32Array | Int32Array | Uint8Array;

/** A tensor in JavaScript's own memory, row-major. */
export interface HostTensor {
  readonly dataType: HostDataType;
  readonly shape: readonly number[];
  readonly data: HostData;
}

/** `TF_DataType` (tensorflow/c/tf_datatype.h) with the array that holds it. */
const DATA_TYPES = {
  float32: { code: 1, array: Float32Array },
  int32: { code: 3, array: Int32Array },
  bool: { code: 10, array: Uint8Array },
} as const;

export function dataTypeCode(dataType: HostDataType): number {
  return DATA_TYPES[dataType].code;
}

/** @returns undefined for a type that tfjs does not know, such as bfloat16. */
export function dataTypeOfCode(code: number): HostDataType | undefined {
  return (Object.keys(DATA_TYPES) as HostDataType[]).find((dataType) => DATA_TYPES[dataType].code === code);
}

export function isHostDataType(dataType: string): dataType is HostDataType {
  return dataType in DATA_TYPES;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Copies a tensor into memory that TensorFlow allocated and aligned. TensorFlow may keep that memory as long as it likes (a variable
 * that is assigned a fed value does), so the caller's array is free at once and each call makes a new one.
 *
 * @param name what the tensor is, for the error.
 * @returns a `TF_Tensor` that the caller deletes.
 * @throws StudioError 'internal' when the array is not of the type and size that `dataType` and `shape` ask for.
 */
export function toTensor(api: CApi, name: string, { dataType, shape, data }: HostTensor): Pointer {
  const { code, array } = DATA_TYPES[dataType];
  const count = elementCount(shape);
  if (!(data instanceof array) || data.length !== count) {
    throw new StudioError(
      'internal',
      `"${name}" takes ${dataType} [${shape.join(', ')}] (${count} values) and was given ${data.constructor.name} of ${data.length}.`,
      { hint: 'Give an array of that type and size.' },
    );
  }
  const tensor = api.allocateTensor(code, dimensionsOf(shape), shape.length, data.byteLength);
  if (count > 0) new array(koffi.view(api.tensorData(tensor), data.byteLength)).set(data);
  return tensor;
}

/**
 * Copies a `TF_Tensor` into an array of JavaScript's own.
 *
 * @throws StudioError 'unsupported' when its type is not one of {@link HostDataType}.
 */
export function fromTensor(api: CApi, name: string, tensor: Pointer): HostTensor {
  const code = api.tensorType(tensor);
  const dataType = dataTypeOfCode(code);
  if (dataType === undefined) {
    throw new StudioError(
      'unsupported',
      `"${name}" has TensorFlow's data type ${code}, which cannot be read from JavaScript.`,
      { hint: 'Cast it to float32, int32 or bool first.' },
    );
  }
  const shape = Array.from({ length: api.tensorRank(tensor) }, (_, axis) => api.tensorDimension(tensor, axis));
  const { array } = DATA_TYPES[dataType];
  const bytes = api.tensorBytes(tensor);
  const data = bytes === 0 ? new array(0) : new array(koffi.view(api.tensorData(tensor), bytes)).slice();
  return { dataType, shape, data };
}

/** A shape as C takes it: `int64_t[]`. */
export function dimensionsOf(shape: readonly number[]): BigInt64Array {
  return BigInt64Array.from(shape, BigInt);
}
