import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/**
 * From a folder on the disk to a prediction, as a person would go, in one window. With FACE2EXP_REAL_DATA=DIR (`npm run test:real -- DIR`) on
 * FER2013 (DIR/fer2013) and LFW (DIR/lfw-deepfunneled), else on drawn faces.
 */
test.describe.configure({ mode: 'serial' });

interface Journey {
  /** Folders with the role they are given and how many images they hold. */
  readonly folders: readonly (readonly [path: string, role: 'Labeled' | 'Validation' | 'Unlabeled', images: number])[];
  readonly images: number;
  readonly labeledSource: string;
  readonly unlabeledSource: string;
  readonly unlabeled: number;
  /** Of the training images. */
  readonly imbalance: RegExp;
  readonly rarest: { readonly name: string; readonly images: number };
  /** Subsets of so many images of each class, and what is said of them. */
  readonly subsets: readonly { readonly name: string; readonly perClass: string; readonly said: string }[];
  /** Validation images of the first class. */
  readonly validationRow: RegExp;
  readonly steps: number;
  readonly evaluateEvery: number;
  /** A picture of one's own. */
  readonly picture: string;
  /** Milliseconds that an import, or half a run, may take. */
  readonly patience: number;
}

const DATA = process.env['FACE2EXP_REAL_DATA'];

const REAL: Journey = {
  folders: [
    [join(DATA ?? '', 'fer2013'), 'Labeled', 35_887],
    [join(DATA ?? '', 'lfw-deepfunneled'), 'Unlabeled', 13_233],
  ],
  images: 49_120,
  labeledSource: 'fer2013',
  unlabeledSource: 'lfw-deepfunneled',
  unlabeled: 13_233,
  imbalance: /^16\.5 : 1$/, // 7,215 happy, 436 disgust
  rarest: { name: 'Disgust', images: 436 },
  subsets: [
    { name: 'first-subset', perClass: '400', said: 'first-subset holds 2,800 images.' },
    { name: 'second-subset', perClass: '500', said: 'second-subset holds 3,436 images, 64 fewer than asked for.' },
  ],
  validationRow: /^N Neutral .* 607$/,
  steps: 200,
  evaluateEvery: 100,
  picture: join(DATA ?? '', 'lfw-deepfunneled', 'AJ_Cook', 'AJ_Cook_0001.jpg'),
  patience: 300_000,
};

const drawn = (folder: string): Journey => ({
  folders: [
    [join(folder, 'labeled'), 'Labeled', 82], // 7 classes × 12, less 2
    [join(folder, 'held-out'), 'Validation', 28], // 7 × 4
    [join(folder, 'people'), 'Unlabeled', 40], // 10 people × 4
  ],
  images: 150,
  labeledSource: 'labeled',
  unlabeledSource: 'people',
  unlabeled: 40,
  imbalance: /^1\.2 : 1$/, // 12 of each, 10 disgust
  rarest: { name: 'Disgust', images: 10 },
  subsets: [
    { name: 'first-subset', perClass: '10', said: 'first-subset holds 70 images.' },
    { name: 'second-subset', perClass: '20', said: 'second-subset holds 82 images, 58 fewer than asked for.' },
  ],
  validationRow: /^N Neutral .* 4$/,
  steps: 250,
  evaluateEvery: 50,
  picture: join(folder, 'held-out', 'sad', '0.png'),
  patience: 100_000,
});

let studio: RunningStudio;
let page: Page;
let problems: string[];
let journey: Journey;

test.beforeAll(async ({ browser }) => {
  studio = await startStudio();
  journey = DATA === undefined ? drawn(studio.folder) : REAL;
  if (DATA === undefined) {
    await writeClassFolders(join(studio.folder, 'labeled'), { perClass: 12 });
    for (const number of [10, 11]) rmSync(join(studio.folder, 'labeled', 'disgust', `${number}.png`));
    await writeClassFolders(join(studio.folder, 'held-out'), { perClass: 4, seed: 7 });
    await writeIdentityFolders(join(studio.folder, 'people'), { identities: 10, perIdentity: 4 });
  }
  page = await browser.newPage();
  problems = problemsOf(page);
  await page.goto(studio.address);
});

test.afterAll(async () => {
  await studio.close();
});

test.beforeEach(() => {
  test.setTimeout(120_000 + 2 * journey.patience);
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

const count = (value: number): string => value.toLocaleString('en');

test('folders are imported as labeled, validation and unlabeled images', async () => {
  await page.getByRole('link', { name: 'Data', exact: true }).click();
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  for (const [path, role, images] of journey.folders) {
    await page.getByLabel('Folder or file').fill(path);
    await page.getByRole('button', { name: /Role$/ }).click();
    await page.getByRole('option', { name: role, exact: true }).click();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await expect(page.getByText(`${count(images)} added`)).toBeVisible({ timeout: journey.patience });
  }
  await expect(page.getByRole('contentinfo')).toContainText(`${count(journey.images)} images`);
});

test('the overview tells the imbalance, and a bar of the rarest class leads to its faces', async () => {
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await expect(page.getByText(journey.imbalance).first()).toBeVisible();
  const { name, images } = journey.rarest;
  await page.getByRole('button', { name: `${name}, Train: ${count(images)} images` }).click();
  await expect(page).toHaveURL(/\/data\?split=train&class=disgust$/);
  await expect(page.getByRole('listbox', { name: `Faces, ${count(images)}` })).toBeVisible();
  await expect(page.getByRole('option').first()).toHaveAccessibleName(`${name}, Train, ${journey.labeledSource}`);
});

test('a balanced subset says how many images it holds and how many are missing', async () => {
  await page.getByRole('link', { name: 'Subsets' }).click();
  // The place before it has a field of the same name.
  await expect(page.getByRole('heading', { name: 'Make a subset' })).toBeVisible();
  for (const { name, perClass, said } of journey.subsets) {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Per class').fill(perClass);
    await page.getByRole('button', { name: 'Make the subset' }).click();
    await expect(page.getByText(said)).toBeVisible();
  }
});

/** @param label without the unit, which follows it in the field's name. */
async function setNumber(label: string, value: string): Promise<void> {
  await page.getByRole('textbox', { name: new RegExp(`^${label}( |$)`) }).fill(value);
  await page.keyboard.press('Tab');
}

test('a small run shows its loss live, pauses, resumes and finishes', async () => {
  await page.keyboard.press('n');
  await expect(page.getByRole('heading', { name: 'Start a run' })).toBeVisible();
  await page.getByLabel('Name').fill('tiny');
  await page.getByRole('button', { name: /Labeled set/ }).click();
  await page.getByRole('option', { name: /first-subset/ }).click();
  await page.getByRole('button', { name: 'Training' }).click();
  await setNumber('Width', '8');
  await setNumber('Labeled batch', '8');
  await setNumber('Unlabeled per labeled', '1');
  await setNumber('Steps', String(journey.steps));
  await setNumber('Evaluate every', String(journey.evaluateEvery));
  await page.getByRole('button', { name: 'Recipe' }).click();
  await setNumber('Base network alone', '0');
  await page.getByRole('button', { name: 'Views' }).click();
  await setNumber('Image side', '32');
  await page.getByRole('button', { name: 'Fine-tuning' }).click();
  await setNumber('Epochs', '1');
  await page.getByRole('button', { name: 'Start', exact: true }).click();

  await expect(page).toHaveURL(/\/runs\/tiny$/);
  const losses = page.getByRole('img', { name: /^Losses: labeled is at \d/ });
  await expect(losses).toBeVisible({ timeout: 60_000 });
  // Live: another value comes without anything being pressed.
  await expect(losses).not.toHaveAttribute('aria-label', (await losses.getAttribute('aria-label'))!);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('heading', { name: 'tiny' }).locator('..')).toContainText('Paused', {
    timeout: journey.patience,
  });
  const reached = await stepReached();
  expect(reached).toBeGreaterThan(0);
  expect(reached).toBeLessThan(journey.steps);

  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('heading', { name: 'tiny' }).locator('..')).toContainText('Finished', {
    timeout: journey.patience,
  });
  expect(await stepReached()).toBe(journey.steps);
  await expect(page.getByRole('img', { name: /^Accuracy on validation: .*Adaptation is at \d/ })).toBeVisible();
});

/** "123 of 250" → 123. */
async function stepReached(): Promise<number> {
  const text = await page.getByText(new RegExp(`^\\d+ of ${journey.steps}$`)).textContent();
  return Number.parseInt(text!, 10);
}

test('its evaluations show a confusion matrix, and its settings what was set', async () => {
  await page.getByRole('link', { name: 'Evaluations' }).click();
  await expect(page).toHaveURL(/\/runs\/tiny\?tab=evaluations$/);
  await expect(page.getByRole('row', { name: journey.validationRow }).first()).toBeVisible();
  await page.getByRole('link', { name: 'Configuration' }).click();
  await expect(page.getByText('resnet18')).toBeVisible();
  await page.goBack();
});

test('the network labels the unlabeled faces', async () => {
  await page.getByRole('link', { name: 'Labels', exact: true }).click();
  await page.getByRole('button', { name: 'Label with a network' }).click();
  const form = page.getByRole('dialog', { name: 'Label a source with a network' });
  await form.getByRole('button', { name: /Source$/ }).click();
  await page.getByRole('option', { name: new RegExp(`^${journey.unlabeledSource}`) }).click();
  await form.getByLabel('Name').fill('round');
  await form.getByRole('button', { name: 'Label', exact: true }).click();
  const row = page.getByRole('row', { name: new RegExp(`^round .*Finished ${count(journey.unlabeled)} `) });
  await expect(row).toBeVisible({ timeout: journey.patience });
  await row.getByRole('link', { name: 'round', exact: true }).click();
});

test('labels are reviewed by keys alone, and what was decided is kept', async () => {
  const canvas = page.locator('canvas.face-canvas[data-image]');
  await expect(canvas).toBeVisible({ timeout: journey.patience });
  const seen = new Set<string | null>();
  for (const key of ['Enter', '3', '7', 'x', 'u', 'Enter']) {
    seen.add(await canvas.getAttribute('data-image'));
    await page.keyboard.press(key);
    await expect(canvas).not.toHaveAttribute('data-image', [...seen].at(-1)!);
  }
  expect(seen.size).toBe(6);
  await page.keyboard.press('z');
  await expect(page.getByText('5 decided')).toBeVisible();
  await expect(page.locator('.saved')).toHaveText('saved');
  await page.goto(new URL('/labels/log', studio.address).href);
  // Six acts, and the one that took the last of them back.
  await expect(page.locator('.decision-log li')).toHaveCount(7);
});

test('a next run begins as a copy of the first, on the other subset', async () => {
  await page.goto(new URL('/runs/tiny', studio.address).href);
  await page.getByRole('link', { name: 'Duplicate' }).click();
  await page.getByLabel('Name').fill('next');
  await page.getByRole('button', { name: /Labeled set/ }).click();
  await page.getByRole('option', { name: /second-subset/ }).click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\/next$/);
  await expect(page.getByRole('heading', { name: 'next' }).locator('..')).toContainText('Finished', {
    timeout: 2 * journey.patience,
  });
});

test('both runs are compared: what differs is the subset, and their scores stand side by side', async () => {
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
  await page.getByRole('checkbox', { name: 'Pick tiny' }).press('Space');
  await page.getByRole('checkbox', { name: 'Pick next' }).press('Space');
  await page.getByRole('link', { name: 'Compare', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\/compare\?runs=/);
  await expect(page.getByText(/^1 of \d+ differ$/)).toBeVisible();
  await expect(
    page.getByRole('img', { name: /^Accuracy on validation: .*tiny is at \d.*next is at \d/ }),
  ).toBeVisible();
});

test('a face of the catalog and a file of one’s own are predicted, and the answer names the network and its step', async () => {
  await page.getByRole('link', { name: 'Predict', exact: true }).click();
  await page.getByRole('button', { name: /Faces of the catalog/ }).click();
  await page.getByRole('option', { name: 'Validation' }).click();
  await page.getByRole('group', { name: 'Faces of the catalog' }).getByRole('button').first().click();
  await expect(page.getByText(/network of (tiny|next), step \d+ · [\d,]+ ms/)).toBeVisible({ timeout: 60_000 });
  expect(await sumOfProbabilities()).toBeCloseTo(100, 0);

  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a file' }).click();
  await (await chooser).setFiles(journey.picture);
  await expect(page.getByRole('img', { name: basename(journey.picture) })).toBeVisible();
  await expect(page.getByText(/network of (tiny|next), step \d+ · [\d,]+ ms/)).toBeVisible();
  expect(await sumOfProbabilities()).toBeCloseTo(100, 0);
});

/** Percent, over the seven bars of the first network; each is rounded to a tenth. */
async function sumOfProbabilities(): Promise<number> {
  const texts = await page.locator('.bars td:nth-of-type(1)').allTextContents();
  expect(texts).toHaveLength(7);
  return texts.reduce((sum, text) => sum + Number.parseFloat(text), 0);
}
