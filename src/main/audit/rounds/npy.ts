import type { FileBytes } from '../../interchange/file-bytes.ts';
import { floatOfHalf } from '../../interchange/half-precision.ts';

/** An array as NumPy saves it (numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
export interface NpyArray {
  readonly shape: readonly number[];
  /** Numbers, in C order; null for texts. */
  readonly numbers: ArrayLike<number> | null;
  /** One of an array of texts. */
  readonly text: ((index: number) => string) | null;
}

const MAGIC = '\u0093NUMPY';
const DESCRIPTION = /'descr':\s*'([^']*)'/;
const ORDER = /'fortran_order':\s*(True|False)/;
const SHAPE = /'shape':\s*\(([\d,\s]*)\)/;
/** Bytes of a character in NumPy's `U`. */
const CHARACTER = 4;

/**
 * @param bytes a whole .npy file. @param name for messages.
 * @throws StudioError 'corrupt' when it is none, or shorter than it claims; 'unsupported' for objects, structures and big-endian numbers.
 */
export function parseNpy(bytes: Uint8Array<ArrayBuffer>, name: string, file: FileBytes): NpyArray {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.byteLength < 12 || whole.toString('latin1', 0, 6) !== MAGIC) throw file.corrupt(`its ${name} is no array`);
  const isLong = whole[6]! >= 2;
  const begin = isLong ? 12 : 10;
  const dataBegin = begin + (isLong ? whole.readUInt32LE(8) : whole.readUInt16LE(8));
  if (dataBegin > whole.byteLength) throw file.corrupt(`the header of its array ${name} is cut short`);
  const header = whole.toString('latin1', begin, dataBegin);
  const [type, order, shapeText] = [DESCRIPTION, ORDER, SHAPE].map((part) => part.exec(header)?.[1]);
  if (type === undefined && /'descr':/.test(header)) {
    throw file.unsupported(`its array ${name} has several fields`, 'Save each as an array of its own.');
  }
  if (type === undefined || order === undefined || shapeText === undefined) {
    throw file.corrupt(`the header of its array ${name} cannot be read`);
  }
  const shape = shapeText
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  if (order === 'True' && shape.length > 1) {
    throw file.unsupported(`its array ${name} is in Fortran's order`, 'Save it by way of np.ascontiguousarray.');
  }
  const itemBytes = itemBytesOf(type, name, file);
  if (!Number.isSafeInteger(count) || dataBegin + count * itemBytes > whole.byteLength) {
    throw file.corrupt(`its array ${name} claims ${shape.join('×')} values and is shorter`);
  }
  const data = whole.subarray(dataBegin, dataBegin + count * itemBytes);
  const kind = type[1]!;
  if (kind === 'U' || kind === 'S')
    return { shape, numbers: null, text: (index) => textAt(data, index, itemBytes, kind) };
  return { shape, numbers: numbersOf(data, type), text: null };
}

const NUMBER_TYPES: Readonly<Record<string, new (buffer: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  f4: Float32Array,
  f8: Float64Array,
  f2: Uint16Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
};

function itemBytesOf(type: string, name: string, file: FileBytes): number {
  const match = /^([<|=>])([USfiuO])(\d*)$/.exec(type);
  const [, byteOrder, kind, digits] = match ?? [];
  const size = Number(digits);
  if (kind === 'U' && byteOrder === '<') return size * CHARACTER;
  if (kind === 'S') return size;
  if (kind === 'O') {
    throw file.unsupported(
      `its array ${name} holds Python objects`,
      'Make it plain before it is saved, such as np.array(paths, dtype=str).',
    );
  }
  if (byteOrder === '>' || kind === undefined || NUMBER_TYPES[`${kind}${digits}`] === undefined) {
    throw file.unsupported(
      `its array ${name} holds values of the type ${type}`,
      'Save little-endian numbers or texts.',
    );
  }
  return size;
}

function numbersOf(data: Buffer, type: string): ArrayLike<number> {
  // A copy: numbers must begin at a multiple of their size.
  const aligned = new Uint8Array(data).buffer;
  const values = new NUMBER_TYPES[type.slice(1)]!(aligned);
  if (type.endsWith('f2')) return Float32Array.from(values as Uint16Array, floatOfHalf);
  return typeof values[0] === 'bigint' ? Float64Array.from(values as BigInt64Array, Number) : (values as Float64Array);
}

/** Shorter texts are filled up with zeros. */
function textAt(data: Buffer, index: number, itemBytes: number, kind: 'U' | 'S' | string): string {
  const begin = index * itemBytes;
  if (kind === 'S') return data.toString('utf8', begin, begin + itemBytes).replace(/\0+$/, '');
  const points: number[] = [];
  for (let position = begin; position < begin + itemBytes; position += CHARACTER) {
    const point = data.readUInt32LE(position);
    if (point === 0) break;
    points.push(point <= 0x10ffff ? point : 0xfffd);
  }
  return String.fromCodePoint(...points);
}
