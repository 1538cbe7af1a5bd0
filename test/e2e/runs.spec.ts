import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { runJson } from '../contract/command.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/** The runs of a workspace: put together, watched, compared. The demo's faces, and the smallest networks there are. */
test.describe.configure({ mode: 'serial' });

let studio: RunningStudio;
let page: Page;
let problems: string[];

const place = (path: string): string => new URL(path, studio.address).href;

/** The command that trains the smallest network there is. */
const smallRun = (name: string, seed: string): string[] => [
  ...['train', '--workspace', `${studio.folder}/workspace`, '--preset', 'demo', '--name', name, '--seed', seed],
  ...['--width', '4', '--resize', '32', '--batch-size', '8', '--mu', '1', '--total-steps', '24'],
  ...['--base-warmup', '8', '--eval-step', '8', '--finetune-epochs', '0', '--labeled', 'demo', '--threads', '1'],
];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  studio = await startStudio();
  page = await (await browser.newContext()).newPage();
  problems = problemsOf(page);
  await page.goto(studio.address);
  const workspace = ['--workspace', `${studio.folder}/workspace`];
  await runJson('demo', ...workspace);
  for (const seed of ['1', '2']) await runJson(...smallRun('small', seed));
});

test.afterAll(async () => {
  await studio.close();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

/** Serious and critical faults for people who use the window by other means. */
async function barriers(): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

test('settings that do not go together are told where they are, keep the run from starting, and are mended at once', async () => {
  await page.goto(place('/runs/new'));
  await page.getByText('Quick', { exact: true }).click();
  await page.getByRole('button', { name: 'Recipe' }).click();
  await page.getByText('As released', { exact: true }).click();
  await expect(page.getByText('Does not go with “As released” as it is set.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeDisabled();
  expect(await barriers()).toEqual([]);
  await page.getByRole('button', { name: 'Leave out “As released”' }).click();
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled();
});

test('what was typed outlives a reload, and starting over takes it back', async () => {
  await page.getByLabel('Name').fill('kept');
  await page.reload();
  await expect(page.getByLabel('Name')).toHaveValue('kept');
  await page.getByRole('button', { name: 'Start over' }).click();
  await expect(page.getByLabel('Name')).toHaveValue('');
});

test('a few timed steps tell how long a run takes and how much memory, and leave nothing behind', async () => {
  test.setTimeout(240_000);
  await page.goto(place('/runs/new?from=small'));
  await expect(page.getByText(/as run small(-2)? tells/)).toBeVisible();
  await page.getByRole('button', { name: 'Time a few steps' }).click();
  await expect(page.getByText(/as a trial on .+ tells/)).toBeVisible({ timeout: 200_000 });
  await expect(page.getByText(/^about \d+ s$/)).toBeVisible(); // 24 steps of the smallest network
  await page.goto(place('/runs'));
  await expect(page.getByRole('row')).toHaveCount(3); // the heading and the two that were trained
});

test('runs picked in the list stand side by side, by an address that holds them', async () => {
  await page.getByRole('checkbox', { name: 'Pick small', exact: true }).press('Space');
  await page.getByRole('checkbox', { name: 'Pick small-2' }).press('Space');
  await expect(page).toHaveURL(/picked=small(%2C|,)small-2/);
  expect(await barriers()).toEqual([]);
  await page.getByRole('link', { name: 'Compare', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\/compare\?runs=small(%2C|,)small-2$/);
  await page.reload();
  await expect(page.getByText(/^1 of \d+ differ$/)).toBeVisible(); // the seed
  await expect(
    page.getByRole('img', { name: /^Accuracy on validation: 1 small is at \d.+, 2 small-2 is at \d/ }),
  ).toBeVisible();
});

test('compared runs are scored on the same images, with the images only one gets right', async () => {
  test.setTimeout(240_000);
  await page.getByRole('button', { name: 'Score' }).click();
  await expect(page).toHaveURL(/split=test/);
  await expect(page.getByText(/On 700 images small-2 is \d+\.\d points (above|below) small/)).toBeVisible({
    timeout: 200_000,
  });
  await expect(page.getByRole('table', { name: 'Means over seeds' })).toContainText('small, small-2');
  await expect(page.getByRole('heading', { name: /^Only 1 small is right: \d+ images?/ })).toBeVisible();
  expect(await barriers()).toEqual([]);
});

test('arrow keys move one cursor through all charts of a run, and a chart’s values are copied as csv', async () => {
  await page.goto(place('/runs/small'));
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const losses = page.getByRole('img', { name: /^Losses/ });
  await losses.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('heading', { name: 'Losses step 1', exact: true })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Gradient norms step 1', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Copy or save Losses' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Copy values as CSV' }).press('Enter');
  await expect(page.getByText('The values of “Losses” are copied.')).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split('\r\n')[0]).toBe('step,labeled,consistency,adaptation,"base, all"');
  expect(copied.trim().split('\r\n')).toHaveLength(25); // a heading and 24 steps
  expect(await barriers()).toEqual([]);
});

test('a run says which network validation chose, and how its settings differ from another’s', async () => {
  await page.goto(place('/runs/small?tab=evaluations'));
  await expect(page.getByText(/^Validation chose the (base|adaptation) network of step \d+/)).toBeVisible();
  expect(await barriers()).toEqual([]);
  await page.goto(place('/runs/small?tab=config&against=small-2'));
  await expect(page.getByText(/^1 of \d+ differ$/)).toBeVisible();
  await page.getByText('Only what differs').click();
  await expect(page.locator('.settings-list').last()).toHaveText('Seed1 instead of 2');
  expect(await barriers()).toEqual([]);
});

test('a step of the feedback is picked with Enter or a click, and its batch is there as faces', async () => {
  await page.goto(place('/runs/small'));
  const feedback = page.getByRole('img', { name: /^Feedback/ });
  await feedback.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const batch = page.getByRole('region', { name: 'Batch behind the feedback' });
  await expect(batch.getByRole('heading', { name: /^Step 8, feedback/ })).toBeVisible(); // the first after the warm-up
  await expect(page).toHaveURL(/batch=8$/);
  await expect(batch.getByRole('link', { name: /^Face \d+, label \w+$/ })).toHaveCount(8);
  await expect(batch.getByRole('link', { name: /^Face \d+, pseudo label \w+$/ })).toHaveCount(8);
  await batch.getByRole('button', { name: 'Later batch' }).click();
  await expect(page).toHaveURL(/batch=9$/);
  expect(await barriers()).toEqual([]);
  await batch.getByRole('button', { name: 'Close the batch' }).click();
  await expect(batch).toBeHidden();
  await feedback.scrollIntoViewIfNeeded();
  await feedback.click({ position: { x: (await feedback.boundingBox())!.width - 90, y: 60 } });
  await expect(page).toHaveURL(/batch=2\d$/);
  await page.reload();
  await expect(batch.getByRole('heading', { name: /^Step 2\d, feedback/ })).toBeVisible();
});

test('memory over the steps has its chart', async () => {
  await expect(page.getByRole('img', { name: /^Memory: of the machine is at \d/ })).toBeVisible();
});

test('runs are tagged where they are looked at, and found by it in the list', async () => {
  await page.goto(place('/runs/small'));
  await page.getByRole('button', { name: 'Add a tag' }).click();
  await page.getByRole('textbox', { name: 'Tag' }).fill('paper');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Take the tag paper away' })).toBeVisible();
  await page.reload(); // and with it goes what was announced of a button that is gone
  await expect(page.getByRole('button', { name: 'Take the tag paper away' })).toBeVisible();
  expect(await barriers()).toEqual([]);
  await page.goto(place('/runs'));
  await page.getByRole('group', { name: 'Only runs tagged' }).getByRole('button', { name: 'paper 1' }).click();
  await expect(page).toHaveURL(/tags=paper$/);
  await expect(page.getByRole('row')).toHaveCount(2); // the heading and the one
  expect(await barriers()).toEqual([]);
  await page.reload();
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.goto(place('/runs/small'));
  await page.getByRole('button', { name: 'Take the tag paper away' }).click();
  await expect(page.getByRole('button', { name: 'Take the tag paper away' })).toBeHidden();
});

test('runs that only their seeds tell apart are drawn as their mean, in a band', async () => {
  await page.goto(place('/runs/compare?runs=small,small-2'));
  await page.getByText('Mean, range').click();
  await expect(page).toHaveURL(/seeds=range$/);
  await expect(
    page.getByRole('img', { name: /^Accuracy on validation: 1\+2 small, mean of 2 is at \d/ }),
  ).toBeVisible();
  await page.getByRole('button', { name: 'Neutral Recall of' }).click();
  await page.getByRole('option', { name: 'Fear' }).click();
  await expect(page.getByRole('img', { name: /^Recall of fear on validation/ })).toBeVisible();
  expect(await barriers()).toEqual([]);
});

test('what a reviewer corrected between two runs is told with its faces, and in the later run’s configuration', async () => {
  test.setTimeout(240_000);
  const workspace = ['--workspace', `${studio.folder}/workspace`];
  const { rows } = await runJson<{ rows: { id: number }[] }>(
    ...['query', ...workspace, '--source', 'demo', '--split', 'train', '--class', 'happy', '--limit', '3'],
  );
  const images = rows.flatMap(({ id }) => ['--image', String(id)]);
  await runJson(
    ...['review', 'decide', ...workspace, ...images, '--verdict', 'relabel', '--label', 'anger', '--reviewer', 'ann'],
  );
  await runJson(...smallRun('reviewed', '1'));
  for (const run of ['small', 'reviewed']) {
    await runJson('pseudo-label', ...workspace, '--run', run, '--network', 'adaptation', '--source', 'demo-fr');
  }
  await page.goto(place('/runs/compare?runs=small,reviewed'));
  await expect(page.getByText(/^3 of 1,200 labels differ; all of them by decisions of a reviewer\.$/)).toBeVisible();
  await page.getByRole('button', { name: 'Happy to Anger: 3 faces' }).click();
  await expect(page.getByRole('list', { name: 'Faces whose label differs' }).getByRole('link')).toHaveCount(3);
  await expect(page.getByRole('link', { name: /Happy, now Anger, decided by ann$/ })).toHaveCount(3);
  await expect(page.getByRole('heading', { name: 'Labels they gave to demo-fr' })).toBeVisible();
  await expect(page.getByText(/of 4,000 labels differ/)).toBeVisible();
  expect(await barriers()).toEqual([]);
  await page.getByRole('link', { name: 'These rounds in flips' }).click();
  await expect(page).toHaveURL(/\/labels\/flips\?from=\d+&to=\d+$/);
  await page.goto(place('/runs/reviewed?tab=config'));
  await expect(page.getByText(/^3 labels of the labeled set: 0 confirmed, 3 corrected, by ann/)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Faces with reviewed labels' }).getByRole('link')).toHaveCount(3);
  expect(await barriers()).toEqual([]);
  await page.goto(place('/runs/small?tab=config'));
  await expect(page.getByText('None of its labels was reviewed when it started.')).toBeVisible();
});

test('the overview has no barriers, in the dark too', async () => {
  await page.emulateMedia({ colorScheme: 'dark' });
  for (const path of ['/', '/runs', '/runs/small']) {
    await page.goto(place(path));
    await expect(page.locator('main [aria-busy]')).toHaveCount(0);
    expect(await barriers(), path).toEqual([]);
  }
});
