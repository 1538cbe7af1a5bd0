import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { StudioError } from '#shared/errors.ts';

export type BrowserKind = 'chromium' | 'chrome' | 'edge';

export interface Browser {
  readonly path: string;
  readonly kind: BrowserKind;
}

/** Programs of the Chromium family under the names that Linux packages give them. */
const PROGRAM_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
];

/** What the search looks at; tests hand in their own. */
export interface BrowserSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Where Playwright keeps its own Chromium, whether or not it is there; null without Playwright. */
  readonly playwrightPath: () => string | null;
}

/**
 * A browser of the Chromium family on this machine: the one FACE2EXP_BROWSER names, else one on the PATH or in the platform's usual
 * places, else Playwright's own. Null when there is none.
 *
 * @throws StudioError 'bad-input' when FACE2EXP_BROWSER names something that cannot be run.
 */
export async function findBrowser(surroundings: BrowserSurroundings = thisMachine()): Promise<Browser | null> {
  const named = surroundings.environment['FACE2EXP_BROWSER'];
  if (named) {
    if (await isProgram(named)) return { path: named, kind: browserKind(named) };
    throw new StudioError('bad-input', `FACE2EXP_BROWSER names a browser that cannot be run: ${named}`, {
      hint: 'Set it to the path of Chromium or Chrome, or unset it.',
    });
  }
  for (const path of usualPlaces(surroundings)) {
    if (await isProgram(path)) return { path, kind: browserKind(path) };
  }
  const playwrightPath = surroundings.playwrightPath();
  return playwrightPath !== null && (await isProgram(playwrightPath))
    ? { path: playwrightPath, kind: 'chromium' }
    : null;
}

function thisMachine(): BrowserSurroundings {
  return { environment: process.env, platform: process.platform, playwrightPath: playwrightBrowserPath };
}

/** Playwright is a development package: an installed app has none. */
function playwrightBrowserPath(): string | null {
  const require = createRequire(import.meta.url);
  try {
    const { chromium } = require('playwright') as { chromium: { executablePath(): string } };
    return chromium.executablePath();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function usualPlaces({ environment, platform }: BrowserSurroundings): string[] {
  switch (platform) {
    case 'darwin':
      return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) => [
        join(folder, 'Chromium.app/Contents/MacOS/Chromium'),
        join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
        join(folder, 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge'),
      ]);
    case 'win32':
      return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA']
        .flatMap((variable) => environment[variable] ?? [])
        .flatMap((folder) => [
          join(folder, 'Chromium/Application/chrome.exe'),
          join(folder, 'Google/Chrome/Application/chrome.exe'),
          join(folder, 'Microsoft/Edge/Application/msedge.exe'),
        ]);
    default: {
      const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
      return PROGRAM_NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
    }
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function browserKind(path: string): BrowserKind {
  if (/edge/i.test(basename(path))) return 'edge';
  return /google.chrome/i.test(path) ? 'chrome' : 'chromium';
}
