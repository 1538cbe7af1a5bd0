import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StudioError, exitCodeOf, toStudioError } from '#shared/errors.ts';
import { SOURCE_CHECKS } from './checks.ts';
import { ensureBrowser } from './ensure-browser.ts';
import {
  addTallies,
  ONE_FAILED,
  ONE_PASSED,
  type PlaywrightReport,
  playwrightTally,
  summaryLine,
  type Tally,
  tallyWithExit,
  type VitestReport,
  vitestTally,
} from './test-tally.ts';

/**
 * `npm test`: makes the TensorFlow runtime and a browser ready, then runs every stage, going on after one that fails. The last line of
 * stdout is the sum; the exit code is 1 when anything failed or could not run. Runs in the checkout.
 *
 *   --full        also the slow tests in test/full
 *   --real DIR    only the tests in test/real and the journey in the window, on the real data in DIR
 */

interface Stage {
  readonly name: string;
  readonly run: () => Promise<Tally>;
}

const VITEST = 'node_modules/vitest/vitest.mjs';
const PLAYWRIGHT = 'node_modules/@playwright/test/cli.js';
const ELECTRON_VITE = 'node_modules/electron-vite/bin/electron-vite.js';

const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 };
const reports = mkdtempSync(join(tmpdir(), 'face2exp-test-'));
const environment: NodeJS.ProcessEnv = { ...process.env };

/** Needed by the tests, and none itself: counts only when it fails. */
const prepareRuntime: Stage = {
  name: 'TensorFlow runtime',
  run: async () => ((await runNode(['src/main/host/cli.ts', 'setup'])) === 0 ? NOTHING : ONE_FAILED),
};

const prepareBrowser: Stage = {
  name: 'browser',
  run: async () => {
    environment['FACE2EXP_BROWSER'] = (await ensureBrowser()).path;
    return NOTHING;
  },
};

const sourceChecks: readonly Stage[] = SOURCE_CHECKS.map(({ name, command }) => ({
  name,
  run: async () => ((await runNode(command)) === 0 ? ONE_PASSED : ONE_FAILED),
}));

const rendererBuild: Stage = {
  name: 'renderer build',
  run: async () => ((await runNode([ELECTRON_VITE, 'build', '--logLevel', 'warn'])) === 0 ? ONE_PASSED : ONE_FAILED),
};

/** @param files those that are run; all when left out. */
function endToEndStage(name: string, files: readonly string[] = []): Stage {
  return {
    name,
    run: async () => {
      const report = join(reports, 'playwright.json');
      environment['PLAYWRIGHT_JSON_OUTPUT_NAME'] = report;
      const options = ['--config', 'test/playwright.config.ts', '--reporter', 'list,json'];
      const exitCode = await runNode([PLAYWRIGHT, 'test', ...options, ...files]);
      return tallyWithExit(playwrightTally(readReport<PlaywrightReport>(report)), exitCode);
    },
  };
}

/** @param mode which suites: see test/vitest.config.ts. */
function vitestStage(mode: 'test' | 'full' | 'real'): Stage {
  return {
    name: mode === 'real' ? 'tests on real data' : 'unit and contract tests',
    run: async () => {
      const report = join(reports, 'vitest.json');
      const arguments_ = [VITEST, 'run', '--config', 'test/vitest.config.ts', '--mode', mode];
      const exitCode = await runNode([
        ...arguments_,
        '--reporter',
        'default',
        '--reporter',
        'json',
        '--outputFile',
        report,
      ]);
      return tallyWithExit(vitestTally(readReport<VitestReport>(report)), exitCode);
    },
  };
}

/** The stages that the command line asks for. */
function chooseStages(): readonly Stage[] {
  const { full, real } = parseOptions();
  if (real !== undefined) {
    const folder = resolve(real);
    if (!existsSync(folder))
      throw new StudioError('usage', `There is no folder ${folder}.`, { hint: 'Name the folder with the real data.' });
    environment['FACE2EXP_REAL_DATA'] = folder;
    return [
      prepareRuntime,
      vitestStage('real'),
      rendererBuild,
      prepareBrowser,
      endToEndStage('the journey in the window on real data', ['journey.spec.ts']),
    ];
  }
  return [
    prepareRuntime,
    prepareBrowser,
    ...sourceChecks,
    vitestStage(full ? 'full' : 'test'),
    rendererBuild,
    endToEndStage('end-to-end tests'),
  ];
}

function parseOptions(): { full: boolean; real: string | undefined } {
  try {
    const { values } = parseArgs({ options: { full: { type: 'boolean', default: false }, real: { type: 'string' } } });
    return { full: values.full, real: values.real };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError('usage', message, {
      hint: 'npm test, npm run test:full, npm run test:real -- FOLDER',
      cause,
    });
  }
}

async function runStage({ name, run }: Stage): Promise<Tally> {
  process.stdout.write(`\n── ${name}\n`);
  const start = performance.now();
  const tally = await run().catch((error: unknown) => {
    const { message, hint } = toStudioError(error);
    process.stdout.write(`${message}\n${hint === undefined ? '' : `${hint}\n`}`);
    return ONE_FAILED;
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`── ${name}: ${tally.failed === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`);
  return tally;
}

/** Runs a program of the checkout on this Node with its output shown; resolves with its exit code, null when a signal ended it. */
function runNode(command: readonly string[]): Promise<number | null> {
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'], env: environment });
    child.on('error', reject).on('close', settle);
  });
}

function readReport<Report>(path: string): Report {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Report;
  throw new StudioError('internal', 'The test runner wrote no report: it could not run.');
}

try {
  const tallies: Tally[] = [];
  for (const stage of chooseStages()) tallies.push(await runStage(stage));
  const sum = addTallies(tallies);
  process.stdout.write(`\n${summaryLine(sum)}\n`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
} catch (error) {
  const studioError = toStudioError(error);
  process.stderr.write(`${studioError.message}\n${studioError.hint ?? ''}\n`);
  process.exitCode = exitCodeOf(studioError);
} finally {
  rmSync(reports, { recursive: true, force: true });
}
