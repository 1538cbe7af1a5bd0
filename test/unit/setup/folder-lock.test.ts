import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { acquireFolderLock } from '#main/bootstrap/folder-lock.mjs';
import { temporaryFolder } from './fixtures.ts';

const MODULE = fileURLToPath(new URL('../../../src/main/bootstrap/folder-lock.mjs', import.meta.url));
/** Above the largest process number that Linux gives. */
const NO_PROCESS = 2 ** 22 + 1;

function abandonedLock(holder: object, age = 0): string {
  const path = join(temporaryFolder(), 'lock');
  mkdirSync(path);
  writeFileSync(join(path, 'holder.json'), JSON.stringify({ token: 'gone', host: hostname(), ...holder }));
  const then = new Date(Date.now() - age);
  utimesSync(path, then, then);
  return path;
}

/** Whether the lock can be had within a second. */
async function canBeTaken(path: string): Promise<boolean> {
  const signal = AbortSignal.timeout(1000);
  try {
    (await acquireFolderLock(path, { signal })).release();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

describe('acquireFolderLock', () => {
  it('holds until it is released, and leaves nothing', async () => {
    const path = join(temporaryFolder(), 'new', 'lock');
    const lock = await acquireFolderLock(path);
    expect(existsSync(path)).toBe(true);
    lock.release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('lets one after the other in, and tells who waits once', async () => {
    const path = join(temporaryFolder(), 'lock');
    let inside = 0;
    let mostInside = 0;
    let told = 0;
    const work = async (): Promise<void> => {
      const lock = await acquireFolderLock(path, { onWait: () => told++ });
      mostInside = Math.max(mostInside, ++inside);
      await delay(50);
      inside--;
      lock.release();
    };
    await Promise.all([work(), work(), work()]);
    expect(mostInside).toBe(1);
    expect(told).toBe(2);
  });

  it('can be waited for no longer', async () => {
    const path = join(temporaryFolder(), 'lock');
    await acquireFolderLock(path);
    await expect(acquireFolderLock(path, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(readdirSync(dirname(path))).toEqual(['lock']);
  });

  it('is taken over from a process that was killed', async () => {
    const path = join(temporaryFolder(), 'lock');
    const script = `const { acquireFolderLock } = await import(${JSON.stringify(MODULE)});
      await acquireFolderLock(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    await once(holder.stdout, 'data');
    expect(await canBeTaken(path)).toBe(false);
    holder.kill('SIGKILL');
    await once(holder, 'close');
    expect(await canBeTaken(path)).toBe(true);
  });

  it('is not taken over while a child of its killed holder goes on working', async () => {
    const path = join(temporaryFolder(), 'lock');
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
    const script = `const { acquireFolderLock } = await import(${JSON.stringify(MODULE)});
      const lock = await acquireFolderLock(${JSON.stringify(path)}); lock.include(${child.pid});
      console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    await once(holder.stdout, 'data');
    holder.kill('SIGKILL');
    await once(holder, 'close');
    expect(await canBeTaken(path)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await canBeTaken(path)).toBe(true);
  });

  it('knows a process number that was given to another process', async () => {
    const path = abandonedLock({ processes: [{ pid: process.pid, startedAt: 'another time' }] });
    expect(await canBeTaken(path)).toBe(true);
  });

  it('believes a holder on another machine for as long as it gives signs of life', async () => {
    const elsewhere = { host: 'another-machine', processes: [{ pid: NO_PROCESS, startedAt: null }] };
    expect(await canBeTaken(abandonedLock(elsewhere))).toBe(false);
    expect(await canBeTaken(abandonedLock(elsewhere, 120_000))).toBe(true);
  });

  it('lets only one of many take an abandoned lock over', async () => {
    const path = abandonedLock({ processes: [{ pid: NO_PROCESS, startedAt: null }] });
    let inside = 0;
    let mostInside = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const lock = await acquireFolderLock(path);
        mostInside = Math.max(mostInside, ++inside);
        await delay(10);
        inside--;
        lock.release();
      }),
    );
    expect(mostInside).toBe(1);
  });
});
