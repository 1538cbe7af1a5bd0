import Database from 'better-sqlite3';

/** Milliseconds: who takes the lock waits for those who only look whether it is held, and they hardly wait for one another. */
const TAKING_TIMEOUT = 300;
const LOOKING_TIMEOUT = 20;

export interface ExclusiveLock {
  release(): void;
}

/**
 * Takes a lock that one process holds at a time and that the operating system takes back when the process dies, however it dies: an exclusive
 * transaction on an empty database. Nothing stale can be left behind, and two that try together are told apart.
 *
 * @param file made when it is missing; it stays. @returns null when somebody holds it.
 */
export function takeExclusiveLock(file: string, timeout = TAKING_TIMEOUT): ExclusiveLock | null {
  const database = new Database(file, { timeout });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}

export function isLocked(file: string): boolean {
  const lock = takeExclusiveLock(file, LOOKING_TIMEOUT);
  lock?.release();
  return lock === null;
}
