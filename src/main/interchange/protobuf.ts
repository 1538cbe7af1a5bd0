/**
 * Protocol buffers' wire format (protobuf.dev/programming-guides/encoding), as far as ONNX, TensorFlow's graphs and TensorBoard's events need it. Large fields are
 * kept as they are and never copied, so that weights take no memory twice.
 */
export interface Encoded {
  readonly byteLength: number;
  readonly chunks: readonly Uint8Array[];
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Fields one after the other; a message is no more than that. */
export function message(...fields: readonly (Encoded | readonly Encoded[])[]): Encoded {
  const all = fields.flat() as Encoded[];
  return {
    byteLength: all.reduce((sum, { byteLength }) => sum + byteLength, 0),
    chunks: all.flatMap(({ chunks }) => chunks),
  };
}

/** An integer, a boolean or an enumeration's number; a negative one as 64 bits. */
export function integerField(field: number, value: number | boolean): Encoded {
  return encoded(Buffer.concat([tag(field, VARINT), varint(BigInt(value))]));
}

/** A 32-bit float. */
export function floatField(field: number, value: number): Encoded {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return encoded(Buffer.concat([tag(field, FIXED_32), bytes]));
}

/** A 64-bit float. */
export function doubleField(field: number, value: number): Encoded {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return encoded(Buffer.concat([tag(field, FIXED_64), bytes]));
}

/** Text, bytes, or a message in a message. */
export function field(number: number, content: string | Uint8Array | Encoded): Encoded {
  const body = content instanceof Uint8Array || typeof content === 'string' ? encoded(bytesOf(content)) : content;
  const start = Buffer.concat([tag(number, LENGTH_DELIMITED), varint(BigInt(body.byteLength))]);
  return { byteLength: start.byteLength + body.byteLength, chunks: [start, ...body.chunks] };
}

/** An entry of a map from text. */
export function mapField(number: number, key: string, value: string | Encoded): Encoded {
  return field(number, message(field(1, key), field(2, value)));
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
}

function encoded(bytes: Uint8Array): Encoded {
  return { byteLength: bytes.byteLength, chunks: [bytes] };
}

function tag(field: number, wireType: number): Uint8Array {
  return varint(BigInt(field * 8 + wireType));
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** A decoded message: the values of each field in their order, integers as numbers, everything else as its bytes. */
export class Decoded {
  readonly #integers = new Map<number, number[]>();
  readonly #bytes = new Map<number, Uint8Array[]>();

  /** @throws RangeError when the bytes are no message. */
  constructor(bytes: Uint8Array) {
    const reader = new WireReader(bytes);
    while (!reader.atEnd) {
      const key = reader.varint();
      const number = Math.floor(key / 8);
      switch (key % 8) {
        case VARINT:
          append(this.#integers, number, reader.varint());
          break;
        case FIXED_64:
          append(this.#bytes, number, reader.take(8));
          break;
        case LENGTH_DELIMITED:
          append(this.#bytes, number, reader.take(reader.varint()));
          break;
        case FIXED_32:
          append(this.#bytes, number, reader.take(4));
          break;
        default:
          throw new RangeError(`There is no wire type ${key % 8}.`);
      }
    }
  }

  integers(field: number): readonly number[] {
    // Repeated integers may be packed into bytes.
    const packed = this.bytes(field).flatMap((bytes) => {
      const reader = new WireReader(bytes);
      const values: number[] = [];
      while (!reader.atEnd) values.push(reader.varint());
      return values;
    });
    return [...(this.#integers.get(field) ?? []), ...packed];
  }

  bytes(field: number): readonly Uint8Array[] {
    return this.#bytes.get(field) ?? [];
  }

  messages(field: number): Decoded[] {
    return this.bytes(field).map((bytes) => new Decoded(bytes));
  }

  text(field: number): string {
    const bytes = this.bytes(field).at(-1);
    return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
  }
}

class WireReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.byteLength;
  }

  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new RangeError('An integer has no end.');
  }

  take(count: number): Uint8Array {
    const begin = this.#position;
    if (!(count >= 0) || begin + count > this.#bytes.byteLength) throw new RangeError('It was cut short.');
    this.#position = begin + count;
    return this.#bytes.subarray(begin, begin + count);
  }
}

function append<Value>(map: Map<number, Value[]>, key: number, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
