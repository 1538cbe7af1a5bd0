import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Path of Electron's own program, or null where it is not there: since Electron 42 the package comes without it, and importing the package
 * would start a download, so its folder is looked at instead.
 */
export function electronBinary(): string | null {
  const folder = electronPackageFolder();
  if (folder === null) return null;
  const programName = join(folder, 'path.txt');
  if (!existsSync(programName)) return null;
  const program = join(
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'),
    readFileSync(programName, 'utf8'),
  );
  return existsSync(program) ? program : null;
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
