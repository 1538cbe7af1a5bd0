import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { runJson } from '../contract/command.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { type LabelStudio, startLabelStudio } from './label-studio.ts';

/** A host that is killed, as `kill -9` does, while the window is open: nothing of the window goes, and all of it comes back by itself. */
test.describe.configure({ mode: 'default' });

let studio: LabelStudio;
let page: Page;

test.beforeAll(async ({ browser }) => {
  studio = await startLabelStudio(async ({ folder, workspace }) => {
    await writeClassFolders(join(folder, 'faces'), { perClass: 6 });
    await writeIdentityFolders(join(folder, 'people'), { identities: 10, perIdentity: 4 });
    const at = ['--workspace', workspace];
    await runJson('import', join(folder, 'faces'), '--source', 'faces', ...at);
    await runJson('import', join(folder, 'people'), '--role', 'unlabeled', '--source', 'people', ...at);
  });
  page = await browser.newPage();
  await page.goto(studio.address);
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
});

test.afterAll(async () => {
  await studio.close();
});

const bar = () => page.getByRole('status').filter({ hasText: 'The studio does not answer.' });
const place = (path: string): string => new URL(path, studio.address).href;

/** Opens a place in a page that was never anywhere else. The mark is lost when the page is loaded anew. */
async function openFresh(path: string): Promise<void> {
  await page.goto(place(path));
  await expect(page.getByRole('contentinfo')).toContainText('82 images'); // 7 × 6 and 10 × 4
  await page.evaluate(() => Object.assign(window, { mark: true }));
}

const isSamePage = (): Promise<boolean> => page.evaluate(() => 'mark' in window);

async function go(key: string): Promise<void> {
  await page.keyboard.press('g');
  await page.keyboard.press(key);
}

async function kill(): Promise<void> {
  studio.kill();
  await expect(bar()).toBeVisible();
}

async function restart(): Promise<void> {
  await studio.restart();
  await expect(bar()).toHaveCount(0, { timeout: 30_000 });
}

/** Key, address, and what is there when all is well. */
const PLACES = [
  ['d', '/data', 'listbox', /^Faces, 82/],
  ['r', '/runs', 'heading', 'Runs'],
  ['l', '/labels', 'heading', 'Rounds of pseudo labels'],
  ['p', '/predict', 'link', 'Start a run'],
  ['e', '/evaluate', 'link', 'Start a run'],
  ['s', '/settings', 'heading', 'Settings'],
] as const;

test('a place that was seen stays as it was; one that was not says so, and comes by itself', async () => {
  await openFresh('/');
  await go('d');
  const faces = page.getByRole('listbox', { name: /^Faces, 82/ });
  await expect(faces).toBeVisible();
  await kill();
  await expect(faces).toBeVisible();
  await expect(faces.getByRole('option').first()).toBeVisible();
  for (const [key, address] of PLACES.slice(1)) {
    await go(key);
    await expect(page).toHaveURL(new RegExp(`${address}$`));
    await expect(page.getByRole('alert').first(), address).toContainText('studio does not answer');
    await expect(page.getByRole('button', { name: 'Try again' }).first(), address).toBeVisible();
  }
  // Back where one was: what the window holds is there, and what it must ask for says that it cannot.
  await go('d');
  await expect(page.getByRole('button', { name: 'Happy, 6 images' })).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: 'The studio does not answer.' })).toBeVisible();
  await restart();
  await expect(faces.getByRole('option').first()).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(await isSamePage()).toBe(true);
});

for (const [, address, role, name] of PLACES) {
  test(`${address} is whole again, looks included, after a host that was away while it was first wanted`, async () => {
    await openFresh('/');
    await kill();
    await go(PLACES.find(([, candidate]) => candidate === address)![0]);
    await expect(page.getByRole('alert').first()).toBeVisible();
    await restart();
    await expect(page.getByRole(role, { name }).first()).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
    await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
    // A sheet that failed to come was asked for again.
    const unstyled = await page.evaluate(
      () =>
        [...document.querySelectorAll('link[rel=stylesheet]')].filter((link) => !(link as HTMLLinkElement).sheet)
          .length,
    );
    expect(unstyled).toBe(0);
    expect(await isSamePage()).toBe(true);
  });
}

/** A field of a place, what is typed before and after the host is gone. */
const FIELDS = [
  ['/data/import', 'Folder or file', '/somewhere', '/else'],
  ['/data/subsets', 'Name', 'half', '-typed'],
  ['/runs/new', 'Name', 'my', '-run'],
  ['/data', 'Text in the path', 'sad', '/0'],
] as const;

for (const [address, label, before, after] of FIELDS) {
  test(`what is typed at ${address} stays, and one can type on`, async () => {
    await openFresh(address);
    const field = page.getByLabel(label).first();
    await field.fill(before);
    await kill();
    await field.press('End');
    await field.pressSequentially(after);
    await expect(field).toHaveValue(before + after);
    await restart();
    await expect(field).toHaveValue(before + after);
    expect(await isSamePage()).toBe(true);
  });
}

test('an act without a host fails where it was asked for, and works once there is one', async () => {
  await openFresh('/data/subsets');
  await page.getByLabel('Name').fill('six');
  await page.getByLabel('Per class').fill('6');
  await kill();
  await page.getByRole('button', { name: 'Make the subset' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The studio does not answer' })).toBeVisible();
  await restart();
  await expect(page.getByLabel('Name')).toHaveValue('six');
  await page.getByRole('button', { name: 'Make the subset' }).click();
  await expect(page.getByText('six holds 42 images.')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('tries to connect again come ever more rarely, and at once when asked for', async () => {
  await openFresh('/runs');
  const tries: number[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/rpc/system.events')) tries.push(Date.now());
  });
  await kill();
  await expect.poll(() => tries.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
  const waits = tries.slice(1).map((time, index) => time - tries[index]!);
  for (const [index, wait] of waits.slice(1).entries()) expect(wait).toBeGreaterThan(waits[index]! * 1.4);
  const before = tries.length;
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect.poll(() => tries.length, { timeout: 1_000 }).toBe(before + 1);
  await restart();
});
