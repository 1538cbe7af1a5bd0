import { availableParallelism, loadavg } from 'node:os';
import { StudioError } from '#shared/errors.ts';
import type { BenchResult } from '../../bench/catalog.ts';
import { CATALOG_GROUP, runCatalogBenchmark } from '../../bench/catalog-run.ts';
import { CLUSTER_GROUP, runClusterBenchmark } from '../../bench/cluster-run.ts';
import type { BenchmarkMachine } from '../../bench/benchmarks.ts';
import { benchmarkMachine, type Measurement, runBenchmarks } from '../../bench/run.ts';
import { runWindowBenchmark, WINDOW_GROUP } from '../../bench/window/window.ts';
import { findBrowser } from '../../bootstrap/find-browser.ts';
import { ENGINE_ENVIRONMENT, ENGINE_NODE_OPTIONS } from '../engine-process.ts';
import type { CommandContext } from './context.ts';
import { formatTable } from './output.ts';
import type { Register } from './register.ts';
import { positiveInteger } from './values.ts';

interface BenchOptions {
  readonly peerPython?: string;
  readonly images?: string;
  readonly threads: number;
  readonly rows?: number;
  readonly quick: boolean;
}

const CATALOG_ROWS = { full: 1_000_000, quick: 2_000 };

/** bench. */
export const registerBenchCommand: Register = (program, action) => {
  program
    .command('bench')
    .description(
      'time training steps, the image pipeline, inference and the catalog, in turn with PyTorch where that is given',
    )
    .argument(
      '[name]',
      'step, pipeline, inference, catalog, cluster, window, or one benchmark by its name; all but cluster and window when left out',
    )
    .option('--peer-python <program>', 'a Python with torch, to compare with')
    .option('--images <folder>', 'JPEG files for the pipeline, instead of generated ones')
    .option('--threads <count>', 'threads and image workers of each side', positiveInteger, availableParallelism())
    .option('--rows <count>', 'rows of the catalog, also of the window’s (default: a million)', positiveInteger)
    .option('--quick', 'small cases and few repetitions, only to see that all works', false)
    .action(
      action(async (context, options: BenchOptions, name?: string) => {
        const signal = endedByInterrupt(context);
        if (name === WINDOW_GROUP) return measureWindow(context, options, signal);
        const machine = benchmarkMachine(options.threads);
        const isAlone = name === CATALOG_GROUP || name === CLUSTER_GROUP;
        const measured = isAlone ? [] : await measure(context, options, machine, name, signal);
        const isCatalogWanted = name === CATALOG_GROUP || name === undefined;
        const catalog = isCatalogWanted ? await measureCatalog(context, options, signal) : [];
        if (name === CLUSTER_GROUP) catalog.push(...(await measureCluster(context, options, machine, signal)));
        context.result(
          { benchmarks: [...measured, ...catalog], machine, quick: options.quick },
          [measured.length > 0 ? measuredText(measured, machine) : '', catalog.length > 0 ? catalogText(catalog) : '']
            .filter(Boolean)
            .join('\n\n'),
        );
      }),
    );
};

/** Fires at the first Ctrl-C; the children then end, and their files are removed. */
function endedByInterrupt(context: CommandContext): AbortSignal {
  const abort = new AbortController();
  context.onInterrupt = (count) => {
    if (count > 1) process.exit(130);
    abort.abort(
      new StudioError('cancelled', 'The benchmark was stopped.', { hint: 'Start it again; nothing was kept.' }),
    );
  };
  return abort.signal;
}

function measure(
  context: CommandContext,
  { peerPython, images, quick }: BenchOptions,
  machine: BenchmarkMachine,
  name: string | undefined,
  signal: AbortSignal,
): Promise<Measurement[]> {
  return runBenchmarks({
    name,
    peerPython: peerPython ?? null,
    imageFolder: images ?? null,
    machine,
    quick,
    engine: { parameters: ENGINE_NODE_OPTIONS, environment: ENGINE_ENVIRONMENT },
    signal,
    onProgress: (label, done, total) =>
      context.progress.update({ label, done, total, unit: 'blocks', rate: null, secondsLeft: null }),
  });
}

function measureCluster(
  context: CommandContext,
  { quick }: BenchOptions,
  machine: BenchmarkMachine,
  signal: AbortSignal,
): Promise<BenchResult[]> {
  return runClusterBenchmark({
    ...{ machine, quick, signal },
    engine: { parameters: ENGINE_NODE_OPTIONS, environment: ENGINE_ENVIRONMENT },
    onProgress: (done, total) =>
      context.progress.update({ label: CLUSTER_GROUP, done, total, unit: 'blocks', rate: null, secondsLeft: null }),
  });
}

function measureCatalog(
  context: CommandContext,
  { rows, quick }: BenchOptions,
  signal: AbortSignal,
): Promise<BenchResult[]> {
  const count = rows ?? (quick ? CATALOG_ROWS.quick : CATALOG_ROWS.full);
  return runCatalogBenchmark(count, signal, (message) => context.progress.line(message));
}

/** What the window does in a browser, on a catalog of its own. */
async function measureWindow(
  context: CommandContext,
  { rows, quick }: BenchOptions,
  signal: AbortSignal,
): Promise<void> {
  const browser = await findBrowser();
  if (browser === null) {
    throw new StudioError('not-found', 'There is no Chromium or Chrome to measure the window in.', {
      hint: 'Install one, or name it by FACE2EXP_BROWSER.',
    });
  }
  const benchmarks = await runWindowBenchmark({
    rows: rows ?? (quick ? CATALOG_ROWS.quick : CATALOG_ROWS.full),
    browser: browser.path,
    studio: { command: process.execPath, parameters: [process.argv[1]!] },
    signal,
    onProgress: (message) => context.progress.line(message),
  });
  context.result({ benchmarks, load: loadavg(), quick }, catalogText(benchmarks));
}

function measuredText(measurements: readonly Measurement[], { mixedPrecision }: BenchmarkMachine): string {
  const header = ['benchmark', 'studio', 'PyTorch', 'unit', 'ratio', 'pairwise', 'faster if', 'memory'];
  const rows = measurements.map(({ name, ours, peer, unit, spread, memory, better, ...rest }) => [
    name,
    figureText(ours, spread.ours),
    peer === null ? '–' : figureText(peer, spread.peer!),
    unit,
    ratioText(rest.ratio),
    ratioText(rest.pairwiseRatio),
    better === 'lower' ? 'below 1' : 'above 1',
    [memory.ours, ...(peer === null ? [] : [memory.peer])].map(memoryText).join(' / '),
  ]);
  const footnotes = [
    'Median of the blocks, in brackets their quartiles; ratio = studio / PyTorch; memory = peak, all processes of each side.',
    mixedPrecision === 'float32'
      ? 'Mixed precision would gain nothing on this machine and is left out.'
      : `Mixed precision here is ${mixedPrecision}.`,
    ...new Set(measurements.flatMap(({ versions }) => [versionsText(versions.ours), versionsText(versions.peer)])),
    ...new Set(measurements.flatMap(({ notes }) => notes)),
  ];
  return [formatTable(header, rows), ...footnotes.filter(Boolean)].join('\n');
}

function catalogText(results: readonly BenchResult[]): string {
  return formatTable(
    ['benchmark', 'studio', 'unit'],
    results.map(({ name, ours, unit }) => [name, numberText(ours), unit]),
  );
}

const numberText = (value: number): string => Number(value.toPrecision(4)).toLocaleString('en');

function figureText(value: number, [low, high]: readonly [number, number]): string {
  return `${numberText(value)} (${numberText(low)} … ${numberText(high)})`;
}

const ratioText = (ratio: number | null): string => (ratio === null ? '–' : ratio.toFixed(3));

function memoryText(bytes: number | null): string {
  return bytes === null ? '–' : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function versionsText(versions: Readonly<Record<string, string>> | null): string {
  return Object.entries(versions ?? {})
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
