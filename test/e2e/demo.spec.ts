import { expect, test } from '@playwright/test';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

let studio: RunningStudio;

test.beforeAll(async () => {
  studio = await startStudio();
});

test.afterAll(async () => {
  await studio.close();
});

test('an empty workspace makes the demo, tells how far it is, and then what it holds', async ({ page }) => {
  const problems = problemsOf(page);
  await page.goto(studio.address);
  await expect(page.getByRole('heading', { name: 'This workspace is empty' })).toBeVisible();

  await page.getByText('Start a training run with it').click();
  await page.getByRole('button', { name: 'Make the demo' }).click();
  await expect(page.getByRole('progressbar', { name: 'Draw the demo’s faces' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Jobs, 1 job running' })).toBeVisible();

  // The demo's plan: 1,200 training images of which 72 disgust and 384 happy, 350 validation, 700 test, 4,000 unlabeled.
  await expect(page.getByRole('button', { name: 'Disgust, Train: 72 images' })).toBeVisible({ timeout: 90_000 });
  await expect(page.getByRole('button', { name: 'Happy, Train: 384 images' })).toBeVisible();
  await expect(page.getByRole('contentinfo')).toContainText('6,250 images');
  await expect(page.getByText('Training images are unbalanced 5.3 : 1')).toBeVisible();

  await page.getByRole('link', { name: 'Show disgust' }).click();
  await expect(page).toHaveURL(/\/data\?split=train&class=disgust$/);
  await expect(page.getByRole('listbox', { name: 'Faces, 72' })).toBeVisible();
  await expect(page.getByRole('option').first()).toHaveAccessibleName('Disgust, Train, demo');
  const face = page.getByRole('option').first().locator('img');
  await expect.poll(() => face.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  expect(problems).toEqual([]);
});
