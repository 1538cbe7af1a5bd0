import type { CheckpointFile, TensorEntry } from '../checkpoint-file.ts';
import type { FileBytes } from '../file-bytes.ts';
import { Decoded } from '../protobuf.ts';
import { tensorOfBytes } from '../raw-tensor.ts';
import type { SafetensorsDtype } from '../safetensors.ts';

/** TensorProto.DataType. */
const TYPES: Readonly<Record<number, SafetensorsDtype>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  16: 'BF16',
};
const FLOAT = 1;
/** Protocol buffers hold no more. */
const LARGEST = 2 ** 31;

/** A model begins with the version of its format, one of the first twenty, and then its maker's name or its operator sets. */
export function isOnnx(start: Uint8Array): boolean {
  return start[0] === 0x08 && start[1]! > 0 && start[1]! < 20 && (start[2] === 0x12 || start[2] === 0x42);
}

/**
 * The weights (initializers) of an ONNX model, by name. Its operations are not looked at.
 * @throws StudioError 'corrupt' when it is damaged or holds none; 'unsupported' when its weights are in another file.
 */
export async function openOnnx(file: FileBytes): Promise<CheckpointFile> {
  if (file.size > LARGEST) throw file.corrupt('it is larger than any ONNX model');
  const bytes = await file.read(0, file.size, 'it');
  try {
    const model = new Decoded(bytes);
    const [graph] = model.messages(7);
    const tensors = (graph?.messages(5) ?? []).map((tensor) => entryOf(file, tensor));
    if (tensors.length === 0) throw file.corrupt('it holds no tensor');
    const metadata = model.messages(14).map((entry) => [entry.text(1), entry.text(2)] as const);
    return {
      path: file.path,
      kind: 'onnx',
      tensors,
      values: new Map(),
      metadata: Object.fromEntries(metadata),
      close: () => file.close(),
    };
  } catch (error) {
    if (error instanceof RangeError) throw file.corrupt('it is no sound ONNX model', error);
    throw error;
  }
}

function entryOf(file: FileBytes, tensor: Decoded): TensorEntry {
  const name = tensor.text(8);
  if (tensor.bytes(13).length > 0) {
    throw file.unsupported('its weights are in another file', 'Save the model as one file.');
  }
  const number = tensor.integers(2).at(-1) ?? 0;
  const dtype = TYPES[number];
  if (dtype === undefined) throw file.unsupported(`tensor ${name} is of type ${number}`, 'Save its weights as floats.');
  const floats = number === FLOAT ? tensor.bytes(4).at(-1) : undefined;
  const bytes = tensor.bytes(9).at(-1) ?? floats ?? new Uint8Array(0);
  const shape = [...tensor.integers(1)];
  return { path: [name], dtype, shape, read: tensorOfBytes(file, name, dtype, shape, bytes) };
}
