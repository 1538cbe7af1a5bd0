import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Path of Electron's own program, or null where it is not there.
 *
 * Since Electron 42 the package comes without its program, and importing the package starts a download. What is looked at here is what
 * its `install-electron` leaves behind: `dist/` with the program and a file `version`, and, written last, `path.txt` with the program's name
 * inside `dist/`. ELECTRON_OVERRIDE_DIST_PATH names another folder in place of `dist/`, as it does for the package itself. A program of another
 * version, left over from before an update, counts as none: the package would start it, `install-electron` replaces it.
 */
export function electronBinary(): string | null {
  const folder = electronPackageFolder();
  return folder === null ? null : electronBinaryIn(folder, process.env['ELECTRON_OVERRIDE_DIST_PATH']);
}

/**
 * @param packageFolder folder of the npm package `electron`.
 * @param otherDistribution used in place of the package's `dist/`; its version is its owner's affair.
 */
export function electronBinaryIn(packageFolder: string, otherDistribution: string | undefined): string | null {
  const programName = textOf(join(packageFolder, 'path.txt'));
  if (otherDistribution !== undefined) return existing(join(otherDistribution, programName ?? PROGRAM_NAME));
  const distribution = join(packageFolder, 'dist');
  if (programName === undefined || versionOf(distribution) !== packageVersion(packageFolder)) return null;
  return existing(join(distribution, programName));
}

const existing = (path: string): string | null => (existsSync(path) ? path : null);

/** The name `install-electron` would write for this system. */
const PROGRAM_NAME =
  process.platform === 'darwin'
    ? 'Electron.app/Contents/MacOS/Electron'
    : process.platform === 'win32'
      ? 'electron.exe'
      : 'electron';

const versionOf = (distribution: string): string | undefined =>
  textOf(join(distribution, 'version'))?.trim().replace(/^v/, '');

function packageVersion(packageFolder: string): string {
  return (JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Null in an installation without development packages. */
function electronPackageFolder(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
