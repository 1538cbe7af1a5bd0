import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ElectronApplication, type Page, _electron, expect, test } from '@playwright/test';
import { electronBinary } from '../../src/main/bootstrap/electron-binary.ts';

/** The desktop app itself, on an empty workspace. Runs on Electron's plain program: a release has the inspector's fuse off. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const binary = electronBinary();
const hasDisplay =
  process.platform !== 'linux' || process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;

test.skip(binary === null, 'Electron is not downloaded here: `npx install-electron` gets it.');
test.skip(!hasDisplay, 'There is no display to open a window on.');
test.describe.configure({ mode: 'serial' });

let folder: string;
let application: ElectronApplication;
let page: Page;

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'electron-e2e-'));
  application = await _electron.launch({
    executablePath: binary!,
    // Chromium's sandbox refuses to work for root, as in most containers.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ROOT, '--workspace', join(folder, 'workspace')],
  });
  page = await application.firstWindow();
  await page.waitForLoadState('load');
});

test.afterAll(async () => {
  await application.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the window shows the studio from its own address, without an error', async () => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.reload();
  await expect(page).toHaveTitle('Face2Exp Studio');
  await expect(page.getByRole('navigation').first()).toBeVisible();
  expect(new URL(page.url()).protocol).toBe('studio:');
  expect(problems).toEqual([]);
});

test('the page has the shell’s functions and nothing of Node', async () => {
  const found = await page.evaluate(() => ({
    shell: Object.keys((globalThis as { studioShell?: object }).studioShell ?? {}).sort(),
    node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in globalThis),
  }));
  expect(found).toEqual({ shell: ['chooseFolder', 'chooseImage', 'onHostStatus', 'pathOf', 'platform'], node: [] });
});

test('the page is served with a content security policy, and its own requests are signed in', async () => {
  const answers = await page.evaluate(async () => {
    const document = await fetch('/');
    const workspace = await fetch('/rpc/system.workspace');
    return { policy: document.headers.get('content-security-policy'), status: workspace.status };
  });
  expect(answers.policy).toContain("default-src 'none'");
  expect(answers.policy).not.toContain('unsafe-inline');
  expect(answers.status).toBe(200);
});

test('the page cannot leave, open a window, or reach the network', async () => {
  const address = page.url();
  const attempts = await page.evaluate(async () => {
    const opened = window.open('https://example.org/');
    location.href = 'https://example.org/';
    const fetched = await fetch('https://example.org/').then(
      () => true,
      () => false,
    );
    return { opened: opened !== null, fetched };
  });
  expect(attempts).toEqual({ opened: false, fetched: false });
  expect(page.url()).toBe(address);
  expect(application.windows()).toHaveLength(1);
});

test('the native folder dialog’s answer reaches the page', async () => {
  await application.evaluate(({ dialog }) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: ['/faces'] });
  });
  const chosen = await page.evaluate(() =>
    (globalThis as unknown as { studioShell: { chooseFolder(): Promise<string | null> } }).studioShell.chooseFolder(),
  );
  expect(chosen).toBe('/faces');
});
