import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { acquireFolderLock } from './folder-lock.mjs';
import { createStatusLine } from './status-line.mjs';

const EXIT_CODE_OF_SIGINT = 130;
/** The installed packages take 0.9 GB. */
const NEEDED_BYTES = 1.2e9;

/**
 * Installs the packages of package-lock.json unless node_modules holds exactly those: `npm ci` when its stamp, the hash of the lock file,
 * is missing or differs. The stamp is written last, so an interrupted installation is done again.
 *
 * @param {string} root the checkout
 * @returns {Promise<void>}
 * @throws {BootstrapError}
 */
export async function ensureDependencies(root) {
  const wanted = hashOf(join(root, 'package-lock.json'));
  if (installedHash(root) === wanted) return;
  const status = createStatusLine();
  const lock = await acquireFolderLock(join(root, 'out', 'install.lock'), {
    onWait: () => status.update('Waiting for another installation of the packages to finish'),
  });
  try {
    if (installedHash(root) === wanted) return;
    requireSpace(root);
    // npm ci empties node_modules, but only after a while.
    rmSync(stampFile(root), { force: true });
    await installPackages(root, status, lock.include);
    writeStamp(root, wanted);
  } finally {
    status.end();
    lock.release();
  }
}

/**
 * npm takes minutes to find out that a disk is full. Where there are packages already, they make room for the new ones.
 *
 * @param {string} root
 */
function requireSpace(root) {
  const { bavail, bsize } = statfsSync(root);
  if (existsSync(join(root, 'node_modules')) || bavail * bsize >= NEEDED_BYTES) return;
  throw diskFull();
}

/** @param {string} path */
function hashOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.face2exp-installed');
}

/**
 * @param {string} root
 * @returns {string | null} the hash of the lock file whose packages are installed
 */
function installedHash(root) {
  return existsSync(stampFile(root)) ? readFileSync(stampFile(root), 'utf8').trim() : null;
}

/**
 * @param {string} root
 * @param {string} hash
 */
function writeStamp(root, hash) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(`${stampFile(root)}.partial`, `${hash}\n`);
  renameSync(`${stampFile(root)}.partial`, stampFile(root));
}

/**
 * @param {string} root
 * @param {ReturnType<typeof createStatusLine>} status
 * @param {(pid: number) => void} onStart
 * @returns {Promise<void>}
 */
function installPackages(root, status, onStart) {
  const lockFile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const total = countPackages(lockFile, process.platform, process.arch);
  const [program, ...programArguments] = npmCommand(process.env, process.execPath);
  status.update(`Installing ${total} packages`);
  // Ctrl-C on a terminal reaches npm too; a signal sent to this process alone is passed on.
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    npm.kill();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // Its stdout goes nowhere near ours, which belongs to the command that the person typed. At log level http it tells each download.
  const npm = spawn(program, [...programArguments, 'ci', '--include=dev', '--include=optional', '--loglevel=http'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  });
  if (npm.pid !== undefined) onStart(npm.pid);
  let output = '';
  let fetched = 0;
  npm.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    output += text;
    fetched += text.split(/npm http (?:fetch|cache) [^\n]*\.tgz/).length - 1;
    status.update(`Installing packages: ${Math.min(fetched, total)} of ${total}`);
  });
  return new Promise((resolve, reject) => {
    npm.on('error', (error) => reject(npmMissing(error)));
    npm.on('close', (code) => {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      if (interrupted) reject(installationInterrupted());
      else if (code === 0) resolve();
      else reject(npmFailure(output, code));
    });
  });
}

/**
 * How to start npm: the one that started this script where there is one.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} node
 * @returns {[string, ...string[]]}
 */
export function npmCommand(environment, node) {
  const npmScript = environment['npm_execpath'];
  // yarn and pnpm set it as well.
  return npmScript && /npm-cli\.c?js$/.test(npmScript) ? [node, npmScript] : ['npm'];
}

/**
 * How many packages of a lock file are for this platform.
 *
 * @param {{ packages: Record<string, { os?: string[], cpu?: string[], libc?: string[], link?: boolean }> }} lockFile
 * @param {string} platform
 * @param {string} architecture
 */
export function countPackages(lockFile, platform, architecture) {
  return Object.entries(lockFile.packages).filter(
    ([path, { os, cpu, libc }]) =>
      path !== '' &&
      (os === undefined || os.includes(platform)) &&
      (cpu === undefined || cpu.includes(architecture)) &&
      (libc === undefined || libc.includes('glibc')),
  ).length;
}

/**
 * What npm's output means for the person.
 *
 * @param {string} output
 * @param {number | null} code
 */
export function npmFailure(output, code) {
  const cause = new Error(`npm ci ended with ${code}:\n${output.trim().slice(-4000)}`);
  const errorCode = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? '';
  if (errorCode === 'ENOSPC' || /no space left on device/i.test(output)) {
    return new BootstrapError(
      'The disk is full: the packages could not be installed.',
      'Free about 1.5 GB and run again.',
      { cause },
    );
  }
  if (
    /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|E5\d\d)$/.test(
      errorCode,
    )
  ) {
    return new BootstrapError(
      'The packages could not be downloaded: the package registry cannot be reached.',
      "Check the network and npm's settings (`npm config get registry`, proxy), then run again.",
      { cause },
    );
  }
  if (errorCode === 'EACCES' || errorCode === 'EPERM') {
    return new BootstrapError(
      'The packages could not be installed: permission denied in node_modules.',
      'Check who owns the checkout, or delete node_modules, and run again.',
      { cause },
    );
  }
  if (errorCode === 'EINTEGRITY') {
    return new BootstrapError(
      'A package does not have the checksum that package-lock.json pins.',
      'Run `npm cache verify` and run again; if it happens again, the registry or a proxy serves something else.',
      { cause },
    );
  }
  const detail = /npm (?:error|ERR!) (?!code )(.+)/.exec(output)?.[1] ?? `npm ended with ${code}`;
  return new BootstrapError(`The packages could not be installed: ${detail}`, 'Run `npm ci` to see more.', { cause });
}

/** @param {unknown} [cause] */
function diskFull(cause) {
  return new BootstrapError(
    'The packages cannot be installed: the disk is full.',
    `Free some space, so that there are ${NEEDED_BYTES / 1e9} GB, and run again.`,
    { cause },
  );
}

/** @param {unknown} cause */
function npmMissing(cause) {
  return new BootstrapError('npm was not found, which installs the packages.', 'Install Node.js together with npm.', {
    cause,
  });
}

function installationInterrupted() {
  return new BootstrapError('The installation of the packages was interrupted.', 'Run again: it starts over.', {
    exitCode: EXIT_CODE_OF_SIGINT,
  });
}
