import { type Dirent, existsSync } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toStudioError } from '#shared/errors.ts';
import type { Storage } from '#shared/storage.ts';
import { backupFileFor } from '../../catalog/safekeeping.ts';
import type { Workspace } from '../workspace.ts';

interface Size {
  readonly bytes: number;
  readonly files: number;
}

/** What a workspace takes on the disk, by the files and folders of it. Links are not followed. */
export async function workspaceStorage(workspace: Workspace): Promise<Storage> {
  const { directory, cacheDirectory, catalogFile } = workspace;
  const sizes = new Map<string, Size>();
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    // The catalog's log belongs to it.
    const name = entry.name.startsWith(`${basename(catalogFile)}-`) ? basename(catalogFile) : entry.name;
    sizes.set(name, sum([sizes.get(name) ?? { bytes: 0, files: 0 }, await sizeOf(directory, entry)]));
  }
  const parts = [...sizes]
    .map(([name, size]) => ({ name, ...size, disposable: name === basename(cacheDirectory) }))
    // The files by which hosts find each other are nobody’s concern.
    .filter(({ name, bytes }) => bytes > 0 && !name.startsWith('host.'))
    .toSorted((one, other) => other.bytes - one.bytes);
  const disk = await statfs(directory);
  return {
    parts,
    bytes: sum([...sizes.values()]).bytes,
    free: disk.bavail * disk.bsize,
    backups: await backupsOf(dirname(backupFileFor(catalogFile, new Date()))),
  };
}

async function backupsOf(folder: string): Promise<Storage['backups']> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const backups = await Promise.all(
    names
      .filter((name) => name.endsWith('.sqlite'))
      .map(async (name) => {
        const { size, mtime } = await stat(join(folder, name));
        return { file: join(folder, name), bytes: size, writtenAt: mtime.toISOString() };
      }),
  );
  return backups.toSorted((one, other) => (one.writtenAt < other.writtenAt ? 1 : -1));
}

async function sizeOf(folder: string, entry: Dirent): Promise<Size> {
  const path = join(folder, entry.name);
  try {
    if (entry.isFile()) return { bytes: (await stat(path)).size, files: 1 };
    if (!entry.isDirectory()) return { bytes: 0, files: 0 };
    const parts: Size[] = [];
    for (const inner of await readdir(path, { withFileTypes: true })) parts.push(await sizeOf(path, inner));
    return sum(parts);
  } catch (error) {
    // A training run replaces its checkpoints while they are counted.
    if (toStudioError(error).code === 'not-found') return { bytes: 0, files: 0 };
    throw error;
  }
}

function sum(sizes: readonly Size[]): Size {
  return sizes.reduce((total, { bytes, files }) => ({ bytes: total.bytes + bytes, files: total.files + files }), {
    bytes: 0,
    files: 0,
  });
}
