import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';

/** Makes a file beside its place and moves it there once it is whole. @throws StudioError, having left nothing behind. */
export async function writeWholeFile<Result>(
  target: string,
  write: (file: FileHandle, temporary: string) => Promise<Result>,
): Promise<Result> {
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    const result = await withNewFile(temporary, async (file) => {
      const written = await write(file, temporary);
      await file.sync();
      return written;
    });
    await rename(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw toStudioError(error);
  }
}

/** Makes a folder beside its place and moves it there once it is whole. @throws StudioError 'conflict' when there is one with files in it. */
export async function writeWholeFolder<Result>(
  target: string,
  write: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    await refuseFull(target);
    await mkdir(temporary);
    const result = await write(temporary);
    // An empty folder gives way: rename replaces one on Linux, but not everywhere.
    await rmdir(target).catch(unlessMissing);
    await rename(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw toStudioError(error);
  }
}

async function withNewFile<Result>(path: string, use: (file: FileHandle) => Promise<Result>): Promise<Result> {
  await using file = await open(path, 'w');
  return await use(file);
}

async function refuseFull(folder: string): Promise<void> {
  const names = await readdir(folder).catch(unlessMissing);
  if (names === undefined || names.length === 0) return;
  throw new StudioError('conflict', `The folder ${folder} is not empty.`, {
    hint: 'Choose another, or empty it first: an export does not mix with what is there.',
  });
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
