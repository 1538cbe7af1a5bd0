import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BootstrapError } from './bootstrap-error.mjs';
import { ensureBuilt, forgetBuild } from './build-output.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { findOwnNode, runInstead } from './own-node.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CLI = join(ROOT, 'src/main/host/cli.ts');
const ELECTRON_VITE = join(ROOT, 'node_modules/electron-vite/bin/electron-vite.js');

/**
 * What each npm script does once the packages are there, as the arguments of the project's own Node.
 *
 * @type {Record<string, ((node: string, args: string[]) => Promise<number>) | undefined>}
 */
const COMMANDS = {
  face2exp: (node, args) => runInstead(node, [CLI, ...args]),
  start,
  test: (node, args) => runInstead(node, [join(ROOT, 'src/main/bootstrap/test.ts'), ...args], { cwd: ROOT }),
  lint: (node, args) => runInstead(node, [join(ROOT, 'src/main/bootstrap/lint.ts'), ...args], { cwd: ROOT }),
  build: (node, args) => runInstead(node, [ELECTRON_VITE, 'build', ...args], { cwd: ROOT }),
  dev: develop,
};

/**
 * Runs one npm script and sets the exit code. Everything that is said here goes to stderr: stdout belongs to the command.
 *
 * @param {string[]} args the command and its arguments
 */
export async function runCommand([name = '', ...args]) {
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      throw new BootstrapError(`There is no command "${name}".`, `Use one of: ${Object.keys(COMMANDS).join(', ')}.`, {
        exitCode: 2,
      });
    }
    await ensureDependencies(ROOT);
    process.exitCode = await command(findOwnNode(ROOT), args);
  } catch (error) {
    reportError(error);
  }
}

const EXIT_CODE_OF_SIGINT = 130;

/**
 * Opens the studio after getting what it lacks. Without TensorFlow it opens all the same: images can be looked at, and it says what to do.
 *
 * @param {string} node
 * @param {string[]} args
 */
async function start(node, args) {
  await ensureBuilt(ROOT, node);
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const code = await runInstead(node, [CLI, 'setup'], { stdio: ['inherit', 2, 2] });
  process.off('SIGINT', stop).off('SIGTERM', stop);
  if (stopped) return EXIT_CODE_OF_SIGINT;
  if (code !== 0)
    process.stderr.write('The studio opens without TensorFlow: nothing can be trained or predicted yet.\n');
  return runInstead(node, [CLI, 'start', ...args]);
}

/**
 * Electron with live reload where its program is there; else the studio in a browser, its pages rebuilt when a source changes.
 *
 * @param {string} node
 * @param {string[]} args
 */
async function develop(node, args) {
  forgetBuild(ROOT);
  const hasElectron = existsSync(join(ROOT, 'node_modules/electron/path.txt'));
  if (hasElectron) return runInstead(node, [ELECTRON_VITE, 'dev', '--watch', ...args], { cwd: ROOT });
  const stop = new AbortController();
  const rebuild = [join(ROOT, 'src/main/bootstrap/watch-renderer.ts')];
  runInstead(node, rebuild, { cwd: ROOT, stdio: ['ignore', 2, 2], signal: stop.signal }).catch((error) => {
    if (!stop.signal.aborted) reportError(error);
  });
  try {
    return await runInstead(node, [CLI, 'serve', ...args]);
  } finally {
    stop.abort();
  }
}

/** @param {unknown} thrown */
function reportError(thrown) {
  if (thrown instanceof BootstrapError) {
    process.stderr.write(`${thrown.message}\n${thrown.hint}\n`);
    process.exitCode = thrown.exitCode;
    return;
  }
  const error = /** @type {NodeJS.ErrnoException} */ (thrown);
  process.exitCode = 1;
  if (error.code === 'ENOSPC') process.stderr.write('The disk is full.\nFree some space and run again.\n');
  else process.stderr.write(`${error.stack}\n`);
}
