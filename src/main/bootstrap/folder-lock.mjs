import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A lock between processes: a folder that exists while the lock is held, with a note of its holder. A holder that was killed leaves the
 * folder behind; the next process sees that it is gone and takes the lock over.
 *
 * @typedef {object} LockHolder
 * @property {string} token
 * @property {string} host
 * @property {{ pid: number, startedAt: string | null }[]} processes the holder, and the children that go on working if it is killed
 *
 * @typedef {object} FolderLock
 * @property {(pid: number) => void} include counts a child process as a holder: the lock is not taken over before it has ended too
 * @property {() => void} release
 */

const RETRY_MS = 250;
const HEARTBEAT_MS = 10_000;
/** A holder on another machine, whose processes cannot be looked at, is gone when it has not touched its lock for this long. */
const SILENCE_MS = 60_000;

/**
 * @param {string} path the folder that is the lock; its parent is made
 * @param {{ signal?: AbortSignal | undefined, onWait?: (holder: LockHolder | null) => void }} [options] onWait is called once, when
 *   another process holds the lock
 * @returns {Promise<FolderLock>}
 */
export async function acquireFolderLock(path, options = {}) {
  mkdirSync(dirname(path), { recursive: true });
  /** @type {LockHolder} */
  const holder = { token: randomUUID(), host: hostname(), processes: [identify(process.pid)] };
  let waiting = false;
  while (!tryTake(path, holder)) {
    options.signal?.throwIfAborted();
    const other = readHolder(path);
    if (isGone(path, other)) {
      removeAbandoned(path, other);
      continue;
    }
    if (!waiting) options.onWait?.(other);
    waiting = true;
    await delay(RETRY_MS, undefined, options.signal && { signal: options.signal });
  }
  return heldLock(path, holder);
}

/**
 * @param {string} path
 * @param {LockHolder} holder
 * @returns {FolderLock}
 */
function heldLock(path, holder) {
  const heartbeat = setInterval(() => {
    const now = new Date();
    if (existsSync(path)) utimesSync(path, now, now);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    include: (pid) => {
      holder.processes.push(identify(pid));
      writeHolder(path, holder);
    },
    release: () => {
      clearInterval(heartbeat);
      discard(path);
    },
  };
}

/**
 * Renaming a folder onto one that is not empty fails: the lock's only atomic step. It is filled before, so that a lock always tells its
 * holder.
 *
 * @param {string} path
 * @param {LockHolder} holder
 */
function tryTake(path, holder) {
  const prepared = `${path}.${holder.token}`;
  mkdirSync(prepared);
  try {
    writeHolder(prepared, holder);
    renameSync(prepared, path);
    return true;
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(error))) return false;
    throw error;
  }
}

/**
 * @param {string} path
 * @param {LockHolder | null} holder
 */
function isGone(path, holder) {
  if (holder !== null && holder.host === hostname()) return !holder.processes.some(isAlive);
  const age = ageOf(path);
  return age !== null && age > SILENCE_MS;
}

/** @param {{ pid: number, startedAt: string | null }} noted */
function isAlive(noted) {
  try {
    process.kill(noted.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return identify(noted.pid).startedAt === noted.startedAt;
}

/**
 * A process id alone is given to another process later, after a restart of the machine even soon.
 *
 * @param {number} pid
 * @returns {{ pid: number, startedAt: string | null }} startedAt is null where the system has no /proc
 */
function identify(pid) {
  const statusFile = `/proc/${pid}/stat`;
  if (!existsSync(statusFile)) return { pid, startedAt: null };
  const status = readFileSync(statusFile, 'utf8');
  // proc(5): field 22; the second is a name in parentheses that may hold spaces.
  return { pid, startedAt: status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? null };
}

/**
 * Two waiting processes may both see that a holder is gone; if each simply removed the lock, the slower would remove the one that the
 * faster has just taken. So the removal itself is guarded, and looks again.
 *
 * @param {string} path
 * @param {LockHolder | null} abandoned
 */
function removeAbandoned(path, abandoned) {
  const guard = `${path}.takeover`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    // Whoever made it needs a moment; if it was killed within that moment, the guard is stale.
    if ((ageOf(guard) ?? 0) > SILENCE_MS) rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (readHolder(path)?.token === abandoned?.token) discard(path);
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
}

/**
 * Moved aside before it is deleted: an emptied lock could be taken while it is being deleted.
 *
 * @param {string} path
 */
function discard(path) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/**
 * @param {string} folder
 * @param {LockHolder} holder
 */
function writeHolder(folder, holder) {
  writeFileSync(join(folder, 'holder.json'), JSON.stringify(holder));
}

/**
 * @param {string} path
 * @returns {LockHolder | null} null when the lock was released meanwhile or its note is damaged
 */
function readHolder(path) {
  try {
    return JSON.parse(readFileSync(join(path, 'holder.json'), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {number | null} milliseconds since it was last touched
 */
function ageOf(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : Date.now() - stats.mtimeMs;
}

/** @param {unknown} error */
function codeOf(error) {
  return String(/** @type {NodeJS.ErrnoException} */ (error).code);
}
