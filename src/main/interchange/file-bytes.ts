import { type FileHandle, open } from 'node:fs/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';

/** A file, usually of a checkpoint, read in places; every read is checked against the file's size before anything is allocated. */
export class FileBytes {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #kind: string;

  private constructor(path: string, size: number, handle: FileHandle, kind: string) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
    this.#kind = kind;
  }

  /** @param kind what it should be, for messages. @throws StudioError 'not-found' when there is no such file, 'bad-input' when it is none. */
  static async open(path: string, kind = 'checkpoint'): Promise<FileBytes> {
    const handle = await open(path, 'r').catch((error: unknown) => {
      throw toStudioError(error);
    });
    const found = await handle.stat();
    if (found.isFile()) return new FileBytes(path, found.size, handle, kind);
    await handle.close();
    throw new StudioError('bad-input', `${path} is no file.`, { hint: `Name the file of a ${kind}.` });
  }

  /**
   * @param what names what is read, for the message. @returns an array whose buffer holds exactly these bytes, so that any typed array may
   * lie over it. @throws StudioError 'corrupt' when the file ends before.
   */
  async read(position: number, length: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
    if (!isCount(position) || !isCount(length) || position + length > this.size) {
      throw this.corrupt(`it ends at byte ${this.size}, inside ${what}`);
    }
    const bytes = new Uint8Array(length);
    for (let offset = 0; offset < length;) {
      const wanted = Math.min(length - offset, 2 ** 30);
      const { bytesRead } = await this.#handle.read(bytes, offset, wanted, position + offset);
      if (bytesRead === 0) throw this.corrupt('it became shorter while it was read');
      offset += bytesRead;
    }
    return bytes;
  }

  /** The error for a file that is damaged, or made to mislead. */
  corrupt(reason: string, cause?: unknown): StudioError {
    return new StudioError('corrupt', `${this.path} is not a sound ${this.#kind}: ${reason}.`, {
      hint: 'Get the file again, or use another.',
      cause,
    });
  }

  /** The error for a file that may be sound, and holds something the studio does not read. */
  unsupported(reason: string, hint: string): StudioError {
    return new StudioError('unsupported', `${this.path} cannot be read: ${reason}.`, { hint });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Whether a number read from a file can be a size or a place in one. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
