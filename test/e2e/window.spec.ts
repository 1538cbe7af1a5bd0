import { type Page, expect, test } from '@playwright/test';
import { runJson } from '../contract/command.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/** The frame around every place, on an empty workspace: empty states, keys, theme, signing in. */
test.describe.configure({ mode: 'serial' });

let studio: RunningStudio;
let page: Page;

test.beforeAll(async ({ browser }) => {
  studio = await startStudio();
  page = await browser.newPage();
  await page.goto(studio.address);
});

test.afterAll(async () => {
  await studio.close();
});

test('the launch token leaves the address, and a reload stays signed in', async () => {
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
  expect(page.url()).not.toContain('launch');
  await page.reload();
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
});

const PLACES = [
  '/',
  '/data',
  '/data/sources',
  '/data/subsets',
  '/data/import',
  '/runs',
  '/runs/new',
  '/runs/compare',
  '/predict',
  '/evaluate',
  '/settings',
];

for (const place of PLACES) {
  test(`${place} opens by its address without a complaint of the browser`, async () => {
    const problems = problemsOf(page);
    await page.goto(new URL(place, studio.address).href);
    await expect(page.locator('main').getByRole('heading').or(page.locator('.empty-title')).first()).toBeAttached();
    await expect(page.locator('main [aria-busy]')).toHaveCount(0);
    await expect(page.getByRole('alert')).toHaveCount(0);
    expect(problems).toEqual([]);
  });
}

test('keys lead to the places, show themselves, and open the palette', async () => {
  await page.goto(new URL('/settings', studio.address).href);
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/\/runs$/);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('dark');
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a second window without an address, and one with a used address, are told how to sign in', async ({
  browser,
}) => {
  for (const address of [new URL('/', studio.address).href, studio.address]) {
    const stranger = await browser.newPage();
    await stranger.goto(address);
    await expect(stranger.getByRole('heading', { name: 'This window is not signed in' })).toBeVisible();
    await expect(stranger.getByText('face2exp serve')).toBeVisible();
    await stranger.close();
  }
});

test('a window whose token the host does not know is signed out, and a pasted address that is none is explained', async ({
  browser,
}) => {
  const stranger = await browser.newPage();
  await stranger.addInitScript(() => {
    localStorage.setItem('face2exp.session', JSON.stringify({ token: 'of-another-host', imageKey: 'too' }));
  });
  await stranger.goto(new URL('/runs', studio.address).href);
  await expect(stranger.getByRole('heading', { name: 'This window is not signed in' })).toBeVisible();
  await stranger.getByLabel('Printed address').fill('http://127.0.0.1/');
  await stranger.getByRole('button', { name: 'Sign in' }).click();
  await expect(stranger.getByRole('alert')).toContainText('That is not an address the studio printed');
  await stranger.close();
});

test('its benchmark measures the window in a browser, and leaves nothing running', async () => {
  const { benchmarks } = await runJson<{ benchmarks: { name: string; ours: number; unit: string }[] }>(
    ...['bench', 'window', '--quick'],
  );
  expect(benchmarks.map(({ name, unit }) => `${name}, ${unit}`)).toEqual([
    'window/first paint, median, ms',
    'window/first paint, 95 %, ms',
    'window/overview there, median, ms',
    'window/filter click to paint, 95 %, ms',
    'window/longest blank screen, dragging, ms',
    'window/longest blank screen, keys, ms',
    'window/script memory after that, MB',
    // Only Linux tells what a process holds.
    ...(process.platform === 'linux' ? ['window/page process after that, MB'] : []),
  ]);
  for (const { name, ours } of benchmarks) {
    if (!name.includes('blank')) expect(ours, name).toBeGreaterThan(0);
    expect(ours, name).toBeLessThan(60_000);
  }
});
