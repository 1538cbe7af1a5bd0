import { statfsSync } from 'node:fs';
import { StudioError } from '#shared/errors.ts';
import type { DoctorCheck } from '#shared/runtime.ts';
import { electronBinary } from './electron-binary.ts';
import { findBrowser } from './find-browser.ts';

/** The doctor's checks of what the bootstrap provides; the host adds those of its own parts. */

const OLDEST_NODE = 24;
/** A training run writes checkpoints and thumbnails; below this it may end with a full disk. */
const LEAST_FREE_BYTES = 2e9;

export function checkNode(version = process.versions.node): DoctorCheck {
  const ok = Number.parseInt(version, 10) >= OLDEST_NODE;
  return {
    name: 'node',
    ok,
    detail: `Node ${version} (${process.execPath})`,
    fix: ok
      ? ''
      : `The studio runs on Node ${OLDEST_NODE} or newer: start it with \`npm start\`, which brings its own.`,
    optional: false,
  };
}

export function checkElectron(binary = electronBinary()): DoctorCheck {
  return {
    name: 'electron',
    ok: binary !== null,
    detail: binary ?? 'Electron is not downloaded; the window opens in Chromium or Chrome instead',
    fix: binary === null ? 'Run `npx install-electron` in the checkout.' : '',
    optional: true,
  };
}

/** @param find as {@link findBrowser}; replaced by tests. */
export async function checkBrowser(find: typeof findBrowser = findBrowser): Promise<DoctorCheck> {
  const check = { name: 'browser', optional: true };
  try {
    const browser = await find();
    if (browser !== null) return { ...check, ok: true, detail: `${browser.kind}: ${browser.path}`, fix: '' };
    return {
      ...check,
      ok: false,
      detail: 'no Chromium or Chrome was found',
      fix: 'Install Chromium or Chrome, or set FACE2EXP_BROWSER.',
    };
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    return { ...check, ok: false, detail: error.message, fix: error.hint ?? '' };
  }
}

/** @param folder a folder that exists, such as the workspace. */
export function checkDisk(folder: string, freeBytes = freeBytesAt(folder)): DoctorCheck {
  const ok = freeBytes >= LEAST_FREE_BYTES;
  return {
    name: 'disk',
    ok,
    detail: `${(freeBytes / 1e9).toFixed(1)} GB free at ${folder}`,
    fix: ok ? '' : 'Free some space: checkpoints and thumbnails are written there.',
    optional: false,
  };
}

function freeBytesAt(folder: string): number {
  const disk = statfsSync(folder);
  return disk.bavail * disk.bsize;
}
