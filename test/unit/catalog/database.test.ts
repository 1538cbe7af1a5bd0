import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCatalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { MIGRATIONS, migrate } from '#main/catalog/migrate.ts';

const SNAPSHOT = fileURLToPath(new URL('../../fixtures/schema.sql', import.meta.url));

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'face2exp-database-'));
  file = join(folder, 'catalog.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the schema is the committed one (UPDATE_SCHEMA=1 writes it anew after a migration)', () => {
  openCatalog(file).close();
  const database = new Database(file, { readonly: true });
  const schema = database
    .prepare<[], string>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name')
    .pluck()
    .all()
    .join(';\n\n');
  database.close();
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(SNAPSHOT, `${schema};\n`);
  expect(`${schema};\n`).toBe(readFileSync(SNAPSHOT, 'utf8'));
});

test('every table is strict; the file is in write-ahead mode', () => {
  openCatalog(file).close();
  const database = openDatabase(file);
  const loose = database
    .prepare("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all();
  expect(loose).toEqual([]);
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
  database.close();
});

test('migrations are numbered without gaps, run once, and copy a catalog with data aside first', () => {
  expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  openCatalog(file).close();
  const database = openDatabase(file);
  const next = {
    number: MIGRATIONS.length + 1,
    name: 'more',
    sql: 'CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;',
  };
  migrate(database, file, [...MIGRATIONS, next]);
  expect(database.pragma('user_version', { simple: true })).toBe(next.number);
  expect(existsSync(`${file}.before-schema-${next.number}`)).toBe(true);
  database.close();
  expect(() => openCatalog(file)).toThrow('written by a newer studio');
});

test('a migration that fails leaves the catalog as it was', () => {
  openCatalog(file).close();
  const database = openDatabase(file);
  const broken = {
    number: MIGRATIONS.length + 1,
    name: 'broken',
    sql: 'CREATE TABLE kept (id INTEGER) STRICT; CREATE TABLE kept (id INTEGER) STRICT;',
  };
  expect(() => migrate(database, file, [...MIGRATIONS, broken])).toThrow('could not be brought to schema');
  expect(database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'kept'").pluck().get()).toBe(0);
  database.close();
  openCatalog(file).close();
});

test('a file that is no catalog is told from a damaged one, and from another program’s', () => {
  writeFileSync(
    file,
    'this is no database, but it is long enough to have a header of a hundred bytes, which SQLite reads first. '.repeat(
      20,
    ),
  );
  expect(() => openCatalog(file)).toThrow('is no database');
  rmSync(file);
  const other = new Database(file);
  other.exec('CREATE TABLE theirs (id INTEGER)');
  other.close();
  expect(() => openCatalog(file)).toThrow('of another program');
});

test('what a screen asks for is found by an index, not by reading a whole table', () => {
  openCatalog(file).close();
  const database = openDatabase(file);
  const onPath: readonly string[] = [
    'SELECT * FROM image WHERE id > 5 ORDER BY id LIMIT 100',
    "SELECT * FROM image WHERE id > 5 AND source_id = 1 AND split = 'train' AND label = 2 ORDER BY id LIMIT 100",
    "SELECT * FROM image WHERE id > 5 AND split = 'train' AND label = 2 ORDER BY id LIMIT 100",
    "SELECT * FROM run_step WHERE run_id = 'a' AND step > 5 ORDER BY step",
    "SELECT * FROM run_evaluation WHERE run_id = 'a' ORDER BY step, id",
    "SELECT * FROM run_log WHERE run_id = 'a' ORDER BY id",
    "SELECT * FROM job WHERE status IN ('running', 'queued')",
    'SELECT count(*) FROM identity_count WHERE source_id = 1',
    'SELECT max(step) FROM run_step WHERE run_id = 7',
  ];
  for (const sql of onPath) {
    const plan = database
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail);
    expect(plan.join('; '), sql).not.toMatch(/\bSCAN\b/);
  }
  database.close();
});

test('kill -9 in the middle of writing loses no batch that was acknowledged', async () => {
  const writer = spawn(process.execPath, [fileURLToPath(new URL('endless-writer.ts', import.meta.url)), file]);
  let acknowledged = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === 40) {
      writer.kill('SIGKILL');
      break;
    }
  }
  await new Promise((resolve) => writer.on('exit', resolve));
  const catalog = openCatalog(file);
  const { images } = catalog.stats({});
  expect(images).toBeGreaterThanOrEqual(40 * 100);
  expect(images % 100).toBe(0);
  expect(catalog.integrityCheck()).toEqual([]);
  catalog.close();
});
