import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StudioError } from '#shared/errors.ts';
import { openCatalog } from '../../catalog/catalog.ts';
import { type BenchResult, insertRows, percentile95 } from '../catalog.ts';
import { residentBytes } from '../process-memory.ts';
import { median } from '../statistics.ts';
import { Browser, type Page } from './browser.ts';
import { DRAG, FACET_CLICKS, KEYS } from './measured.ts';

/** The name of this benchmark's group; it has no peer. */
export const WINDOW_GROUP = 'window';

export interface WindowBenchOptions {
  /** Images of the catalog that is looked at. Their pictures are not there: it is the lists that are measured. */
  readonly rows: number;
  /** Program of the Chromium family. */
  readonly browser: string;
  /** How the studio's command line is started. */
  readonly studio: { readonly command: string; readonly parameters: readonly string[] };
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

const LOADS = 9;
const MEGABYTE = 2 ** 20;

/**
 * Measures the window in a real browser, on a generated catalog served by a host of its own: the first paint, how fast a filter is painted,
 * how long a screen of faces stays blank while one moves through all of them, and the page's memory after that.
 *
 * @returns results whose names begin with `window/`. @throws StudioError what the host, the browser or the window reports.
 */
export async function runWindowBenchmark(options: WindowBenchOptions): Promise<BenchResult[]> {
  const { rows, signal, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), 'face2exp-bench-'));
  const results: BenchResult[] = [];
  const add = (name: string, ours: number, unit: string): void => {
    results.push({ name: `${WINDOW_GROUP}/${name}`, ours, peer: null, ratio: null, unit });
    onProgress(`${name}: ${Number(ours.toPrecision(3))} ${unit}`);
  };
  try {
    const workspace = join(folder, 'workspace');
    await mkdir(workspace);
    onProgress(`writing ${rows} images`);
    fill(join(workspace, 'catalog.sqlite'), rows);
    signal.throwIfAborted();
    await using host = await serve(options.studio, workspace, signal);
    await mkdir(join(folder, 'profile'));
    const browser = new Browser(options.browser, join(folder, 'profile'));
    const kill = (): void => void browser.close();
    signal.addEventListener('abort', kill);
    try {
      await measure(browser, host.address, add);
    } finally {
      signal.removeEventListener('abort', kill);
      await browser.close();
    }
    return results;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function fill(file: string, rows: number): void {
  const catalog = openCatalog(file);
  try {
    insertRows(catalog, rows);
    catalog.text.catchUp();
  } finally {
    catalog.close();
  }
}

async function measure(
  browser: Browser,
  address: string,
  add: (name: string, ours: number, unit: string) => void,
): Promise<void> {
  const page = await browser.open(1280, 800);
  const { origin } = new URL(address);
  await page.go(address, READY);
  const loads = await firstPaints(page, origin);
  add('first paint, median', median(loads.map(({ painted }) => painted)), 'ms');
  add('first paint, 95 %', percentile95(loads.map(({ painted }) => painted)), 'ms');
  add('overview there, median', median(loads.map(({ ready }) => ready)), 'ms');

  await page.go(`${origin}/data`, FACES_READY);
  add('filter click to paint, 95 %', percentile95(await page.evaluate<number[]>(FACET_CLICKS)), 'ms');
  await page.go(`${origin}/data`, FACES_READY);
  add('longest blank screen, dragging', await page.evaluate<number>(DRAG), 'ms');
  add('longest blank screen, keys', await page.evaluate<number>(KEYS), 'ms');
  await page.send('HeapProfiler.collectGarbage');
  add('script memory after that', (await page.evaluate<number>('performance.memory.usedJSHeapSize')) / MEGABYTE, 'MB');
  const resident = (await browser.pageProcesses()).map((id) => residentBytes(id) ?? 0);
  if (Math.max(...resident) > 0) add('page process after that', Math.max(...resident) / MEGABYTE, 'MB');
}

const READY = `document.querySelector('.status-line span') !== null && document.querySelector('main [aria-busy=true]') === null`;
const FACES_READY = `document.querySelectorAll('main [role=option]').length > 20`;

/** Each in a page that has nothing in its cache. Milliseconds since the navigation began. */
async function firstPaints(page: Page, origin: string): Promise<{ painted: number; ready: number }[]> {
  const loads: { painted: number; ready: number }[] = [];
  await page.send('Network.enable');
  await page.send('Network.setCacheDisabled', { cacheDisabled: true });
  for (let load = 0; load < LOADS; load++) {
    await page.go('about:blank', 'true');
    await page.go(`${origin}/`, READY);
    loads.push(
      await page.evaluate(
        `({ painted: performance.getEntriesByName('first-contentful-paint')[0].startTime, ready: performance.now() })`,
      ),
    );
  }
  await page.send('Network.setCacheDisabled', { cacheDisabled: false });
  return loads;
}

/** A host as `serve` runs it; it ends when it is disposed of. */
async function serve(
  { command, parameters }: WindowBenchOptions['studio'],
  workspace: string,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly address: string }> {
  const child = spawn(command, [...parameters, 'serve', '--workspace', workspace, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const kill = (): boolean => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  let said = '';
  createInterface({ input: child.stderr }).on('line', (line) => (said = line));
  const address = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const url = /"url":\s*"([^"]+)"/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then(() => reject(new StudioError('unavailable', `The host of the benchmark ended: ${said}`)));
  });
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener('abort', kill);
      child.kill('SIGTERM');
      await ended;
    },
  };
}
