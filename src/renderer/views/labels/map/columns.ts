import { z } from 'zod';

/** The columns of a map as the host sends them, N points in ascending order of the images; see MAP_COLUMNS of the contract. */
export interface Columns {
  readonly count: number;
  readonly ids: Float64Array;
  /** [N×2] within -1 … 1. */
  readonly positions: Float32Array;
  readonly confidences: Float32Array;
  readonly predicted: Uint8Array;
  /** NO_CLASS where nobody says. */
  readonly known: Uint8Array;
  readonly splits: Uint8Array;
  readonly isLandmark: Uint8Array;
  readonly decided: Uint8Array;
}

const LENGTH_BYTES = 8;
const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.enum(['F64', 'F32', 'U8']),
    data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
  }),
);
type Tensors = ReadonlyMap<string, Float64Array | Float32Array | Uint8Array>;

/** @throws TypeError when the document holds something else. */
export function readColumns(bytes: ArrayBuffer): Columns {
  const tensors = readDocument(bytes);
  const ids = doubles(tensors, 'id');
  return {
    count: ids.length,
    ids,
    positions: singles(tensors, 'position'),
    confidences: singles(tensors, 'confidence'),
    predicted: octets(tensors, 'predicted'),
    known: octets(tensors, 'known'),
    splits: octets(tensors, 'split'),
    isLandmark: octets(tensors, 'landmark'),
    decided: octets(tensors, 'decided'),
  };
}

/** What another round says of the points of a map. @returns [N] classes; `absent` where it says nothing. @throws TypeError as above. */
export function readLabelsFor({ ids, count }: Columns, bytes: ArrayBuffer, absent: number): Uint8Array {
  const tensors = readDocument(bytes);
  const others = doubles(tensors, 'id');
  const labels = octets(tensors, 'label');
  const found = new Uint8Array(count).fill(absent);
  for (let point = 0, other = 0; point < count && other < others.length;) {
    if (ids[point] === others[other]) found[point++] = labels[other++]!;
    else if (ids[point]! < others[other]!) point++;
    else other++;
  }
  return found;
}

/** A safetensors document: the header's length, the header as JSON, and the tensors' bytes behind it. */
function readDocument(bytes: ArrayBuffer): Tensors {
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const start = LENGTH_BYTES + length;
  const text = new TextDecoder().decode(new Uint8Array(bytes, LENGTH_BYTES, length));
  const header = headerSchema.parse(JSON.parse(text));
  const tensors = new Map<string, Float64Array | Float32Array | Uint8Array>();
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries(header)) {
    const [from, to] = offsets;
    if (dtype === 'F64') tensors.set(name, new Float64Array(bytes, start + from, (to - from) / 8));
    else if (dtype === 'F32') tensors.set(name, new Float32Array(bytes, start + from, (to - from) / 4));
    else tensors.set(name, new Uint8Array(bytes, start + from, to - from));
  }
  return tensors;
}

function doubles(tensors: Tensors, name: string): Float64Array {
  const data = tensors.get(name);
  if (data instanceof Float64Array) return data;
  throw new TypeError(`The map has no numbers ${name}.`);
}

function singles(tensors: Tensors, name: string): Float32Array {
  const data = tensors.get(name);
  if (data instanceof Float32Array) return data;
  throw new TypeError(`The map has no numbers ${name}.`);
}

function octets(tensors: Tensors, name: string): Uint8Array {
  const data = tensors.get(name);
  if (data instanceof Uint8Array) return data;
  throw new TypeError(`The map has no column ${name}.`);
}
