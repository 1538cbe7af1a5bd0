import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { openCatalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import {
  backupFileFor,
  damagedCatalog,
  newestBackup,
  restoreCatalog,
  withRestoreHint,
} from '#main/catalog/safekeeping.ts';
import { addSource, imagesOfClasses, newImage, temporaryCatalog, temporaryFolder } from './temporary-catalog.ts';

const NOW = new Date('2026-03-04T05:06:07.890Z');

/** A closed catalog of three images, and a backup from when it had two. */
async function catalogWithBackup(): Promise<{ file: string; backup: string }> {
  const { catalog, file } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  catalog.images.insertBatch(source, imagesOfClasses([1, 1]));
  const backup = join(dirname(file), 'backup.sqlite');
  await catalog.backupTo(backup);
  catalog.images.insertBatch(source, [newImage({ path: 'later.png' })]);
  catalog.close();
  return { file, backup };
}

function imagesIn(file: string): number {
  const catalog = openCatalog(file);
  try {
    return catalog.imageCount();
  } finally {
    catalog.close();
  }
}

test('a backup tells how far it is, and one that is stopped leaves nothing behind', async () => {
  const { catalog, file } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), imagesOfClasses([9_000]));
  const copy = join(dirname(file), 'copy.sqlite');
  const progress: [number, number][] = [];
  await catalog.backupTo(copy, { onProgress: (done, total) => progress.push([done, total]) });
  expect(progress.length).toBeGreaterThan(0);
  expect(progress.every(([done, total]) => done <= total)).toBe(true);
  const stop = AbortSignal.abort(new StudioError('cancelled', 'Cancelled.'));
  const other = join(dirname(file), 'other.sqlite');
  await expect(catalog.backupTo(other, { signal: stop })).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(dirname(file)).filter((name) => name.startsWith('other'))).toEqual([]);
});

test('the newest backup is found, whether asked for or made before a migration', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'catalog.sqlite');
  expect(newestBackup(file)).toBeNull();
  const requested = backupFileFor(file, NOW);
  expect(requested).toBe(join(folder, 'backups', 'catalog-2026-03-04T05-06-07.sqlite'));
  mkdirSync(dirname(requested));
  const migrated = `${file}.before-schema-4`;
  for (const [path, age] of [
    [requested, 10],
    [migrated, 20],
    [`${migrated}.new`, 0],
    [join(folder, 'backups', 'notes.txt'), 0],
  ] as const) {
    writeFileSync(path, '');
    utimesSync(path, 1_000 - age, 1_000 - age);
  }
  expect(newestBackup(file)).toBe(requested);
  utimesSync(migrated, 2_000, 2_000);
  expect(newestBackup(file)).toBe(migrated);
});

test('a backup takes the place of the catalog, which is kept whole', async () => {
  const { file, backup } = await catalogWithBackup();
  const aside = await restoreCatalog(backup, file, NOW);
  expect(aside).toBe(`${file}.before-restore-2026-03-04T05-06-07`);
  expect(imagesIn(file)).toBe(2);
  expect(imagesIn(aside!)).toBe(3);
  expect(existsSync(backup)).toBe(true);
  expect(readdirSync(dirname(file)).filter((name) => name.includes('restoring'))).toEqual([]);
});

test('what a killed host left in the log belongs to the catalog that is kept, never to the restored one', async () => {
  const { file, backup } = await catalogWithBackup();
  // A log that was never written back: the files as a kill leaves them.
  const connection = openDatabase(file);
  connection.exec("UPDATE image SET identity = 'in the log'");
  const killed = ['', '-wal', '-shm'].map((companion) => [companion, readFileSync(file + companion)] as const);
  connection.close();
  for (const [companion, bytes] of killed) writeFileSync(file + companion, bytes);
  const aside = (await restoreCatalog(backup, file, NOW))!;
  const [restored, kept] = [file, aside].map((path) => {
    const opened = openDatabase(path);
    const identities = opened.prepare('SELECT DISTINCT identity FROM image').pluck().all();
    opened.close();
    return identities;
  });
  expect(restored).toEqual([null]);
  expect(kept).toEqual(['in the log']);
});

test('a damaged catalog is kept as it is, with its log', async () => {
  const { file, backup } = await catalogWithBackup();
  writeFileSync(file, Buffer.alloc(20_000, 7));
  writeFileSync(`${file}-wal`, 'log');
  const aside = (await restoreCatalog(backup, file, NOW))!;
  expect(imagesIn(file)).toBe(2);
  expect(readFileSync(aside)).toEqual(Buffer.alloc(20_000, 7));
  expect(existsSync(`${file}-wal`)).toBe(false);
  expect(readFileSync(`${aside}-wal`, 'utf8')).toBe('log');
});

test('a workspace without a catalog gets one; a backup with a log of its own brings that along', async () => {
  const { backup } = await catalogWithBackup();
  const folder = temporaryFolder();
  expect(await restoreCatalog(backup, join(folder, 'a.sqlite'), NOW)).toBeNull();
  const connection = openDatabase(backup);
  connection.exec("UPDATE image SET identity = 'Ann'");
  await restoreCatalog(backup, join(folder, 'b.sqlite'), NOW);
  connection.close();
  const restored = openDatabase(join(folder, 'b.sqlite'));
  expect(restored.prepare('SELECT DISTINCT identity FROM image').pluck().all()).toEqual(['Ann']);
  restored.close();
});

test('what is no sound backup is refused, and the catalog stays', async () => {
  const { file, backup } = await catalogWithBackup();
  const folder = dirname(file);
  const make = (name: string, change: (connection: Database.Database) => void): string => {
    copyFileSync(backup, join(folder, name));
    const connection = new Database(join(folder, name));
    change(connection);
    connection.close();
    return join(folder, name);
  };
  const text = join(folder, 'text');
  writeFileSync(text, 'These are words, and more of them than a header has.'.repeat(100));
  const torn = join(folder, 'torn.sqlite');
  const bytes = readFileSync(backup);
  writeFileSync(torn, Buffer.concat([bytes.subarray(0, 8_192), Buffer.alloc(bytes.length - 8_192, 0x5a)]));
  const refusals: readonly (readonly [string, string, RegExp])[] = [
    [join(folder, 'none'), 'not-found', /none/],
    [file, 'bad-input', /the workspace itself/],
    [text, 'corrupt', /The backup .*text is damaged/],
    [torn, 'corrupt', /The backup .*torn\.sqlite is damaged/],
    [make('newer', (connection) => connection.pragma('user_version = 99')), 'unsupported', /newer studio/],
    [make('other', (connection) => connection.pragma('application_id = 5')), 'unsupported', /another program/],
  ];
  for (const [path, code, message] of refusals) {
    await expect(restoreCatalog(path, file, NOW)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(imagesIn(file)).toBe(3);
  }
  expect(readdirSync(folder).filter((name) => /restoring|before-restore/.test(name))).toEqual([]);
});

test('damage is told with the newest backup and how to restore it', async () => {
  const { file } = await catalogWithBackup();
  writeFileSync(file, Buffer.alloc(20_000, 7));
  const damage = (): StudioError => {
    try {
      openCatalog(file);
    } catch (error) {
      return withRestoreHint(error, file);
    }
    throw new Error('The damage was not seen.');
  };
  expect(damage()).toMatchObject({ code: 'corrupt', hint: expect.stringContaining('There is no backup') as string });
  const backup = `${file}.before-schema-4`;
  writeFileSync(backup, '');
  expect(damage().hint).toContain(`restore "${backup}"`);
  expect(damagedCatalog(file, 'The catalog is damaged.').message).toContain(file);
});

test('other errors are told as they are', () => {
  const full = toStudioError(Object.assign(new Error('full'), { code: 'SQLITE_FULL' }));
  expect(withRestoreHint(full, 'catalog.sqlite')).toBe(full);
  const migration = new StudioError('corrupt', 'A migration failed.', { hint: 'Open it with the older version.' });
  expect(withRestoreHint(migration, 'catalog.sqlite')).toBe(migration);
});
