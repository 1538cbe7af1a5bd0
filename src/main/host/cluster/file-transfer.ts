import { createHash, type Hash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { FilePart } from './protocol.ts';

const PIECE_BYTES = 2 ** 20;

/** Sends a file, piece by piece. @param source a path, or a descriptor that is open already and is closed. @param path in the folder it goes to. */
export async function sendFile(
  send: (part: FilePart) => Promise<void>,
  source: string | number,
  path: string,
): Promise<void> {
  await send({ kind: 'file', path });
  const hash = createHash('sha256');
  const options = { highWaterMark: PIECE_BYTES };
  const pieces =
    typeof source === 'number' ? createReadStream('', { ...options, fd: source }) : createReadStream(source, options);
  for await (const piece of pieces as AsyncIterable<Buffer>) {
    hash.update(piece);
    await send({ kind: 'bytes', bytes: piece });
  }
  await send({ kind: 'fileEnd', sha256: hash.digest('hex') });
}

export interface ReceivedFile {
  readonly path: string;
  readonly sha256: string;
}

interface OpenFile {
  readonly path: string;
  /** Descriptor. */
  readonly file: number;
  readonly hash: Hash;
}

/** Writes the files that come into a folder. */
export class FileReceiver {
  readonly #folder: string;
  #open: OpenFile | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @returns the path in the folder and the digest of a file that is complete now, and on the disk; else null.
   * @throws StudioError 'corrupt' for bytes that are not those that were sent, 'unauthorized' for a path out of the folder.
   */
  receive(part: FilePart): ReceivedFile | null {
    switch (part.kind) {
      case 'file':
        this.#begin(part.path);
        return null;
      case 'bytes': {
        const { file, hash } = this.#current();
        hash.update(part.bytes);
        writeSync(file, part.bytes);
        return null;
      }
      case 'fileEnd': {
        const { path, file, hash } = this.#current();
        fsyncSync(file);
        this.close();
        if (hash.digest('hex') === part.sha256) return { path, sha256: part.sha256 };
        throw new StudioError('corrupt', `${path} did not arrive as it was sent.`, { hint: 'Try again.' });
      }
    }
  }

  close(): void {
    if (this.#open !== null) closeSync(this.#open.file);
    this.#open = null;
  }

  #begin(path: string): void {
    const inside = normalize(path);
    if (inside.startsWith('..') || inside.startsWith('/') || inside.includes('\\') || inside.includes(':')) {
      throw new StudioError('unauthorized', `“${path}” leads out of the session’s folder.`);
    }
    const place = join(this.#folder, inside);
    mkdirSync(dirname(place), { recursive: true });
    this.#open = { path: inside, file: openSync(place, 'w'), hash: createHash('sha256') };
  }

  #current(): OpenFile {
    if (this.#open === null) throw new StudioError('internal', 'Bytes of a file came before its beginning.');
    return this.#open;
  }
}
