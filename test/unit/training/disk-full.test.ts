import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { drawManifest, newRunFolder, removeRunFolders } from './small-run.ts';

afterAll(removeRunFolders);

const CHILD = fileURLToPath(new URL('./train-child.ts', import.meta.url));
/** Room for the first checkpoints of the small run, and not for all. */
const DISK_KILOBYTES = 3_500;

/** A small disk needs a mount of one's own, which not every system lets an ordinary user have. */
const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /mnt']).status === 0;

test.skipIf(!canMount)('a full disk stops the run with a sentence, and the checkpoint before is intact', async () => {
  const manifestFile = join(newRunFolder(), 'manifest.json');
  writeFileSync(manifestFile, JSON.stringify(await drawManifest()));
  const disk = join(newRunFolder(), 'disk');
  mkdirSync(disk);
  // The disk is gone with the shell, so what is left on it is read by the same one: the listing, and whether the checkpoint opens.
  const script = [
    `mount -t tmpfs -o size=${DISK_KILOBYTES}k tmpfs "$1"`,
    `mkdir "$1/run"`,
    `"$2" "$3" "$1/run" "$4"`,
    `echo "exit $?" >&2`,
    `ls "$1/run" >&2`,
    `"$2" --input-type=module -e "const { readCheckpoint } = await import('$5'); const { state } = await readCheckpoint('$1/run/last'); console.error('last holds step', state.step)"`,
  ].join('\n');
  const checkpoint = new URL('../../../src/main/training/checkpoint.ts', import.meta.url).href;
  const parameters = ['-rm', 'sh', '-c', script, 'sh', disk, process.execPath, CHILD, manifestFile, checkpoint];
  const { stderr } = spawnSync('unshare', parameters, {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
  expect(stderr).toMatch(/no-space/);
  expect(stderr).toMatch(/exit 1/);
  expect(stderr).toMatch(/last holds step \d/);
  expect(stderr).not.toMatch(/unfinished/);
});
