import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BrowserInstaller, ensureBrowser } from '#main/bootstrap/ensure-browser.ts';
import { type BrowserSurroundings, findBrowser } from '#main/bootstrap/find-browser.ts';
import { temporaryFolder } from './fixtures.ts';

function program(path: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

const nowhere: BrowserSurroundings = { environment: {}, platform: 'linux', playwrightPath: () => null };

describe('findBrowser', () => {
  it('takes the one that FACE2EXP_BROWSER names, before any other', async () => {
    const folder = temporaryFolder();
    const onPath = program(join(folder, 'chromium'));
    const named = program(join(folder, 'my-edge'));
    expect(await findBrowser({ ...nowhere, environment: { PATH: folder } })).toEqual({
      path: onPath,
      kind: 'chromium',
    });
    expect(await findBrowser({ ...nowhere, environment: { PATH: folder, FACE2EXP_BROWSER: named } })).toEqual({
      path: named,
      kind: 'edge',
    });
  });

  it('refuses a name that cannot be run', async () => {
    const environment = { FACE2EXP_BROWSER: join(temporaryFolder(), 'absent') };
    await expect(findBrowser({ ...nowhere, environment })).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('finds Chrome by the names of its packages, and only what may be executed', async () => {
    const folder = temporaryFolder();
    program(join(folder, 'chromium'), 0o644);
    const chrome = program(join(folder, 'google-chrome'));
    expect(await findBrowser({ ...nowhere, environment: { PATH: `/nonexistent:${folder}` } })).toEqual({
      path: chrome,
      kind: 'chrome',
    });
  });

  it("falls back to Playwright's own, and then to none", async () => {
    const own = program(join(temporaryFolder(), 'chrome-linux/chrome'));
    expect(await findBrowser({ ...nowhere, playwrightPath: () => own })).toEqual({ path: own, kind: 'chromium' });
    expect(await findBrowser({ ...nowhere, playwrightPath: () => join(own, 'absent') })).toBeNull();
    expect(await findBrowser(nowhere)).toBeNull();
  });
});

/** A machine on which some commands bring a browser; remembers what was run. */
function installer(changes: {
  bringsBrowser: string | null;
  apt: readonly string[] | null;
  found?: string;
  broken?: string;
}): BrowserInstaller & { commands: string[] } {
  const commands: string[] = [];
  let browser = changes.found ?? null;
  return {
    commands,
    find: async () => (browser === null ? null : { path: browser, kind: 'chromium' }),
    starts: ({ path }) => path !== changes.broken,
    run: (name, args) => {
      const command = [name.endsWith('node') ? 'node' : name, ...args].join(' ');
      commands.push(command);
      if (changes.bringsBrowser !== null && command.includes(changes.bringsBrowser)) browser = '/new/chromium';
      return true;
    },
    aptPrefix: () => changes.apt,
    say: () => undefined,
  };
}

describe('ensureBrowser', () => {
  it('runs nothing where one is there', async () => {
    const machine = installer({ bringsBrowser: null, apt: [], found: '/usr/bin/chromium' });
    expect(await ensureBrowser(machine)).toEqual({ path: '/usr/bin/chromium', kind: 'chromium' });
    expect(machine.commands).toEqual([]);
  });

  it('downloads one through Playwright first', async () => {
    const machine = installer({ bringsBrowser: 'playwright', apt: [] });
    expect((await ensureBrowser(machine)).path).toBe('/new/chromium');
    expect(machine.commands).toEqual(['node node_modules/playwright/cli.js install --no-shell chromium']);
  });

  it('replaces one that does not start', async () => {
    const machine = installer({ bringsBrowser: 'install chromium', apt: null, found: '/broken', broken: '/broken' });
    await expect(ensureBrowser(machine)).rejects.toMatchObject({ code: 'unavailable' });
    const other = installer({ bringsBrowser: 'playwright', apt: null, found: '/broken', broken: '/broken' });
    expect((await ensureBrowser(other)).path).toBe('/new/chromium');
  });

  it("installs Debian's package where it may", async () => {
    const machine = installer({ bringsBrowser: 'apt-get install', apt: ['sudo', '-n'] });
    expect((await ensureBrowser(machine)).path).toBe('/new/chromium');
    expect(machine.commands.slice(1)).toEqual([
      'sudo -n apt-get update',
      'sudo -n apt-get install --yes --no-install-recommends chromium fonts-liberation',
    ]);
  });

  it('says what to do where none can be had', async () => {
    await expect(ensureBrowser(installer({ bringsBrowser: null, apt: null }))).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('FACE2EXP_BROWSER'),
    });
  });
});
