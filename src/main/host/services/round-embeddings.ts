import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { mkdir, open, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type HeaderEntry, writeSafetensorsPieces } from '../../interchange/safetensors.ts';

const FILE = 'embeddings.safetensors';
const IDS_PART = 'embedding-ids.partial';
const ROWS_PART = 'embeddings.partial';
const PIECE_BYTES = 2 ** 20;
const ID_BYTES = Float64Array.BYTES_PER_ELEMENT;

/**
 * What a network's last layer saw of each image of a round: `embeddings.safetensors` in the round's folder, with `ids`, int64 [N], and
 * `embeddings`, float16 [N×D], in the order the images came. While the round goes on, its rows are appended to two partial files, so that it can be
 * continued.
 */
export class RoundEmbeddings {
  readonly #folder: string;
  readonly #size: number;

  private constructor(folder: string, size: number) {
    this.#folder = folder;
    this.#size = size;
  }

  /** @param folder the round's, made when it is not there. @param size numbers of an embedding. */
  static async open(folder: string, size: number): Promise<RoundEmbeddings> {
    await mkdir(folder, { recursive: true });
    return new RoundEmbeddings(folder, size);
  }

  /** The finished file of a round; null when it has none. */
  static fileIn(folder: string): string | null {
    const file = join(folder, FILE);
    return existsSync(file) ? file : null;
  }

  /** Whole rows that both partial files hold. */
  async rows(): Promise<number> {
    const [ids, rows] = await Promise.all([IDS_PART, ROWS_PART].map((name) => sizeOf(join(this.#folder, name))));
    return Math.min(Math.floor(ids! / ID_BYTES), Math.floor(rows! / this.#rowBytes));
  }

  /** Drops all rows behind the first `count`. */
  async keep(count: number): Promise<void> {
    const parts = [
      [IDS_PART, ID_BYTES],
      [ROWS_PART, this.#rowBytes],
    ] as const;
    for (const [name, bytes] of parts) {
      const path = join(this.#folder, name);
      if ((await sizeOf(path)) > count * bytes) await truncate(path, count * bytes);
    }
  }

  /** @param rows [N×D] the bits of float16 numbers. */
  async append(ids: Float64Array, rows: Uint16Array): Promise<void> {
    await appendTo(join(this.#folder, IDS_PART), ids);
    await appendTo(join(this.#folder, ROWS_PART), rows);
  }

  /** Makes the file of the partial ones, whole or not at all. */
  async finish(): Promise<void> {
    const count = await this.rows();
    await this.keep(count);
    const tensors: Omit<HeaderEntry, 'begin' | 'end'>[] = [
      { name: 'ids', dtype: 'I64', shape: [count] },
      { name: 'embeddings', dtype: 'F16', shape: [count, this.#size] },
    ];
    await writeSafetensorsPieces(join(this.#folder, FILE), tensors, this.#pieces());
    await Promise.all([IDS_PART, ROWS_PART].map((name) => rm(join(this.#folder, name), { force: true })));
  }

  *#pieces(): Generator<Uint8Array> {
    for (const piece of piecesOf(join(this.#folder, IDS_PART))) {
      const ids = BigInt64Array.from(new Float64Array(new Uint8Array(piece).buffer), BigInt);
      yield new Uint8Array(ids.buffer);
    }
    yield* piecesOf(join(this.#folder, ROWS_PART));
  }

  get #rowBytes(): number {
    return this.#size * Uint16Array.BYTES_PER_ELEMENT;
  }
}

async function sizeOf(path: string): Promise<number> {
  return existsSync(path) ? (await stat(path)).size : 0;
}

async function appendTo(path: string, { buffer, byteOffset, byteLength }: Float64Array | Uint16Array): Promise<void> {
  await using file = await open(path, 'a');
  await file.writeFile(new Uint8Array(buffer, byteOffset, byteLength));
}

/** A whole number of ids fits in a piece. */
function* piecesOf(path: string): Generator<Uint8Array> {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    for (;;) {
      const read = readSync(file, piece, 0, PIECE_BYTES, null);
      if (read === 0) return;
      yield piece.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}
