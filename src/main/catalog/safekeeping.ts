import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { checkSchema } from './migrate.ts';

/** SQLite keeps a catalog in use in three files: the log and its index are named after the first. */
const COMPANIONS = ['', '-wal', '-shm'] as const;
const BACKUP_FOLDER = 'backups';

/** Where a backup goes when no place is named: beside the catalog, by its time. */
export function backupFileFor(catalogFile: string, now: Date): string {
  return join(dirname(catalogFile), BACKUP_FOLDER, `catalog-${stampOf(now)}.sqlite`);
}

/** The newest of the catalog's backups, by request or before a migration; null when there is none. */
export function newestBackup(catalogFile: string): string | null {
  const folder = dirname(catalogFile);
  const requested = namesIn(join(folder, BACKUP_FOLDER))
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => join(folder, BACKUP_FOLDER, name));
  const beforeMigrations = namesIn(folder)
    .filter((name) => name.startsWith(`${basename(catalogFile)}.before-schema-`) && !name.endsWith('.new'))
    .map((name) => join(folder, name));
  const byAge = [...requested, ...beforeMigrations]
    .map((file) => ({ file, time: statSync(file).mtimeMs }))
    .sort((one, other) => other.time - one.time);
  return byAge[0]?.file ?? null;
}

/**
 * Puts a backup in the place of a catalog that nobody has open. The present one is kept, under another name.
 *
 * @returns where the present catalog is now; null when there was none.
 * @throws StudioError 'not-found', 'corrupt' for a damaged backup, 'unsupported' for one of a newer studio or another program, 'no-space'. The
 *   present catalog is then as it was.
 */
export async function restoreCatalog(backup: string, catalogFile: string, now: Date): Promise<string | null> {
  if (resolve(backup) === resolve(catalogFile)) {
    throw new StudioError('bad-input', `${backup} is the catalog of the workspace itself.`, {
      hint: 'Name a backup of it.',
    });
  }
  const incoming = `${catalogFile}.restoring`;
  try {
    statSync(backup);
    await copySound(backup, incoming);
    const aside = existsSync(catalogFile) ? `${catalogFile}.before-restore-${stampOf(now)}` : null;
    if (aside !== null) moveAside(catalogFile, aside);
    renameSync(incoming, catalogFile);
    return aside;
  } catch (error) {
    rmSync(incoming, { force: true });
    throw toStudioError(error);
  }
}

/** What a person reads of a damaged catalog: the same, with the newest backup and how to restore it. Other errors are left as they are. */
export function withRestoreHint(error: unknown, catalogFile: string): StudioError {
  const known = toStudioError(error);
  if (known.code !== 'corrupt' || !isOfDatabase(known.cause)) return known;
  return damagedCatalog(catalogFile, known.message, known);
}

/** @param what one sentence. */
export function damagedCatalog(catalogFile: string, what: string, cause?: unknown): StudioError {
  const backup = newestBackup(catalogFile);
  return new StudioError('corrupt', `${what} (${catalogFile})`, {
    hint:
      backup === null
        ? 'There is no backup in the workspace: restore a copy of your own with `restore FILE`, or choose another workspace folder.'
        : `Restore the newest backup with \`restore "${backup}"\`; the damaged catalog is kept aside.`,
    cause,
  });
}

async function copySound(backup: string, copy: string): Promise<void> {
  rmSync(copy, { force: true });
  const connection = new Database(backup, { readonly: true, fileMustExist: true });
  try {
    checkSchema(connection, backup);
    const damage = connection.pragma('quick_check', { simple: true }) as string;
    if (damage !== 'ok') throw damagedBackup(backup);
    // By pages and not by file, so that what is still in the log of the backup comes along.
    await connection.backup(copy);
  } catch (error) {
    const known = toStudioError(error);
    throw isOfDatabase(known.cause) && known.code === 'corrupt' ? damagedBackup(backup, error) : known;
  } finally {
    connection.close();
  }
}

function damagedBackup(backup: string, cause?: unknown): StudioError {
  return new StudioError('corrupt', `The backup ${backup} is damaged, or is no catalog.`, {
    hint: 'Choose another one; the present catalog was left as it is.',
    cause,
  });
}

/**
 * Without opening it: SQLite may throw away the log of a damaged catalog. The log goes before the catalog, because one that stayed behind would
 * be taken for the log of the restored one.
 */
function moveAside(catalogFile: string, aside: string): void {
  for (const companion of COMPANIONS.toReversed()) {
    if (existsSync(catalogFile + companion)) renameSync(catalogFile + companion, aside + companion);
  }
}

function isOfDatabase(cause: unknown): boolean {
  return cause instanceof Error && String((cause as NodeJS.ErrnoException).code).startsWith('SQLITE_');
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** A time as a part of a file name. */
function stampOf(now: Date): string {
  return now.toISOString().replaceAll(':', '-').replace(/\..*$/, '');
}
