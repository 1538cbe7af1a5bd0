import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';

/** What a message calls the picture: its path, and the place inside a larger file. */
export function nameOf(reference: ImageReference): string {
  return reference.offset === undefined ? reference.path : `${reference.path}, from byte ${reference.offset}`;
}

/**
 * The bytes of a picture, still encoded. @throws StudioError `not-found`, `bad-input` (folder, permission, damaged disk) or `corrupt`
 * (no bytes, or fewer than the reference says).
 */
export async function readReference(reference: ImageReference): Promise<Buffer> {
  const { path } = reference;
  try {
    const stretch = stretchOf(reference);
    const bytes =
      stretch === undefined
        ? await readFile(path)
        : await withFile(path, (file) => readAt(file, stretch.offset, stretch.length));
    return checkBytes(bytes, reference);
  } catch (error) {
    throw readError(path, error);
  }
}

/** The same, without leaving the thread: 0.2 ms less a file, for image workers, where nothing else waits for the thread. */
export function readReferenceSync(reference: ImageReference): Buffer {
  const { path } = reference;
  try {
    const stretch = stretchOf(reference);
    const bytes = stretch === undefined ? readFileSync(path) : readStretchSync(path, stretch);
    return checkBytes(bytes, reference);
  } catch (error) {
    throw readError(path, error);
  }
}

/** Opens a file for reading and closes it again. @throws StudioError as {@link readReference}. */
export async function withFile<Result>(path: string, use: (file: FileHandle) => Promise<Result>): Promise<Result> {
  try {
    await using file = await open(path, 'r');
    return await use(file);
  } catch (error) {
    throw readError(path, error);
  }
}

/** `length` bytes from `offset` on, or as many as there are. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

export function emptyFile(name: string): StudioError {
  return new StudioError('corrupt', `The image has no bytes: ${name}.`, {
    hint: 'Copy the file again from where it came from, or remove it.',
  });
}

interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** Where in the file the picture is; undefined when it is the file. */
function stretchOf({ path, offset, length }: ImageReference): Stretch | undefined {
  if (offset === undefined && length === undefined) return undefined;
  if (offset !== undefined && length !== undefined) return { offset, length };
  throw new StudioError('bad-input', `The place of an image inside ${path} needs both offset and length.`, {
    hint: 'Import the file again.',
  });
}

function readStretchSync(path: string, { offset, length }: Stretch): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  } finally {
    closeSync(file);
  }
}

function checkBytes(bytes: Buffer, reference: ImageReference): Buffer {
  if (reference.length !== undefined && bytes.length < reference.length) {
    throw new StudioError('corrupt', `The file ends before the image does: ${nameOf(reference)}.`, {
      hint: 'The file was changed or cut short since it was imported. Import it again.',
    });
  }
  if (bytes.length === 0) throw emptyFile(nameOf(reference));
  return bytes;
}

function readError(path: string, error: unknown): StudioError {
  if (error instanceof StudioError) return error;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new StudioError('not-found', `There is no image at ${path}.`, {
        hint: 'Put the folder back where it was, or import it from its new place.',
        cause: error,
      });
    case 'EISDIR':
      return new StudioError('bad-input', `This is a folder, not an image: ${path}.`, {
        hint: 'Name a file.',
        cause: error,
      });
    default: {
      const known = toStudioError(error);
      if (known.code !== 'internal') return known;
      return new StudioError('bad-input', `The image cannot be read: ${path} (${known.message}).`, {
        hint: 'Check the disk or the network folder it lies on.',
        cause: error,
      });
    }
  }
}
