import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { encodePng } from '#main/imaging/png.ts';
import { startCommand } from '../contract/command.ts';
import { writeClassFolders } from '../fixtures/faces.ts';
import { drawnFace, placed } from '../unit/prediction/drawn-face.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/** Predict, Evaluate and Settings, with two small networks that know the validation images by heart: a temperature fits only such. */
test.describe.configure({ mode: 'serial' });

let studio: RunningStudio;
let page: Page;
let problems: string[];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  studio = await startStudio();
  await writeClassFolders(join(studio.folder, 'train'), { perClass: 6 });
  await writeClassFolders(join(studio.folder, 'held-out'), { perClass: 4 });
  await writeClassFolders(join(studio.folder, 'unseen'), { perClass: 5, seed: 9 });
  const grey = placed(400, 260, [drawnFace(192), 150, 40]);
  writeFileSync(join(studio.folder, 'photo.png'), encodePng(grey));
  writeFileSync(join(studio.folder, 'empty.png'), encodePng(placed(200, 160)));
  await command('import', join(studio.folder, 'train'), '--source', 'faces');
  await command('import', join(studio.folder, 'held-out'), '--source', 'held-out', '--role', 'validation');
  await command('import', join(studio.folder, 'unseen'), '--source', 'unseen', '--role', 'test');
  for (const [seed, name] of ['one', 'two'].entries()) {
    await command(
      ...['train', '--name', name, '--seed', String(seed), '--method', 'supervised', '--labeled', 'faces'],
      ...['--arch', 'resnet18', '--width', '4', '--resize', '16', '--batch-size', '4', '--mu', '1', '--workers', '0'],
      ...['--total-steps', '60', '--eval-step', '30', '--finetune-epochs', '0'],
    );
  }
  page = await (await browser.newContext()).newPage();
  problems = problemsOf(page);
  await page.goto(studio.address);
});

test.afterAll(async () => {
  await studio.close();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

async function command(...parameters: string[]): Promise<void> {
  const { code, stderr } = await startCommand(...parameters, '--workspace', join(studio.folder, 'workspace')).ended;
  expect(code, stderr).toBe(0);
}

async function go(address: string): Promise<void> {
  await page.goto(new URL(address, studio.address).href);
}

async function choose(file: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a file' }).click();
  await (await chooser).setFiles(join(studio.folder, file));
}

async function expectAccessible(): Promise<void> {
  // React Aria reads a waiting button's name from a node of its own for some seconds, whether the button is still there or not.
  const { violations } = await new AxeBuilder({ page }).exclude('[data-live-announcer]').analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
}

test('a face is found in a photograph, its box is pulled, and the address still shows it after a reload', async () => {
  await go('/predict?run=one');
  await choose('photo.png');
  const answer = page.getByRole('region', { name: 'Answer' });
  await expect(answer.getByText(/^Face, found, \d+ % sure/)).toBeVisible({ timeout: 90_000 });
  await expect(answer.getByText(/Adaptation network of one, step \d+/)).toBeVisible();
  await expectAccessible();

  const frame = page.getByRole('button', { name: /^Face, found/ });
  const before = (await frame.boundingBox())!;
  await frame.focus();
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(answer.getByText('Face, marked by you.')).toBeVisible();
  const after = (await page.getByRole('button', { name: /^Face, marked by you/ }).boundingBox())!;
  expect(after.width).toBeGreaterThan(before.width);
  expect(after.x).toBeCloseTo(before.x, 0);

  await page.reload();
  await expect(page.getByRole('img', { name: 'photo.png' })).toBeVisible();
  await expect(answer.getByText(/^Face, found/)).toBeVisible();
});

test('a picture without a face is said to be taken whole, and a face can be marked in it', async () => {
  await choose('empty.png');
  await expect(page.getByText('No face was found: the whole picture was taken as one.')).toBeVisible();
  await page.getByRole('button', { name: 'Mark the face' }).click();
  await expect(page.getByText('Face, marked by you.')).toBeVisible();
  await page.getByRole('button', { name: 'photo.png' }).click();
  await expect(page.getByRole('img', { name: 'photo.png' })).toBeVisible();
});

test('the nearest labeled faces are told once the labeled faces were compared', async () => {
  await go('/predict?run=one&face=1');
  await page.getByRole('button', { name: 'Compare with the labeled faces' }).click();
  // Among the labeled faces is the face itself.
  await expect(page.getByRole('link', { name: /^Face 1, \w+, distance 0\.000$/ })).toBeVisible({ timeout: 60_000 });
});

test('a camera that is not allowed is answered with a sentence, and only when its button is pressed', async () => {
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });
  await expect(page.getByText('The camera was not allowed')).toHaveCount(0);
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await expect(page.getByRole('alert')).toContainText('The camera was not allowed for this window.');
});

test('a network is scored on a split; a cell of the matrix shows its faces, and as many as it says', async () => {
  await go('/evaluate');
  await expect(page.getByText('Nothing evaluated yet')).toBeVisible();
  for (const run of ['one', 'two']) {
    await go(`/evaluate?run=${run}&split=test`);
    await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
    await expect(page).toHaveURL(new RegExp(`id=runs%2F${run}%2Fevaluations%2F1`), { timeout: 60_000 });
  }
  await expect(page.getByText('test · 35 images')).toBeVisible();
  const cell = page.getByRole('button', { name: /: \d+ images?, \d+\.\d %$/ }).first();
  await cell.click();
  await expect(page).toHaveURL(/label=\w+&predicted=\w+/);
  // Read now: before, the matrix may still have been that of the run before.
  const count = Number(/: (\d+) image/.exec((await cell.getAttribute('aria-label'))!)![1]);
  await expect(page.getByRole('link', { name: /^Face \d+: / })).toHaveCount(count);
  await page.reload();
  await expect(page.getByRole('link', { name: /^Face \d+: / })).toHaveCount(count);
});

test('two networks are compared image by image, in the address too', async () => {
  await page.getByRole('button', { name: /Compare with/ }).click();
  await page.getByRole('option', { name: /^one/ }).click();
  await expect(page).toHaveURL(/against=runs%2Fone%2Fevaluations%2F1/);
  await expect(page.getByText('McNemar’s test')).toBeVisible();
  await expect(page.getByText('On 35 images that both have answers for.')).toBeVisible();
  await expectAccessible();
});

test('a temperature is fitted on validation, and then stands beside what the network gives', async () => {
  await page.getByRole('button', { name: 'Fit on validation' }).click();
  await expect(page.getByText(/^T = \d+\.\d{3}, fitted on 28 images of validation/)).toBeVisible({ timeout: 60_000 });
  await page
    .getByRole('link', { name: /^Face \d+: / })
    .first()
    .click();
  await expect(page.getByRole('radiogroup', { name: 'Probabilities' })).toBeVisible({ timeout: 60_000 });
});

test('the report is saved as a page', async () => {
  await go('/evaluate?id=runs%2Ftwo%2Fevaluations%2F1');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the report' }).click();
  expect((await download).suggestedFilename()).toBe('two-adaptation-test.html');
});

test('a key that another act has is offered to be swapped, and all are reset', async () => {
  await go('/settings#keys');
  await page.getByRole('button', { name: 'Change the key: Accept the label' }).click();
  await page.keyboard.press('x');
  await expect(page.getByRole('alert')).toContainText('X is the key of “Reject the face” already.');
  await page.getByRole('button', { name: 'Swap the two' }).click();
  const accept = page.getByRole('listitem').filter({ hasText: 'Accept the label' });
  await expect(accept.locator('kbd')).toHaveText('X');
  await expect(page.getByRole('listitem').filter({ hasText: 'Reject the face' }).locator('kbd')).toHaveText('⏎');
  await page.getByRole('button', { name: 'Reset all' }).click();
  await expect(accept.locator('kbd')).toHaveText('⏎');
});

test('the catalog is checked and backed up, and the way back is told', async () => {
  await page.getByRole('button', { name: 'Check the catalog' }).click();
  await expect(page.getByText(/^The catalog is sound/)).toBeVisible();
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByRole('button', { name: 'Show the new one' }).click();
  await expect(page.getByText(/^To restore the newest, close the studio and run/)).toBeVisible();
  await expectAccessible();
});
