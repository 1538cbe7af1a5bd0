import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/** From a folder on the disk to a prediction, as a person would go, in one window. */
test.describe.configure({ mode: 'serial' });

let studio: RunningStudio;
let page: Page;
let problems: string[];

test.beforeAll(async ({ browser }) => {
  studio = await startStudio();
  await writeClassFolders(join(studio.folder, 'labeled'), { perClass: 12 });
  await writeClassFolders(join(studio.folder, 'held-out'), { perClass: 4, seed: 7 });
  await writeIdentityFolders(join(studio.folder, 'people'), { identities: 10, perIdentity: 4 });
  page = await browser.newPage();
  problems = problemsOf(page);
  await page.goto(studio.address);
});

test.afterAll(async () => {
  await studio.close();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

async function importFolder(name: string, role: string): Promise<void> {
  await page.getByLabel('Folder or file').fill(join(studio.folder, name));
  await page.getByRole('button', { name: /Role$/ }).click();
  await page.getByRole('option', { name: role, exact: true }).click();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
}

test('folders are imported as labeled, validation and unlabeled images', async () => {
  await page.getByRole('link', { name: 'Data', exact: true }).click();
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await importFolder('labeled', 'Labeled');
  await expect(page.getByText('84 added')).toBeVisible({ timeout: 20_000 }); // 7 classes × 12
  await importFolder('held-out', 'Validation');
  await expect(page.getByText('28 added')).toBeVisible({ timeout: 20_000 }); // 7 × 4
  await importFolder('people', 'Unlabeled');
  await expect(page.getByText('40 added')).toBeVisible({ timeout: 20_000 }); // 10 people × 4
  await expect(page.getByRole('contentinfo')).toContainText('152 images');
});

test('a balanced subset says how many images it holds and how many are missing', async () => {
  await page.getByRole('link', { name: 'Subsets' }).click();
  // The place before it has a field of the same name.
  await expect(page.getByRole('heading', { name: 'Make a subset' })).toBeVisible();
  await page.getByLabel('Name').fill('ten-of-each');
  await page.getByLabel('Per class').fill('10');
  await page.getByRole('button', { name: 'Make the subset' }).click();
  await expect(page.getByText('ten-of-each holds 70 images.')).toBeVisible();

  await page.getByLabel('Name').fill('twenty-of-each');
  await page.getByLabel('Per class').fill('20');
  await page.getByRole('button', { name: 'Make the subset' }).click();
  // 12 of each class are all there are: 8 of each are missing.
  await expect(page.getByText('twenty-of-each holds 84 images, 56 fewer than asked for.')).toBeVisible();
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
  await page.getByRole('option', { name: /ten-of-each/ }).click();
  await page.getByRole('button', { name: 'Training' }).click();
  await setNumber('Width', '8');
  await setNumber('Labeled batch', '8');
  await setNumber('Unlabeled per labeled', '1');
  await setNumber('Steps', '250');
  await setNumber('Evaluate every', '50');
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
  await expect(page.getByRole('heading', { name: 'tiny' }).locator('..')).toContainText('Paused', { timeout: 30_000 });
  const reached = await stepReached();
  expect(reached).toBeGreaterThan(0);
  expect(reached).toBeLessThan(250);

  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('heading', { name: 'tiny' }).locator('..')).toContainText('Finished', {
    timeout: 100_000,
  });
  expect(await stepReached()).toBe(250);
  await expect(page.getByRole('img', { name: /^Accuracy on validation: .*Adaptation is at \d/ })).toBeVisible();
});

/** "123 of 250" → 123. */
async function stepReached(): Promise<number> {
  const text = await page.getByText(/^\d+ of 250$/).textContent();
  return Number.parseInt(text!, 10);
}

test('its evaluations show a confusion matrix, and its settings what was set', async () => {
  await page.getByRole('link', { name: 'Evaluations' }).click();
  await expect(page).toHaveURL(/\/runs\/tiny\?tab=evaluations$/);
  // 28 validation images, 4 of each class.
  await expect(page.getByRole('row', { name: /^N Neutral .* 4$/ }).first()).toBeVisible();
  await page.getByRole('link', { name: 'Configuration' }).click();
  await expect(page.getByText('resnet18')).toBeVisible();
  await page.goBack();
});

test('a face of the catalog and a file of one’s own are predicted, and the answer names the network and its step', async () => {
  await page.getByRole('link', { name: 'Predict', exact: true }).click();
  await page.getByRole('button', { name: /Faces of the catalog/ }).click();
  await page.getByRole('option', { name: 'Validation' }).click();
  await page.getByRole('group', { name: 'Faces of the catalog' }).getByRole('button').first().click();
  await expect(page.getByText(/network of tiny, step \d+ · [\d,]+ ms/)).toBeVisible({ timeout: 60_000 });
  expect(await sumOfProbabilities()).toBeCloseTo(100, 0);

  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a file' }).click();
  await (await chooser).setFiles(join(studio.folder, 'held-out', 'sad', '0.png'));
  await expect(page.getByRole('img', { name: '0.png' })).toBeVisible();
  await expect(page.getByText(/network of tiny, step \d+ · [\d,]+ ms/)).toBeVisible();
  expect(await sumOfProbabilities()).toBeCloseTo(100, 0);
});

/** Percent, over the seven bars of the first network; each is rounded to a tenth. */
async function sumOfProbabilities(): Promise<number> {
  const texts = await page.locator('.bars td:nth-of-type(1)').allTextContents();
  expect(texts).toHaveLength(7);
  return texts.reduce((sum, text) => sum + Number.parseFloat(text), 0);
}
