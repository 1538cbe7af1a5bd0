import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { toStudioError } from '#shared/errors.ts';
import { Catalog, openCatalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { addSource, imagesOfClasses, newImage, temporaryCatalog, temporaryFolder } from './temporary-catalog.ts';

const WRITER = fileURLToPath(new URL('./endless-writer.ts', import.meta.url));
const BATCH = 50;

/** Lets a writer acknowledge some batches, then kills it without warning. @returns the acknowledged number. */
async function writeAndKill(file: string, batches: number): Promise<number> {
  const writer: ChildProcess = spawn(process.execPath, [WRITER, file, String(BATCH)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let acknowledged = 0;
  for await (const line of createInterface({ input: writer.stdout! })) {
    acknowledged = Number(line);
    if (acknowledged >= batches) writer.kill('SIGKILL');
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  expect(writer.signalCode).toBe('SIGKILL');
  return acknowledged;
}

test('kill -9 in the middle of inserts loses no acknowledged batch, tears none, and doubles none', async () => {
  const file = join(temporaryFolder(), 'catalog.sqlite');
  let least = 0;
  for (const batches of [3, 40, 11]) {
    least += await writeAndKill(file, batches);
    const catalog = openCatalog(file);
    const { images } = catalog.stats({});
    expect(images).toBeGreaterThanOrEqual(least * BATCH);
    expect(images % BATCH).toBe(0);
    expect(catalog.integrityCheck()).toEqual([]);
    least = images / BATCH;
    catalog.close();
  }
});

test('a backup made while the catalog is written to is whole, and replaces an older one', async () => {
  const { catalog, file } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  catalog.images.insertBatch(source, imagesOfClasses([1000, 1000]));
  const copy = join(dirname(file), 'copy.sqlite');
  await catalog.backupTo(copy);
  const backup = catalog.backupTo(copy);
  catalog.images.insertBatch(source, [newImage({ path: 'during.png' })]);
  await backup;
  const restored = openCatalog(copy);
  expect(restored.stats({}).images).toBeGreaterThanOrEqual(2000);
  expect(restored.integrityCheck()).toEqual([]);
  restored.close();
  expect(readdirSync(dirname(file)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  await expect(catalog.backupTo(join(dirname(file), 'no', 'copy.sqlite'))).rejects.toMatchObject({ code: 'not-found' });
});

test('damage is found', () => {
  const { catalog, file } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), imagesOfClasses([3000]));
  catalog.close();
  const handle = openSync(file, 'r+');
  // Over pages in the middle of the file; the first ones hold the schema.
  for (let page = 60; page < 70; page++) writeSync(handle, Buffer.alloc(2048, 0x5a), 0, 2048, page * 4096);
  closeSync(handle);
  let found: string[];
  try {
    const damaged = openCatalog(file);
    found = damaged.integrityCheck();
    damaged.close();
  } catch (error) {
    found = [toStudioError(error).code];
  }
  expect(found).not.toEqual([]);
});

test('a row that refers to nothing is found', () => {
  const { catalog, file } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), imagesOfClasses([2]));
  const connection = openDatabase(file);
  connection.pragma('foreign_keys = OFF');
  connection.exec(
    "UPDATE subset_image SET image_id = 99; INSERT INTO run_log (run_number, at, level, message) VALUES (5, '', 'info', '')",
  );
  connection.close();
  expect(catalog.integrityCheck()).toEqual(['Rows of run_log refer to rows that are gone.']);
});

/** The catalog over a connection that a test has spoilt. @returns what an insert then comes to. */
function failureOf(spoil: (connection: ReturnType<typeof openDatabase>, file: string) => void): unknown {
  const { catalog, file } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  const connection = openDatabase(file);
  const spoilt = new Catalog(connection);
  spoil(connection, file);
  try {
    spoilt.images.insertBatch(source, imagesOfClasses([500]));
  } catch (error) {
    return toStudioError(error);
  } finally {
    spoilt.close();
  }
  return undefined;
}

test('a full disk, a second writer and a read-only file each have their own sentence', () => {
  expect(failureOf((connection) => connection.pragma('max_page_count = 1'))).toMatchObject({ code: 'no-space' });
  expect(failureOf((connection) => connection.pragma('query_only = ON'))).toMatchObject({ code: 'bad-input' });
  const locked = failureOf((connection, file) => {
    connection.pragma('busy_timeout = 0');
    const other = openDatabase(file);
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
  });
  expect(locked).toMatchObject({ code: 'conflict', message: expect.stringContaining('Another program') });
});
