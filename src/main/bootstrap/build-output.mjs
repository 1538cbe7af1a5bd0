import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BootstrapError } from './bootstrap-error.mjs';
import { acquireFolderLock } from './folder-lock.mjs';
import { runInstead } from './own-node.mjs';

/** What the built pages and the shell are made of. */
const SOURCES = [
  'src/renderer',
  'src/preload',
  'src/shared',
  'src/main/shell',
  'electron.vite.config.ts',
  'package-lock.json',
];

/**
 * Builds shell, preload and renderer into out/ unless they were built from exactly the present sources.
 *
 * @param {string} root the checkout
 * @param {string} node the project's own Node
 * @returns {Promise<void>}
 * @throws {BootstrapError} when the build fails; it has printed why
 */
export async function ensureBuilt(root, node) {
  const wanted = hashOfSources(root);
  if (builtHash(root) === wanted) return;
  const lock = await acquireFolderLock(join(root, 'out', 'build.lock'), {
    onWait: () => process.stderr.write('Waiting for another build of the window to finish\n'),
  });
  try {
    if (builtHash(root) === wanted) return;
    forgetBuild(root);
    process.stderr.write('Building the window (about 10 seconds)\n');
    const build = [join(root, 'node_modules/electron-vite/bin/electron-vite.js'), 'build', '--logLevel', 'warn'];
    const code = await runInstead(node, build, { cwd: root, stdio: ['ignore', 2, 2] });
    if (code !== 0)
      throw new BootstrapError('The window could not be built.', 'See the messages above.', { exitCode: code });
    mkdirSync(join(root, 'out'), { recursive: true });
    writeFileSync(stampFile(root), wanted);
  } finally {
    lock.release();
  }
}

/**
 * Says that out/ may hold something else than a build of the present sources.
 *
 * @param {string} root
 */
export function forgetBuild(root) {
  rmSync(stampFile(root), { force: true });
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'out', 'built-from');
}

/** @param {string} root */
function builtHash(root) {
  return existsSync(stampFile(root)) ? readFileSync(stampFile(root), 'utf8') : null;
}

/**
 * @param {string} root
 * @returns {string} a hash of the names and contents of all sources
 */
export function hashOfSources(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = join(root, source);
    if (!existsSync(path)) continue;
    const names = statSync(path).isDirectory() ? filesBelow(path) : [''];
    for (const name of names) {
      hash.update(`${source}/${name}\0`).update(
        createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest(),
      );
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} folder
 * @returns {string[]} relative paths, in an order of their own
 */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
}
