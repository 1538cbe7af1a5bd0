import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { StudioError } from '#shared/errors.ts';
import { type Browser, findBrowser } from './find-browser.ts';

/** What the search and the installers need of the machine; tests hand in their own. */
export interface BrowserInstaller {
  readonly find: () => Promise<Browser | null>;
  /** True when the browser starts: one without its system libraries is found but does not run. */
  readonly starts: (browser: Browser) => boolean;
  /** Runs an installing command, its output shown; true when it succeeded. */
  readonly run: (program: string, args: readonly string[]) => boolean;
  /** Debian's packages can be installed: the command words to put before `apt-get`, or null. */
  readonly aptPrefix: () => readonly string[] | null;
  readonly say: (line: string) => void;
}

/** Node's arguments for Playwright's own download, from the checkout. */
const PLAYWRIGHT_INSTALL = ['node_modules/playwright/cli.js', 'install', '--no-shell', 'chromium'];

/**
 * A browser for the tests: one that is there, else Playwright's own Chromium, else Debian's package.
 *
 * @throws StudioError 'unavailable' when none can be had.
 */
export async function ensureBrowser(installer: BrowserInstaller = thisMachine): Promise<Browser> {
  const { find, starts, run, aptPrefix, say } = installer;
  const found = await find();
  if (found !== null && starts(found)) return found;

  say('No browser that works was found; downloading Chromium for the tests');
  run(process.execPath, PLAYWRIGHT_INSTALL);
  const downloaded = await find();
  if (downloaded !== null && starts(downloaded)) return downloaded;

  const prefix = aptPrefix();
  if (prefix !== null) {
    say('Installing the package chromium for the tests');
    const [program = 'apt-get', ...args] = [...prefix, 'apt-get'];
    if (run(program, [...args, 'update'])) {
      run(program, [...args, 'install', '--yes', '--no-install-recommends', 'chromium', 'fonts-liberation']);
    }
    const installed = await find();
    if (installed !== null && starts(installed)) return installed;
  }
  throw new StudioError(
    'unavailable',
    'There is no browser for the tests: Chromium could be neither found nor installed.',
    {
      hint: 'Install Chromium or Chrome, or set FACE2EXP_BROWSER to one.',
    },
  );
}

const LONGEST_START_MS = 60_000;

const thisMachine: BrowserInstaller = {
  find: findBrowser,
  starts: ({ path }) => spawnSync(path, ['--version'], { stdio: 'ignore', timeout: LONGEST_START_MS }).status === 0,
  run: (program, args) =>
    // Its output goes to stderr: the last line of stdout belongs to the test summary.
    spawnSync(program, args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0,
  aptPrefix: () => {
    // Ubuntu's package of this name only points to a snap, which containers cannot install.
    if (!existsSync('/etc/os-release') || !/^ID="?debian"?$/m.test(readFileSync('/etc/os-release', 'utf8')))
      return null;
    if (process.getuid?.() === 0) return [];
    return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : null;
  },
  say: (line) => process.stderr.write(`${line}\n`),
};
