import { open } from 'node:fs/promises';

const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface FileLine {
  /** Counted from 1. */
  readonly number: number;
  /** Bytes from the beginning of the file to the line's first. */
  readonly offset: number;
  /** Without the line's end; null when the line is longer than asked for. */
  readonly bytes: Buffer | null;
}

/**
 * The lines of a file with their places, whatever ends them (LF, CR LF, the end of the file). A line that is too long is told as soon as that is
 * known and passed over without being kept, so that memory is bounded whatever the file.
 *
 * @param longest bytes of a line, its end left out.
 */
export async function* fileLines(path: string, longest: number): AsyncGenerator<FileLine> {
  await using file = await open(path);
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let line = new GrowingLine(1, 0, longest);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    for (let from = 0; from < bytesRead;) {
      const lineFeed = chunk.indexOf(LINE_FEED, from);
      const to = lineFeed === -1 ? bytesRead : lineFeed;
      line.add(chunk.subarray(from, to));
      if (!line.isTold && (lineFeed !== -1 || line.isTooLong)) yield line.tell();
      if (lineFeed !== -1) line = line.next();
      from = to + 1;
    }
  }
  if (!line.isTold && line.length > 0) yield line.tell();
}

/** As quick as the file can be read. */
export async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const { number } of fileLines(path, 0)) count = number;
  return count;
}

class GrowingLine {
  length = 0;
  isTold = false;
  readonly #number: number;
  readonly #offset: number;
  readonly #longest: number;
  #kept = Buffer.alloc(0);

  constructor(number: number, offset: number, longest: number) {
    this.#number = number;
    this.#offset = offset;
    this.#longest = longest;
  }

  /** Whether it is, even if its last byte is a carriage return that belongs to its end. */
  get isTooLong(): boolean {
    return this.length > this.#longest + 1;
  }

  add(bytes: Buffer): void {
    this.length += bytes.length;
    if (!this.isTooLong) this.#kept = Buffer.concat([this.#kept, bytes]);
  }

  tell(): FileLine {
    this.isTold = true;
    const bytes = this.#kept.at(-1) === CARRIAGE_RETURN ? this.#kept.subarray(0, -1) : this.#kept;
    const isTooLong = this.isTooLong || bytes.length > this.#longest;
    return { number: this.#number, offset: this.#offset, bytes: isTooLong ? null : bytes };
  }

  next(): GrowingLine {
    return new GrowingLine(this.#number + 1, this.#offset + this.length + 1, this.#longest);
  }
}
