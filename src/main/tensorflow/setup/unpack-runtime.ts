import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { SetupContext } from './context.ts';
import { downloadWheel, wheelTitle } from './download-wheel.ts';
import type { RuntimeDevice, RuntimeLayout } from './layout.ts';
import type { PinnedWheel } from './pins.ts';
import { extractZipEntry, readZipDirectory } from './zip-archive.ts';

/** For the binding, the compiler's temporary files, and the file system's own needs. */
const SPARE_BYTES = 200_000_000;

/**
 * Downloads and unpacks a runtime's wheels into its folder, unless that is there. The work is done in a folder beside it that is renamed
 * when whole; wheels that an interrupted run has unpacked there already are not fetched again.
 *
 * @throws StudioError 'no-space' before anything is downloaded when the disk cannot hold it; what {@link downloadWheel} throws.
 */
export async function unpackRuntime(
  device: RuntimeDevice,
  layout: RuntimeLayout,
  context: SetupContext,
): Promise<void> {
  if (existsSync(layout.folder)) return;
  const staging = `${layout.folder}.partial`;
  const downloads = join(context.cacheFolder, 'downloads');
  const remaining = context.wheels(device).filter((wheel) => !existsSync(unpackedMark(staging, wheel)));
  await mkdir(join(staging, 'unpacked'), { recursive: true });
  await requireSpace(remaining, context);
  for (const wheel of remaining) {
    const path = await downloadWheel(wheel, downloads, context);
    await unpackWheel(path, wheel, staging, context);
    await writeFile(unpackedMark(staging, wheel), '', { flush: true });
    await rm(path);
  }
  await flushFolder(staging);
  await rename(staging, layout.folder);
  await flushFolder(context.cacheFolder);
  await rm(join(layout.folder, 'unpacked'), { recursive: true });
  await rm(downloads, { recursive: true, force: true });
}

/** A file that says: this wheel is unpacked and on the disk. */
function unpackedMark(staging: string, wheel: PinnedWheel): string {
  return join(staging, 'unpacked', wheel.fileName);
}

/** At the worst moment the largest wheel is on the disk twice (pip copies it) beside all that is unpacked. */
async function requireSpace(wheels: readonly PinnedWheel[], { machine, cacheFolder }: SetupContext): Promise<void> {
  const unpacked = wheels.reduce((sum, wheel) => sum + wheel.unpackedBytes, 0);
  const needed = unpacked + 2 * Math.max(0, ...wheels.map((wheel) => wheel.bytes)) + SPARE_BYTES;
  const free = await machine.freeBytes(cacheFolder);
  if (free >= needed) return;
  throw new StudioError(
    'no-space',
    `The TensorFlow runtime needs ${gigabytes(needed)} free in ${cacheFolder}; there are ${gigabytes(free)}.`,
    { hint: 'Free some space and run again, or set FACE2EXP_RUNTIME_DIR to a folder on a larger disk.' },
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

async function unpackWheel(
  path: string,
  wheel: PinnedWheel,
  folder: string,
  { report, signal }: SetupContext,
): Promise<void> {
  const entries = (await readZipDirectory(path)).filter(({ name }) => wheel.wanted.test(name));
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const onBytes = (bytes: number): void => {
    done += bytes;
    report('unpack', `Unpacking ${wheelTitle(wheel)}`, { done, total });
  };
  for (const entry of entries) await extractZipEntry(path, entry, folder, { onBytes, ...(signal && { signal }) });
}

/** Makes the names in a folder last through a power cut. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
