import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countPackages, ensureDependencies, npmCommand, npmFailure } from '#main/bootstrap/dependencies.mjs';
import { temporaryFolder } from './fixtures.ts';

/** A checkout whose lock file names no package, so that the real npm has nothing to download. */
function emptyCheckout(): string {
  const root = temporaryFolder();
  const about = { name: 'empty', version: '1.0.0' };
  writeFileSync(join(root, 'package.json'), JSON.stringify(about));
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({ ...about, lockfileVersion: 3, packages: { '': about } }),
  );
  return root;
}

const stampOf = (root: string): string => join(root, 'node_modules', '.face2exp-installed');

describe('ensureDependencies', () => {
  it('installs once, and again when the lock file changes', async () => {
    const root = emptyCheckout();
    await ensureDependencies(root);
    const first = readFileSync(stampOf(root), 'utf8');
    writeFileSync(join(root, 'node_modules', 'kept'), '');
    await ensureDependencies(root);
    expect(existsSync(join(root, 'node_modules', 'kept'))).toBe(true);

    writeFileSync(join(root, 'package-lock.json'), `${readFileSync(join(root, 'package-lock.json'), 'utf8')}\n`);
    await ensureDependencies(root);
    expect(existsSync(join(root, 'node_modules', 'kept'))).toBe(false);
    expect(readFileSync(stampOf(root), 'utf8')).not.toBe(first);
  });

  it('leaves no stamp when npm fails', async () => {
    const root = emptyCheckout();
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({ name: 'empty', version: '1.0.0', dependencies: { left: '1.0.0' } }),
    );
    await expect(ensureDependencies(root)).rejects.toMatchObject({ name: 'BootstrapError' });
    expect(existsSync(stampOf(root))).toBe(false);
  });

  it('passes an interrupt on and says that it was interrupted', () => {
    const root = emptyCheckout();
    const programs = join(root, 'bin');
    mkdirSync(programs);
    // An npm that interrupts who started it and then waits to be ended.
    writeFileSync(join(programs, 'npm'), '#!/bin/sh\nkill -INT $PPID\nexec sleep 60\n');
    chmodSync(join(programs, 'npm'), 0o755);
    const module = new URL('../../../src/main/bootstrap/dependencies.mjs', import.meta.url).href;
    const script = `const { ensureDependencies } = await import(${JSON.stringify(module)});
      await ensureDependencies(${JSON.stringify(root)}).catch((error) => console.log(error.exitCode, error.message));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      env: { PATH: `${programs}:/usr/bin:/bin` },
      timeout: 30_000,
    });
    expect(stdout).toBe('130 The installation of the packages was interrupted.\n');
    expect(existsSync(join(root, 'out', 'install.lock'))).toBe(false);
  });
});

describe('npmCommand', () => {
  it('is the npm that runs the script, whatever the PATH says', () => {
    expect(npmCommand({ npm_execpath: '/opt/npm/bin/npm-cli.js' }, '/opt/node')).toEqual([
      '/opt/node',
      '/opt/npm/bin/npm-cli.js',
    ]);
    expect(npmCommand({ npm_execpath: '/opt/yarn.js' }, '/opt/node')).toEqual(['npm']);
    expect(npmCommand({}, '/opt/node')).toEqual(['npm']);
  });
});

describe('countPackages', () => {
  it('counts what is for the platform', () => {
    const packages = {
      '': {},
      'node_modules/everywhere': {},
      'node_modules/linux': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
      'node_modules/linux-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      'node_modules/linux-arm': { os: ['linux'], cpu: ['arm64'] },
      'node_modules/mac': { os: ['darwin'] },
    };
    expect(countPackages({ packages }, 'linux', 'x64')).toBe(2);
    expect(countPackages({ packages }, 'darwin', 'arm64')).toBe(2);
  });
});

describe('npmFailure', () => {
  it.each([
    ['npm error code ENOSPC', /disk is full/],
    ['npm error code ENOTFOUND\nnpm error network x', /registry cannot be reached/],
    ['npm ERR! code ETIMEDOUT', /registry cannot be reached/],
    ['npm error code E503', /registry cannot be reached/],
    ['npm error code EACCES', /permission denied/],
    ['npm error code EINTEGRITY', /checksum/],
    [
      'npm error code EUSAGE\nnpm error `npm ci` can only install with a lock file in sync',
      /can only install with a lock file in sync/,
    ],
    ['', /npm ended with 1/],
  ])('says what %j means and what to do', (output, message) => {
    const error = npmFailure(output, 1);
    expect(error.message).toMatch(message);
    expect(error.hint).not.toBe('');
  });
});
