import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toStudioError } from '#shared/errors.ts';

/** A person's disk may lose power at any moment: after this, the folder's entries (renames, new files) are on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder for this; NTFS journals its entries by itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that a crash leaves either the old content or the new, never a part: a temporary file beside it, flushed to the disk,
 * then renamed over it.
 *
 * @returns SHA-256 of what was written, as hexadecimal digits.
 * @throws StudioError 'no-space' on a full disk, else by the system's reason. The temporary file is gone by then.
 */
export async function writeFileAtomically(path: string, chunks: Iterable<Uint8Array>): Promise<string> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    let digest: string;
    try {
      digest = await writeChunks(handle, chunks);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return digest;
  } catch (error) {
    await rm(temporary, { force: true });
    throw toStudioError(error);
  }
}

/** write() may take fewer bytes than it was given, and none beyond 2 GiB. */
async function writeChunks(handle: FileHandle, chunks: Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for (const chunk of chunks) {
    hash.update(chunk);
    for (let offset = 0; offset < chunk.byteLength;) {
      const { bytesWritten } = await handle.write(chunk, offset, Math.min(chunk.byteLength - offset, 2 ** 30));
      offset += bytesWritten;
    }
  }
  return hash.digest('hex');
}
