import { AxeBuilder } from '@axe-core/playwright';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { classNames } from '../../src/shared/expressions.ts';
import { RandomStream } from '../../src/shared/random.ts';
import { runJson } from '../contract/command.ts';
import { writeIdentityFolders } from '../fixtures/faces.ts';
import { type LabelStudio, decisionsIn, startLabelStudio } from './label-studio.ts';
import { problemsOf } from './studio.ts';

/** The Labels place: two rounds over drawn faces are reviewed by keys, in a grid, and blindly. */
test.describe.configure({ mode: 'serial' });

const CLASSES = classNames(7);
const PEOPLE = 40;
const FACES = PEOPLE * 5;

let studio: LabelStudio;
let page: Page;

/** Probabilities that nobody could mistake for a network's, but that are in order. */
function writeRound(folder: string, file: string, seed: number): void {
  const random = new RandomStream(seed, 'demo');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(png|jpe?g)$/.test(path),
  );
  const rows = paths.toSorted().map((path) => {
    const weights = CLASSES.map((_, label) => random.uniform() ** 4 + (label < 2 ? 0.05 : 0));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return [path.replaceAll('\\', '/'), ...weights.map((weight) => (weight / sum).toFixed(6))].join(',');
  });
  writeFileSync(file, [['path', ...CLASSES].join(','), ...rows, ''].join('\n'));
}

test.beforeAll(async ({ browser }) => {
  studio = await startLabelStudio(async ({ folder, workspace }) => {
    await writeIdentityFolders(join(folder, 'people'), { identities: PEOPLE, perIdentity: 5 });
    await runJson(
      'import',
      join(folder, 'people'),
      '--format',
      'identity',
      '--role',
      'unlabeled',
      '--workspace',
      workspace,
    );
    writeRound(join(folder, 'people'), join(folder, 'early.csv'), 1);
    writeRound(join(folder, 'people'), join(folder, 'late.csv'), 2);
    await runJson(
      'pseudo-label',
      '--from',
      join(folder, 'early.csv'),
      '--source',
      'people',
      '--name',
      'early',
      '--workspace',
      workspace,
    );
  });
  // A context of its own: axe asks for one.
  page = await (await browser.newContext()).newPage();
  await page.goto(studio.address);
});

test.afterAll(async () => {
  await studio.close();
});

/** The image that is drawn now. */
const shown = (): Promise<string | undefined> =>
  page.locator('canvas.face-canvas').evaluate((canvas: HTMLCanvasElement) => canvas.dataset['image']);

async function openQueue(search = ''): Promise<void> {
  await page.goto(new URL(`/labels/2${search}`, studio.address).href);
  await expect(page.locator('canvas.face-canvas[data-image]')).toBeVisible();
}

test('a round is made from a file, and both are in the list', async () => {
  const problems = problemsOf(page);
  await page.goto(new URL('/labels', studio.address).href);
  await page.getByRole('button', { name: 'From a file' }).click();
  const form = page.getByRole('dialog', { name: 'Make a round from a file' });
  await form.getByLabel('File').fill(join(studio.folder, 'late.csv'));
  await form.getByRole('button', { name: /Source$/ }).click();
  await page.getByRole('option', { name: /people/ }).click();
  await form.getByLabel('Name').fill('late');
  await form.getByRole('button', { name: 'Read' }).click();
  await expect(page.getByRole('row', { name: new RegExp(`^late .* Finished ${FACES} `) })).toBeVisible({
    timeout: 30_000,
  });
  await expect(page.getByRole('row', { name: /^early .* Finished/ })).toBeVisible();
  expect(problems).toEqual([]);
});

test('thresholds tell at once what they accept, linked and free, and survive a reload', async () => {
  await openQueue();
  const accepted = page.getByRole('status', { name: /^Accepted/ });
  await expect(accepted).toHaveText(String(FACES));
  const sliders = page.getByRole('slider');
  await sliders.first().fill('0.5');
  const linked = Number(await accepted.textContent());
  expect(linked).toBeGreaterThan(0);
  expect(linked).toBeLessThan(FACES);
  await expect(sliders.last()).toHaveValue('0.5');
  await page.getByText('Linked').click();
  await sliders.last().fill('1');
  await expect(sliders.first()).toHaveValue('0.5');
  const free = Number(await accepted.textContent());
  expect(free).toBeLessThan(linked);
  // All seven, once the sliders rest.
  await expect(page).toHaveURL(/accept=.*1(&|$)/);
  await page.reload();
  await expect(accepted).toHaveText(String(free));
});

test('faces are decided by keys alone; the next one is drawn in the frame of the key', async () => {
  await openQueue();
  await expect(page.locator('.strip-face')).toHaveCount(13);
  await page.evaluate(() => {
    const frames: boolean[] = [];
    Object.assign(window, { drawnInFrame: frames });
    let last = document.querySelector<HTMLCanvasElement>('canvas.face-canvas')!.dataset['image'];
    window.addEventListener(
      'keydown',
      () =>
        requestAnimationFrame(() => {
          const canvas = document.querySelector<HTMLCanvasElement>('canvas.face-canvas')!;
          frames.push(!canvas.hidden && canvas.dataset['image'] !== last);
          last = canvas.dataset['image'];
        }),
      true,
    );
  });
  const keys = ['Enter', '1', '2', '3', '4', '5', '6', '7', 'x', 'u'];
  for (let press = 0; press < 60; press++) {
    await page.keyboard.press(keys[press % keys.length]!);
    await page.waitForTimeout(60);
  }
  const frames = await page.evaluate(() => (window as unknown as { drawnInFrame: boolean[] }).drawnInFrame);
  expect(frames).toHaveLength(60);
  expect(frames.filter(Boolean).length).toBeGreaterThanOrEqual(57); // 95 %
  await expect(page.getByText('60 decided')).toBeVisible();
  await expect.poll(() => decisionsIn(studio.workspace)).toBe(60);
});

test('back looks again, undo takes back, redo decides again, and the address leads back to the face', async () => {
  await openQueue();
  const first = await shown();
  await page.keyboard.press('3');
  const second = await shown();
  expect(second).not.toBe(first);
  await page.keyboard.press('Backspace');
  expect(await shown()).toBe(first);
  await expect(page.getByRole('group', { name: 'Relabel as' }).getByRole('button', { name: /Sad/ })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await page.keyboard.press('z');
  expect(await shown()).toBe(first);
  await expect(page.getByText('0 decided')).toBeVisible();
  await page.keyboard.press('Shift+Z');
  expect(await shown()).toBe(second);
  await expect(page).toHaveURL(/at=\d+/);
  await page.reload();
  await expect(page.locator(`canvas.face-canvas[data-image="${second}"]`)).toBeVisible();
});

test('a host that is killed loses no decision and gets none twice', async () => {
  await openQueue();
  const before = decisionsIn(studio.workspace);
  for (let press = 0; press < 12; press++) {
    await page.keyboard.press(press % 2 === 0 ? 'Enter' : '5');
    if (press === 4) studio.kill();
    await page.waitForTimeout(40);
  }
  await expect(page.getByText(/^\d+ not sent yet/)).toBeVisible();
  await studio.restart();
  await expect(page.locator('.saved')).toHaveText('saved', { timeout: 30_000 });
  expect(decisionsIn(studio.workspace)).toBe(before + 12);
});

test('grid: the wrong ones are marked and relabeled, the rest accepted in one act, and undone', async () => {
  await page.goto(new URL('/labels/1?view=grid&label=0', studio.address).href);
  const faces = page.getByRole('listbox').getByRole('option');
  await expect(faces.first()).toBeVisible();
  const count = await faces.count();
  expect(count).toBeGreaterThan(6);
  await faces.nth(1).click();
  await faces.nth(3).click({ modifiers: ['Shift'] });
  await expect(page.getByText('3 marked as wrong')).toBeVisible();
  const acts = decisionsIn(studio.workspace);
  await page.keyboard.press('4');
  await expect(page.getByText('3 faces are Surprise.')).toBeVisible();
  // The window says so before the host has it.
  await expect.poll(() => decisionsIn(studio.workspace)).toBe(acts + 1);
  await page.keyboard.press('Enter');
  await expect(page.getByText(`${count - 3} faces accepted.`)).toBeVisible();
  await expect.poll(() => decisionsIn(studio.workspace)).toBe(acts + 2);
});

test('a blind audit hides the label, moves on by keys, and reports intervals at its end', async () => {
  await openQueue();
  await page.getByRole('button', { name: 'Audit' }).click();
  const form = page.getByRole('dialog', { name: 'Blind audit' });
  await form.getByLabel('Name').fill('few');
  await form.getByRole('textbox', { name: /^Faces of each class/ }).fill('1');
  await form.getByRole('button', { name: 'Draw the sample' }).click();
  await expect(page).toHaveURL(/\/labels\/audits\/few$/);
  await expect(page.getByText('The label is hidden.')).toBeVisible();
  await expect(page.locator('main')).not.toContainText('Pseudo label');
  for (let answered = 0; answered < 7; answered++) {
    await expect(page.getByText(`${answered} of 7 judged`)).toBeVisible();
    await expect(page.locator('canvas.face-canvas')).toBeVisible();
    await page.keyboard.press('2');
  }
  await expect(page.getByRole('region', { name: 'Precision by class' })).toBeVisible();
  await expect(page.getByRole('row', { name: /^H Happy 1\.00 \[0\.\d\d–1\.00\] 1 1/ })).toBeVisible();
});

test('flips: a cell of the matrix leads to its faces, and its address too', async () => {
  await page.goto(new URL('/labels/flips?from=1&to=2', studio.address).href);
  const cell = page.getByRole('button', { name: /^Neutral to Happy: \d+ face/ });
  const count = Number(/\d+/.exec((await cell.getAttribute('aria-label'))!)![0]);
  await cell.click();
  await expect(page.locator('.flip-faces li')).toHaveCount(Math.min(60, count));
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Neutral → Happy' })).toBeVisible();
});

test('the log tells what was decided and takes the newest back', async () => {
  await page.goto(new URL('/labels/log', studio.address).href);
  await expect(page.locator('.decision-log li').first()).toContainText('audit few');
  await page.getByRole('button', { name: 'Undo my last' }).click();
  await expect(page.getByText('Undone: a decision on 1 face.')).toBeVisible();
  await expect(page.locator('.decision-log li').first()).toContainText('Took back act');
});

test('what was reviewed becomes a subset', async () => {
  await openQueue();
  await page.getByRole('button', { name: 'Make a subset' }).click();
  const form = page.getByRole('dialog', { name: 'A subset of what was reviewed' });
  await form.getByLabel('Name').fill('reviewed');
  await form.getByRole('button', { name: 'Make the subset' }).click();
  await expect(page.getByText(/reviewed@1 holds \d+ faces/)).toBeVisible();
});

const PLACES = [
  '/labels',
  '/labels/flips',
  '/labels/audits',
  '/labels/audits/few',
  '/labels/feedback',
  '/labels/log',
  '/labels/agreement',
  '/labels/2',
  '/labels/2?view=grid',
  '/labels/2?view=charts',
];

for (const scheme of ['light', 'dark'] as const) {
  test(`nothing serious stands in the way of those who use a screen reader, ${scheme}`, async () => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const found: string[] = [];
    for (const place of PLACES) {
      await page.goto(new URL(place, studio.address).href);
      await expect(page.locator('main').getByRole('heading').first()).toBeAttached();
      await expect(page.locator('main [aria-busy]')).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      found.push(...serious.map(({ id, nodes }) => `${place} ${id}: ${nodes[0]?.html}`));
    }
    expect(found).toEqual([]);
  });
}
