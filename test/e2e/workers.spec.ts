import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { join } from 'node:path';
import { type Running, runJson, startCommand } from '../contract/command.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { twoFreePorts } from '../fixtures/ports.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/** Two real workers on loopback: made known, trained on from the form, watched, one of them killed, gone on without. */
test.describe.configure({ mode: 'serial' });

let studio: RunningStudio;
let page: Page;
let problems: string[];
let workers: Running[] = [];
let addresses: string[] = [];

const place = (path: string): string => new URL(path, studio.address).href;
const workspace = (): string[] => ['--workspace', `${studio.folder}/workspace`];

async function startWorker(address: string): Promise<Running> {
  const running = startCommand('worker', '--listen', address);
  workers.push(running);
  await running.sees(/Waiting on/);
  return running;
}

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  process.env['FACE2EXP_CLUSTER_SECRET'] = 'of the tests, and long enough';
  process.env['TF_CPP_MIN_LOG_LEVEL'] = '2';
  studio = await startStudio();
  page = await (await browser.newContext()).newPage();
  problems = problemsOf(page);
  await page.goto(studio.address);
  const folder = (name: string): string => join(studio.folder, name);
  await writeClassFolders(folder('labeled'), { perClass: 4 });
  await writeClassFolders(folder('validation'), { perClass: 2, seed: 9 });
  await writeIdentityFolders(folder('people'), { identities: 6, perIdentity: 3 });
  await runJson('import', folder('labeled'), '--format', 'folder', ...workspace());
  await runJson('import', folder('validation'), '--format', 'folder', '--role', 'validation', ...workspace());
  await runJson('import', folder('people'), '--format', 'identity', '--role', 'unlabeled', ...workspace());
  await runJson(
    ...['train', '--name', 'alone', '--arch', 'resnet18', '--width', '4', '--resize', '16', '--batch-size', '4'],
    ...['--mu', '1', '--threads', '1', '--workers', '1', '--eval-step', '25', '--finetune-epochs', '0'],
    ...['--total-steps', '25', ...workspace()],
  );
  addresses = [`127.0.0.1:${await twoFreePorts()}`, `127.0.0.1:${await twoFreePorts()}`];
  for (const address of addresses) await startWorker(address);
});

test.afterAll(async () => {
  for (const { child, ended } of workers) {
    child.kill('SIGKILL');
    await ended;
  }
  workers = [];
  await studio.close();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

/** Serious and critical faults for people who use the window by other means, in light and in dark. */
async function barriers(): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, impact, nodes } of violations) {
      if (impact === 'serious' || impact === 'critical') {
        found.push(...nodes.map(({ target }) => `${colorScheme}: ${id}: ${target.join(' ')}`));
      }
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}

/** A folder for pictures of what is seen, for those who want to look: FACE2EXP_PICTURES. */
async function picture(name: string): Promise<void> {
  const folder = process.env['FACE2EXP_PICTURES'];
  if (folder === undefined) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [
      [1280, 800],
      [1920, 1080],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(250);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
}

test('workers are made known in Settings, which says how each is', async () => {
  await page.goto(place('/settings#workers'));
  const section = page.getByRole('region', { name: 'Workers', exact: true });
  await expect(section.getByText('No workers are known yet.')).toBeVisible();
  await picture('settings-empty');
  await section.getByLabel('Address').fill('gpu');
  await section.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(section.getByRole('alert')).toHaveText(/“gpu” is no address\. Write HOST:PORT/);

  const nobody = `127.0.0.1:${await twoFreePorts()}`;
  for (const [address, name] of [...addresses.map((address, index) => [address, `W${index + 1}`]), [nobody, '']]) {
    await section.getByLabel('Address').fill(address!);
    await section.getByLabel('Name').fill(name!);
    await section.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(section.getByRole('button', { name: `Remove ${name === '' ? address : name}` })).toBeVisible();
  }
  const rows = section.getByRole('list', { name: 'Known workers' }).getByRole('listitem');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(0)).toContainText(/W1.*Ready.*TensorFlow \d+\.\d+/);
  await expect(rows.nth(1)).toContainText(/W2.*Ready/);
  await expect(rows.nth(2)).toContainText(/Not reached.*Nothing listens there\..*Start it there/);
  expect(await barriers()).toEqual([]);
  await picture('settings');

  await section.getByRole('button', { name: `Remove ${nobody}` }).click();
  await expect(rows).toHaveCount(2);
  await page.reload();
  await expect(rows).toHaveCount(2);
});

test('a run is started on both from the form, which says what a step has then', async () => {
  await page.goto(place('/runs/new?from=alone'));
  await page.getByLabel('Name').fill('together');
  await page.getByRole('radiogroup', { name: 'Where it trains' }).getByText('Workers').click();
  await expect(page.getByText('Choose workers, or train on this machine.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeDisabled();
  const picks = page.getByRole('list', { name: 'Workers' });
  for (const name of ['W1', 'W2']) await picks.getByText(name, { exact: false }).first().click();
  await expect(picks.getByRole('checkbox', { name: /W1/ })).toBeChecked();
  await expect(picks.getByText('Ready')).toHaveCount(2);
  await expect(page.getByText('2 × (4 + 4 unlabeled)')).toBeVisible();
  await page.getByRole('textbox', { name: /silent for/ }).fill('4');
  await page.getByRole('button', { name: 'Training', exact: true }).click();
  await page.getByRole('textbox', { name: /^Steps/ }).fill('6000');
  await page.keyboard.press('Tab');
  await page.reload(); // what was chosen outlives it
  await expect(picks.getByRole('checkbox', { name: /W2/ })).toBeChecked();
  await page.getByRole('region', { name: 'Where it trains' }).scrollIntoViewIfNeeded();
  expect(await barriers()).toEqual([]);
  await picture('start');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\/together$/);
});

test('while it trains the run shows how each worker fares, and a look at them disturbs none', async () => {
  test.setTimeout(240_000);
  await expect(page.getByText('2 workers', { exact: true })).toBeVisible();
  const table = page.getByRole('table', { name: 'Workers' });
  await expect(table.getByRole('row')).toHaveCount(3, { timeout: 120_000 }); // the heading and the two
  for (const [index, address] of addresses.entries()) await expect(table).toContainText(`W${index + 1} (${address})`);
  await expect(table.getByRole('img', { name: /^[\d,.]+ ms in all$/ })).toHaveCount(2);
  // The bars change all the time: one that is replaced while it is looked at counts as nameless. A real fault stays.
  await expect.poll(barriers, { timeout: 60_000 }).toEqual([]);
  await picture('running');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy or save Workers' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Copy values as CSV' }).press('Enter');
  await expect(page.getByText('The values of “Workers” are copied.')).toBeVisible();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).trim().split('\r\n');
  expect(lines.map((line) => line.split(',')[1])).toEqual(['worker', ...addresses]);
  expect(Number(lines[1]!.split(',')[3])).toBeGreaterThan(0);

  await page.goto(place('/settings#workers'));
  await expect(page.getByText(/^Train together, for /)).toHaveCount(2);
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect(page.getByText(/^Train together, for /)).toHaveCount(2);
  await page.goto(place('/runs/together'));
  await expect(page.locator('.run-head').getByText('Running')).toBeVisible();
});

test('a worker that is killed is named, and the run goes on with the other one', async () => {
  test.setTimeout(240_000);
  await expect(page.getByRole('table', { name: 'Workers' }).getByRole('row')).toHaveCount(3);
  await expect
    .poll(async () => (await runJson<{ step: number }>('runs', 'show', 'together', ...workspace())).step, {
      timeout: 120_000,
    })
    .toBeGreaterThan(30); // past its first checkpoint
  workers[1]!.child.kill('SIGKILL');
  await expect(page.locator('.run-head').getByRole('alert')).toContainText(`Worker ${addresses[1]} is gone`, {
    timeout: 60_000,
  });
  const choice = page.getByRole('region', { name: 'Go on with workers' });
  await expect(choice.getByRole('checkbox', { name: /W1/ })).toBeChecked();
  await expect(choice.getByRole('checkbox', { name: /W2/ })).not.toBeChecked();
  await expect(choice).toContainText(/W2.*Not reached/);
  await expect(choice).toContainText('with 1 worker instead of 2');
  expect(await barriers()).toEqual([]);
  await picture('lost');
  await choice.getByRole('button', { name: 'Resume on 1 worker' }).click();
  await expect(page.locator('.run-head').getByText('Running')).toBeVisible();
  await expect(page.getByText('1 worker', { exact: true })).toBeVisible();
  const table = page.getByRole('table', { name: 'Workers' });
  await expect(table.getByRole('row')).toHaveCount(2, { timeout: 120_000 });
  await expect(table).toContainText(addresses[0]!);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.locator('.run-head').getByText('Paused')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(`On 1 worker: W1 (${addresses[0]})`)).toBeVisible();
  const { log } = await runJson<{ log: { message: string }[] }>('runs', 'show', 'together', ...workspace());
  expect(log.map(({ message }) => message).join('\n')).toContain('learning rates are multiplied by 1/2');
});

test('a network scores images on a worker that is chosen', async () => {
  test.setTimeout(240_000);
  await page.goto(place('/evaluate?run=alone&split=validation'));
  await page.getByRole('radiogroup', { name: 'Where it computes' }).getByText('Workers').click();
  const picks = page.getByRole('list', { name: 'Workers' });
  await expect(picks.getByText('Ready')).toHaveCount(1);
  await picks.getByText('W1').click();
  expect(await barriers()).toEqual([]);
  await picture('evaluate');
  await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
  await workers[0]!.sees(/Evaluate on validation/);
  await expect(page).toHaveURL(/[?&]id=/, { timeout: 120_000 });
});

test('a round is labeled on workers from its form', async () => {
  test.setTimeout(240_000);
  await page.goto(place('/labels'));
  await page.getByRole('button', { name: 'Label with a network' }).click();
  const dialog = page.getByRole('dialog', { name: 'Label a source with a network' });
  await dialog.getByRole('radiogroup', { name: 'Where it computes' }).getByText('Workers').click();
  await expect(dialog.getByText('Ready')).toHaveCount(1);
  await expect(dialog.getByRole('button', { name: 'Label', exact: true })).toBeDisabled();
  expect(await barriers()).toEqual([]);
  await picture('round');
  await dialog.getByText('W1').click();
  await dialog.getByRole('button', { name: 'Source' }).click();
  await page.getByRole('option', { name: /people/ }).click();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('shared out');
  await dialog.getByRole('button', { name: 'Label', exact: true }).click();
  await expect(dialog).toBeHidden();
  await workers[0]!.sees(/Label people/);
  await expect(page.getByRole('row', { name: /shared out/ })).toContainText('18', { timeout: 120_000 });
});
