import { AxeBuilder } from '@axe-core/playwright';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { classNames } from '../../src/shared/expressions.ts';
import { RandomStream } from '../../src/shared/random.ts';
import { runJson } from '../contract/command.ts';
import { writeIdentityFolders } from '../fixtures/faces.ts';
import { type LabelStudio, startLabelStudio } from './label-studio.ts';
import { problemsOf } from './studio.ts';

/** The map of a round: it is made, looked at, a part of it is drawn around, and exactly that is reviewed. */
test.describe.configure({ mode: 'serial' });

const CLASSES = classNames(7);
const FACES = 280;

let studio: LabelStudio;
let page: Page;

/** A round in which faces of a class are alike; without embeddings where they are not wanted. */
function writeRound(folder: string, file: string, flips: number, withEmbeddings: boolean): void {
  const stream = new RandomStream(3, 'demo');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.png'));
  const lines = paths.toSorted().map((path, place) => {
    const label = (place + (place < flips ? 1 : 0)) % 7;
    const probabilities = CLASSES.map((_, column) => (column === label ? 0.76 : 0.04));
    const embedding = Array.from(
      { length: 14 },
      (_, index) => (index % 7 === place % 7 ? 2 : 0) + 0.4 * stream.normal(),
    );
    return JSON.stringify({ path: path.replaceAll('\\', '/'), probabilities, ...(withEmbeddings && { embedding }) });
  });
  writeFileSync(file, lines.join('\n'));
}

test.beforeAll(async ({ browser }) => {
  studio = await startLabelStudio(async ({ folder, workspace }) => {
    const place = ['--workspace', workspace];
    for (const name of ['people', 'others']) {
      await writeIdentityFolders(join(folder, name), { identities: FACES / 4, perIdentity: 4 });
      await runJson('import', join(folder, name), '--format', 'identity', '--role', 'unlabeled', ...place);
    }
    writeRound(join(folder, 'people'), join(folder, 'early.jsonl'), 40, false);
    writeRound(join(folder, 'people'), join(folder, 'late.jsonl'), 0, true);
    writeRound(join(folder, 'others'), join(folder, 'plain.jsonl'), 0, false);
    const from = (file: string, source: string, name: string) =>
      runJson('pseudo-label', '--from', join(folder, file), '--source', source, '--name', name, ...place);
    await from('early.jsonl', 'people', 'early');
    await from('late.jsonl', 'people', 'late');
    await from('plain.jsonl', 'others', 'plain');
  });
  // A context of its own: axe asks for one.
  page = await (await browser.newContext()).newPage();
  await page.goto(studio.address);
  await expect(page.locator('main')).toBeVisible();
});

test.afterAll(async () => {
  await studio.close();
});

/** A picture of the window reads the canvas back, of which the browser's own driver warns where there is no graphics card. */
const withoutDriver = (problems: readonly string[]): string[] =>
  problems.filter((problem) => !problem.includes('GPU stall due to ReadPixels'));

async function openMap(search = ''): Promise<void> {
  await page.goto(new URL(`/labels/2?view=map${search}`, studio.address).href);
  await expect(page.locator('canvas.map-points')).toHaveAttribute('data-points', String(FACES));
  await expect(page.locator('.map-letter').first()).toBeVisible();
}

/** Where the letter of a class is in the window. */
async function letterOf(name: string): Promise<{ x: number; y: number }> {
  const box = await page
    .locator('.map-letter')
    .filter({ has: page.getByTitle(name) })
    .boundingBox();
  return { x: box!.x + box!.width / 2, y: box!.y + box!.height / 2 };
}

/** Whether anything but the background is drawn around a place of the map, by the picture that a person sees. */
async function inkAt({ x, y }: { x: number; y: number }): Promise<number> {
  const picture = await page.screenshot({ clip: { x: x - 40, y: y - 40, width: 80, height: 80 } });
  return page.evaluate(
    async (bytes) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext('2d')!;
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      const colors = new Set<number>();
      for (let at = 0; at < data.length; at += 4) colors.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!);
      return colors.size;
    },
    [...picture],
  );
}

async function drawAround({ x, y }: { x: number; y: number }, radius: number): Promise<void> {
  await page.mouse.move(x + radius, y);
  await page.mouse.down();
  for (let turn = 1; turn <= 24; turn++) {
    const angle = (turn / 24) * 2 * Math.PI;
    await page.mouse.move(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  await page.mouse.up();
}

test('a round whose source has no embeddings says how to get them', async () => {
  await page.goto(new URL('/labels/3?view=map', studio.address).href);
  await expect(page.getByText('No embeddings to map')).toBeVisible();
  await expect(page.getByText(/Label others with a network/)).toBeVisible();
});

test('the map is made with one button, told how long it takes, and shows every face', async () => {
  const problems = problemsOf(page);
  await page.goto(new URL('/labels/2', studio.address).href);
  await page.getByRole('link', { name: 'Map', exact: true }).click();
  await expect(page.getByText(/280 faces will be laid out .* It takes about/)).toBeVisible();
  await page.getByRole('button', { name: 'Make the map' }).click();
  await expect(page.locator('canvas.map-points')).toHaveAttribute('data-points', String(FACES), { timeout: 60_000 });
  await expect(page.getByText('All 280 faces laid out by UMAP')).toBeVisible();
  for (const name of ['Neutral', 'Happy', 'Sad', 'Surprise', 'Fear', 'Disgust', 'Anger']) {
    await expect(page.getByRole('button', { name: `${name}, 40 faces` })).toHaveAttribute('aria-pressed', 'true');
  }
  expect(withoutDriver(problems)).toEqual([]);
});

test('points are drawn; a class that is hidden is gone, from its colour and from selections', async () => {
  await openMap();
  const happy = await letterOf('Happy');
  expect(await inkAt(happy)).toBeGreaterThan(30);
  await page.getByRole('button', { name: 'Happy, 40 faces' }).click();
  await expect(page.locator('.map-letter').filter({ has: page.getByTitle('Happy') })).toHaveCount(0);
  await expect.poll(() => inkAt(happy)).toBeLessThan(12);
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(() => inkAt(happy)).toBeGreaterThan(30);
});

test('a point shows its face, and a click opens it', async () => {
  await openMap();
  const sad = await letterOf('Sad');
  await page.mouse.move(sad.x, sad.y);
  await expect(page.locator('.map-card')).toContainText('Sad');
  await expect(page.locator('.map-card')).toContainText('0.76');
  await expect(page.locator('.map-card img')).toBeVisible();
  await page.mouse.click(sad.x, sad.y);
  await expect(page).toHaveURL(/\/data\?face=\d+/);
  await page.goBack();
  await expect(page.locator('canvas.map-points')).toBeVisible();
});

test('wheel and keys zoom, dragging moves the map', async () => {
  await openMap();
  const canvas = page.locator('canvas.map-points');
  const scale = async (): Promise<number> => Number(await canvas.getAttribute('data-scale'));
  const whole = await scale();
  const happy = await letterOf('Happy');
  await page.mouse.move(happy.x, happy.y);
  await page.mouse.wheel(0, -400);
  await expect.poll(scale).toBeGreaterThan(whole * 2);
  // What was under the pointer stays there.
  const after = await letterOf('Happy');
  expect(Math.hypot(after.x - happy.x, after.y - happy.y)).toBeLessThan(3);
  await page.mouse.down();
  await page.mouse.move(happy.x - 60, happy.y - 30, { steps: 4 });
  await page.mouse.up();
  const moved = await letterOf('Happy');
  expect(Math.round(moved.x - after.x)).toBe(-60);
  expect(Math.round(moved.y - after.y)).toBe(-30);
  await page.locator('.map-window').focus();
  await page.keyboard.press('0');
  await expect.poll(scale).toBe(whole);
  await page.keyboard.press('+');
  await expect.poll(scale).toBeGreaterThan(whole);
});

test('a lasso selects a group, and exactly these faces are reviewed, after a reload too', async () => {
  const problems = problemsOf(page);
  await openMap();
  await page.getByRole('radio', { name: 'Lasso' }).click();
  await drawAround(await letterOf('Anger'), 60);
  const status = page.getByRole('status').filter({ hasText: 'selected' });
  await expect(status).toBeVisible();
  const count = Number(/\d+/.exec((await status.textContent())!)![0]);
  expect(count).toBeGreaterThan(20);
  expect(count).toBeLessThan(120);
  await page.getByRole('button', { name: `Review these ${count}` }).click();
  await expect(page).toHaveURL(/picked=[0-9a-f]{16}/);
  const queue = page.getByRole('button', { name: new RegExp(`^From the map, ${count} faces`) });
  await expect(queue).toHaveAttribute('aria-current', 'true');
  await expect(page.locator('canvas.face-canvas[data-image]')).toBeVisible();
  await page.reload();
  await expect(page.locator('canvas.face-canvas[data-image]')).toBeVisible();
  // All of them pass by, and no other.
  for (let press = 0; press < count; press++) {
    await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(25);
  }
  await expect(page.getByText('This queue is done')).toBeVisible();
  expect(withoutDriver(problems)).toEqual([]);
});

test('by keys alone a rectangle is drawn and what is in it selected, and taken back', async () => {
  await openMap();
  const map = page.locator('.map-window');
  await map.focus();
  for (let press = 0; press < 12; press++) await page.keyboard.press('Shift+ArrowUp');
  for (let press = 0; press < 16; press++) await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('r');
  for (let press = 0; press < 16; press++) await page.keyboard.press('Shift+ArrowDown');
  for (let press = 0; press < 28; press++) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('r');
  await expect(page.getByText(/^\d+ faces selected$/)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByText(/^\d+ faces selected$/)).toHaveCount(0);
});

test('what was selected opens in Data as its selection', async () => {
  await openMap();
  await page.getByRole('radio', { name: 'Rectangle' }).click();
  const fear = await letterOf('Fear');
  await page.mouse.move(fear.x - 40, fear.y - 40);
  await page.mouse.down();
  await page.mouse.move(fear.x + 40, fear.y + 40, { steps: 4 });
  await page.mouse.up();
  const status = page.getByText(/^\d+ faces selected$/);
  const count = /\d+/.exec((await status.textContent())!)![0];
  await page.getByRole('button', { name: 'Open in Data' }).click();
  await expect(page).toHaveURL(/\/data\?.*pick=/);
  await expect(page.getByText(new RegExp(`^${count} (faces )?selected`)).first()).toBeVisible();
});

test('colours tell what flipped since another round, and the address keeps them', async () => {
  await openMap();
  await page.getByRole('button', { name: /Colour by/ }).click();
  await page.getByRole('option', { name: 'Flipped since' }).click();
  await expect(page.getByRole('button', { name: 'As before, 240 faces' })).toBeVisible();
  await expect(page).toHaveURL(/colour=flipped/);
  await page.reload();
  await expect(page.getByRole('button', { name: 'As before, 240 faces' })).toBeVisible();
});

test('the card of a queue shows the faces that the network finds alike, with their labels', async () => {
  await page.goto(new URL('/labels/2', studio.address).href);
  const near = page.getByRole('region', { name: 'Nearest faces' }).getByRole('link');
  await expect(near).toHaveCount(10);
  await expect(near.first()).toHaveAccessibleName(/^Face \d+, pseudo label \w+, distance \d\.\d{3}$/);
});

for (const scheme of ['light', 'dark'] as const) {
  test(`nothing serious stands in the way of those who use a screen reader, ${scheme}`, async () => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const found: string[] = [];
    for (const search of ['', '&colour=confidence']) {
      await page.goto(new URL(`/labels/2?view=map${search}`, studio.address).href);
      await expect(page.locator('canvas.map-points')).toBeVisible();
      await page.getByRole('radio', { name: 'Rectangle' }).click();
      const box = (await page.locator('.map-window').boundingBox())!;
      await page.mouse.move(box.x + 20, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width - 60, box.y + box.height - 60, { steps: 3 });
      await page.mouse.up();
      await expect(page.getByText(/^\d+ faces selected$/)).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      found.push(...serious.map(({ id, nodes }) => `${search} ${id}: ${nodes[0]?.html}`));
    }
    expect(found).toEqual([]);
  });
}
