import { writeFileAtomically } from '../atomic-file.ts';
import type { SafetensorsDtype, SafetensorsTensor } from '../safetensors.ts';
import { type ZipFile, zipChunks } from './zip-writer.ts';

/** What can be written: Python's None, bool, int, float, str, list and dict, a state_dict, and tensors in it. */
export type TorchObject =
  | null
  | boolean
  | number
  | string
  | readonly TorchObject[]
  | ReadonlyMap<string | number, TorchObject>
  | StateDictionary
  | SafetensorsTensor;

/** An OrderedDict of tensors, as `state_dict()` gives it. */
export class StateDictionary {
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  constructor(tensors: ReadonlyMap<string, SafetensorsTensor>) {
    this.tensors = tensors;
  }
}

const STORAGE_CLASSES: Readonly<Partial<Record<SafetensorsDtype, string>>> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

const ROOT = 'face2exp';

/**
 * Writes a checkpoint as torch.save does since PyTorch 1.6; `torch.load(path, weights_only=True)` reads it.
 * @returns SHA-256 of the file. @throws StudioError 'no-space' on a full disk; 'unsupported' when it would be larger than 4 GiB.
 */
export function writePyTorch(path: string, object: TorchObject): Promise<string> {
  const writer = new PickleWriter();
  const pickle = writer.write(object);
  const file = (name: string, bytes: Uint8Array): ZipFile => ({ name: `${ROOT}/${name}`, bytes });
  return writeFileAtomically(
    path,
    zipChunks([
      file('data.pkl', pickle),
      file('byteorder', Buffer.from('little')),
      ...writer.storages.map((bytes, key) => file(`data/${key}`, bytes)),
      file('version', Buffer.from('3\n')),
    ]),
  );
}

class PickleWriter {
  /** The bytes of storage `index`. */
  readonly storages: Uint8Array[] = [];
  readonly #parts: Uint8Array[] = [];

  write(object: TorchObject): Uint8Array {
    this.#bytes(0x80, 2);
    this.#value(object);
    this.#operation('.');
    return Buffer.concat(this.#parts);
  }

  #value(value: TorchObject): void {
    if (value === null) return this.#operation('N');
    if (typeof value === 'boolean') return this.#bytes(value ? 0x88 : 0x89);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value === 'string') return this.#text(value);
    if (value instanceof StateDictionary) return this.#stateDictionary(value);
    if (value instanceof Map) return this.#dictionary(value as ReadonlyMap<string | number, TorchObject>);
    if (Array.isArray(value)) return this.#list(value as readonly TorchObject[]);
    this.#tensor(value as SafetensorsTensor);
  }

  #number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
      const bytes = Buffer.alloc(5, 'J');
      bytes.writeInt32LE(value, 1);
      this.#parts.push(bytes);
      return;
    }
    const bytes = Buffer.alloc(9, 'G');
    bytes.writeDoubleBE(value, 1);
    this.#parts.push(bytes);
  }

  #text(value: string): void {
    const text = Buffer.from(value, 'utf8');
    const head = Buffer.alloc(5, 'X');
    head.writeUInt32LE(text.byteLength, 1);
    this.#parts.push(head, text);
  }

  #list(items: readonly TorchObject[]): void {
    this.#operation('](');
    for (const item of items) this.#value(item);
    this.#operation('e');
  }

  #dictionary(entries: ReadonlyMap<string | number, TorchObject>): void {
    this.#operation('}');
    this.#entries(entries);
  }

  #stateDictionary({ tensors }: StateDictionary): void {
    this.#operation('ccollections\nOrderedDict\n)R');
    this.#entries(tensors);
  }

  #entries(entries: ReadonlyMap<string | number, TorchObject>): void {
    this.#operation('(');
    for (const [key, value] of entries) {
      this.#value(key);
      this.#value(value);
    }
    this.#operation('u');
  }

  /** _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks). */
  #tensor({ dtype, shape, data }: SafetensorsTensor): void {
    const storageClass = STORAGE_CLASSES[dtype];
    if (storageClass === undefined) throw new Error(`PyTorch has no storage of ${dtype}.`);
    const key = this.storages.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) - 1;
    this.#operation('ctorch._utils\n_rebuild_tensor_v2\n((');
    this.#text('storage');
    this.#operation(`ctorch\n${storageClass}\n`);
    this.#text(String(key));
    this.#text('cpu');
    this.#number(data.length);
    this.#operation('tQ');
    this.#number(0);
    this.#tuple(shape);
    this.#tuple(
      shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * Math.max(1, side), 1)),
    );
    this.#bytes(0x89);
    this.#operation('ccollections\nOrderedDict\n)RtR');
  }

  #tuple(values: readonly number[]): void {
    this.#operation('(');
    for (const value of values) this.#number(value);
    this.#operation('t');
  }

  #operation(text: string): void {
    this.#parts.push(Buffer.from(text, 'latin1'));
  }

  #bytes(...values: readonly number[]): void {
    this.#parts.push(Uint8Array.from(values));
  }
}
