import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { hostname } from 'node:os';
import { toStudioError } from '#shared/errors.ts';
import { doubleField, type Encoded, field, floatField, integerField, message } from './protobuf.ts';

/**
 * TensorBoard's event files: TFRecord frames around protocol buffers.
 * Sources: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
 */
export class EventFile {
  readonly path: string;
  readonly #file: number;

  /**
   * @param folder exists; TensorBoard takes all event files in it for one run, whose later points replace earlier ones of the same step.
   * @throws StudioError when the file cannot be made.
   */
  constructor(folder: string, begun: Date) {
    const seconds = Math.floor(begun.getTime() / 1000);
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`);
    try {
      this.#file = openSync(this.path, 'a');
    } catch (error) {
      throw toStudioError(error);
    }
    this.#append(
      message(doubleField(EVENT.wallTime, begun.getTime() / 1000), field(EVENT.fileVersion, 'brain.Event:2')),
    );
  }

  /** One point of each curve. @param values by tag, such as "loss/adaptation"; numbers that are not finite are kept. */
  addScalars(step: number, at: Date, values: Readonly<Record<string, number>>): void {
    const summary = Object.entries(values).map(([tag, value]) =>
      field(SUMMARY.value, message(field(VALUE.tag, tag), floatField(VALUE.simpleValue, value))),
    );
    this.#append(
      message(
        doubleField(EVENT.wallTime, at.getTime() / 1000),
        integerField(EVENT.step, step),
        field(EVENT.summary, message(summary)),
      ),
    );
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(event: Encoded): void {
    try {
      writeSync(this.#file, frame(Buffer.concat(event.chunks)));
    } catch (error) {
      throw toStudioError(error);
    }
  }
}

const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2 };

/** Length, its checksum, the data, its checksum; numbers little-endian. */
function frame(data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(data.length));
  head.writeUInt32LE(maskedChecksum(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedChecksum(data));
  return Buffer.concat([head, data, tail]);
}

/** TFRecord's masking keeps the checksum of data that holds checksums from being a trivial one. */
function maskedChecksum(data: Uint8Array): number {
  const checksum = crc32c(data);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

/** Castagnoli's polynomial, reflected. node:zlib has the other CRC-32 only. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

export function crc32c(data: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of data) value = TABLE[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
