import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, type BrowserContextOptions, type Page, expect, test } from '@playwright/test';
import { runJson } from '../contract/command.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/**
 * Every place and tab on the demo with two small runs: no complaint of the browser, nothing wider than the window, no serious fault of
 * accessibility, in light and dark, small and large, zoomed, and with reduced motion. With FACE2EXP_SCREENSHOTS=DIR all are kept as pictures.
 */
test.describe.configure({ mode: 'serial' });

const PICTURES = process.env['FACE2EXP_SCREENSHOTS'];

/** Name, address, and what is done there before it is looked at. */
type Place = readonly [name: string, address: string, prepare?: (page: Page) => Promise<unknown>];

const PLACES: readonly Place[] = [
  ['overview', '/'],
  ['data', '/data'],
  ['data-face', '/data?split=train', (page) => page.getByRole('option').nth(3).click()],
  ['data-round', '/data?round=1', (page) => expect(page.getByRole('listbox', { name: 'Faces, 4,000' })).toBeVisible()],
  ['data-none', '/data?text=nobody'],
  ['data-sources', '/data/sources?open=demo'],
  ['data-subsets', '/data/subsets?open=balanced'],
  ['data-duplicates', '/data/duplicates'],
  ['data-exclusions', '/data/exclusions'],
  ['data-import', '/data/import'],
  ['runs', '/runs?picked=first,second'],
  ['run-new', '/runs/new'],
  ['run-charts', '/runs/first'],
  ['run-evaluations', '/runs/first?tab=evaluations'],
  ['run-configuration', '/runs/first?tab=config&against=second'],
  ['run-log', '/runs/first?tab=log'],
  ['runs-compare', '/runs/compare?runs=first,second'],
  ['labels', '/labels'],
  ['labels-flips', '/labels/flips?from=1&to=2'],
  ['labels-audits', '/labels/audits'],
  ['labels-audit', '/labels/audits/blind', (page) => expect(page.locator('canvas.face-canvas')).toBeVisible()],
  ['labels-feedback', '/labels/feedback?run=first'],
  ['labels-log', '/labels/log'],
  ['labels-agreement', '/labels/agreement'],
  ['review-card', '/labels/1', (page) => expect(page.locator('canvas.face-canvas[data-image]')).toBeVisible()],
  ['review-grid', '/labels/1?view=grid'],
  ['review-map', '/labels/1?view=map', (page) => expect(page.locator('.map-letter').first()).toBeVisible()],
  ['review-charts', '/labels/1?view=charts'],
  ['predict', '/predict?run=first'],
  [
    'predict-face',
    '/predict?run=first&face=5',
    (page) => expect(page.locator('.bars')).toBeVisible({ timeout: 60_000 }),
  ],
  ['evaluate', '/evaluate?id=runs%2Ffirst%2Fevaluations%2F1'],
  ['evaluate-against', '/evaluate?id=runs%2Ffirst%2Fevaluations%2F1&against=runs%2Fsecond%2Fevaluations%2F1'],
  ['settings', '/settings'],
  ['nowhere', '/no/such/place'],
];

const EMPTY_PLACES: readonly Place[] = [
  ['empty-overview', '/'],
  ['empty-data', '/data'],
  ['empty-sources', '/data/sources'],
  ['empty-subsets', '/data/subsets'],
  ['empty-duplicates', '/data/duplicates'],
  ['empty-exclusions', '/data/exclusions'],
  ['empty-import', '/data/import'],
  ['empty-runs', '/runs'],
  ['empty-run-new', '/runs/new'],
  ['empty-compare', '/runs/compare'],
  ['empty-labels', '/labels'],
  ['empty-flips', '/labels/flips'],
  ['empty-audits', '/labels/audits'],
  ['empty-feedback', '/labels/feedback'],
  ['empty-log', '/labels/log'],
  ['empty-agreement', '/labels/agreement'],
  ['empty-predict', '/predict'],
  ['empty-evaluate', '/evaluate'],
];

interface Look extends BrowserContextOptions {
  readonly name: string;
  /** Axe takes a second or two a place, and colours and names do not depend on the size. */
  readonly withAxe?: boolean;
  /** Those that are looked at in this way; all when left out. */
  readonly only?: RegExp;
  /** What is worth a picture alone. */
  readonly forPictures?: boolean;
}

const SMALL = { width: 1280, height: 800 };
const LARGE = { width: 1920, height: 1080 };
/** As a browser does it: fewer CSS pixels, more of the screen's for each. */
const zoomed = (factor: number) => ({
  viewport: { width: Math.round(SMALL.width / factor), height: Math.round(SMALL.height / factor) },
  deviceScaleFactor: factor,
});

/** A place of each kind: a table, a form, charts, a grid, a card, a canvas. */
const SPOTS =
  /^(overview|data|data-subsets|run-new|run-charts|runs-compare|review-card|review-map|predict-face|evaluate)$/;

const ALL_LOOKS: readonly Look[] = [
  { name: 'light-1280', colorScheme: 'light', viewport: SMALL, withAxe: true },
  { name: 'dark-1280', colorScheme: 'dark', viewport: SMALL, withAxe: true },
  { name: 'light-1920', colorScheme: 'light', viewport: LARGE, forPictures: true },
  { name: 'dark-1920', colorScheme: 'dark', viewport: LARGE, forPictures: true },
  { name: 'light-zoom-150', colorScheme: 'light', ...zoomed(1.5), only: SPOTS },
  { name: 'light-zoom-90', colorScheme: 'light', ...zoomed(0.9), only: SPOTS },
  { name: 'dark-still', colorScheme: 'dark', viewport: SMALL, reducedMotion: 'reduce', only: SPOTS },
];
const LOOKS = ALL_LOOKS.filter(({ forPictures }) => forPictures !== true || PICTURES !== undefined);

let studio: RunningStudio;
let session: Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>;

test.beforeAll(async ({ browser }) => {
  studio = await startStudio();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(studio.address);
  await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
  session = await context.storageState();
  await context.close();
});

test.afterAll(async () => {
  await studio.close();
});

async function walk(
  places: readonly Place[],
  { name: look, withAxe, only, forPictures: _, ...options }: Look,
  newContext: NewContext,
) {
  const context = await newContext({ ...options, storageState: session });
  const page = await context.newPage();
  const problems = problemsOf(page);
  const faults: string[] = [];
  for (const [name, address, prepare] of places) {
    if (only?.test(name) === false) continue;
    await page.goto(new URL(address, studio.address).href);
    await expect(page.locator('main').getByRole('heading').or(page.locator('.empty-title')).first()).toBeAttached();
    await prepare?.(page);
    await expect(page.locator('main [aria-busy=true]'), `${name} is still loading`).toHaveCount(0, { timeout: 60_000 });
    await expect(page.getByRole('alert'), name).toHaveCount(0);
    const tooWide = await page.evaluate(() => {
      const main = document.querySelector('main')!;
      return document.documentElement.scrollWidth > window.innerWidth || main.scrollWidth > main.clientWidth;
    });
    if (tooWide) faults.push(`${name} is wider than the window`);
    if (PICTURES !== undefined) {
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${name}-${look}.png`) });
    }
    if (withAxe === true) {
      // React Aria reads a waiting button's name from a node of its own for some seconds, whether the button is still there or not.
      const { violations } = await new AxeBuilder({ page }).exclude('[data-live-announcer]').analyze();
      for (const { id, impact, nodes } of violations) {
        if (impact !== 'serious' && impact !== 'critical') continue;
        faults.push(`${name}, ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      }
    }
    // A picture of the window reads the canvas of the map back, of which the browser's own driver warns where there is no graphics card.
    const said = problems.splice(0).filter((problem) => !problem.includes('GPU stall due to ReadPixels'));
    faults.push(...said.map((problem) => `${name} complains: ${problem}`));
  }
  await context.close();
  expect(faults).toEqual([]);
}

type NewContext = (options: BrowserContextOptions) => Promise<BrowserContext>;

for (const look of LOOKS.filter(({ withAxe }) => withAxe === true)) {
  test(`every place of an empty workspace, ${look.name}`, async ({ browser }) => {
    test.setTimeout(300_000);
    await walk(EMPTY_PLACES, look, (options) => browser.newContext(options));
  });
}

test('the demo, two small runs, their rounds, evaluations and decisions are made', async () => {
  test.setTimeout(600_000);
  const at = ['--workspace', join(studio.folder, 'workspace')];
  await runJson('demo', ...at);
  await runJson('analyze', ...at);
  await runJson('subset', 'balanced', '--per-class', '60', '--source', 'demo', ...at);
  for (const [name, seed] of Object.entries({ first: '1', second: '2' })) {
    await runJson(
      ...['train', '--preset', 'demo', '--name', name, '--seed', seed, '--labeled', 'balanced', '--threads', '1'],
      ...['--width', '4', '--resize', '32', '--batch-size', '8', '--mu', '1', '--total-steps', '24'],
      ...['--base-warmup', '8', '--eval-step', '8', '--finetune-epochs', '0', ...at],
    );
    await runJson('evaluate', '--run', name, '--split', 'test', ...at);
    await runJson('pseudo-label', '--run', name, '--source', 'demo-fr', '--name', `round-${name}`, ...at);
  }
  await runJson('review', 'rank', '--round', 'round-first', ...at);
  await runJson('rounds', 'map', 'round-first', ...at);
  const decide = ['review', 'decide', '--image', '2300', '--round', 'round-first', ...at];
  await runJson(...decide, '--verdict', 'relabel', '--label', 'anger', '--reviewer', 'ann');
  await runJson(...decide, '--verdict', 'relabel', '--label', 'sad', '--reviewer', 'bob');
  await runJson('review', 'audit', 'start', 'blind', '--round', 'round-first', '--per-class', '2', ...at);
});

for (const look of LOOKS) {
  test(`every place, ${look.name}`, async ({ browser }) => {
    test.setTimeout(600_000);
    await walk(PLACES, look, (options) => browser.newContext(options));
  });
}
