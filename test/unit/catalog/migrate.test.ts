import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openCatalog } from '#main/catalog/catalog.ts';
import { type Connection, openDatabase } from '#main/catalog/database.ts';
import { MIGRATIONS, type Migration, migrate } from '#main/catalog/migrate.ts';
import { addSource, temporaryCatalog, temporaryFolder } from './temporary-catalog.ts';

const first: Migration = { number: 1, name: 'first', sql: 'CREATE TABLE note (text TEXT NOT NULL) STRICT;' };
const second: Migration = { number: 2, name: 'second', sql: 'ALTER TABLE note ADD COLUMN author TEXT;' };
const broken: Migration = { number: 2, name: 'broken', sql: 'CREATE TABLE half (id INTEGER) STRICT; SELECT nonsense;' };

function withDatabase<Result>(file: string, use: (connection: Connection) => Result): Result {
  const connection = openDatabase(file);
  try {
    return use(connection);
  } finally {
    connection.close();
  }
}

const versionOf = (connection: Connection): unknown => connection.pragma('user_version', { simple: true });
const columnsOf = (connection: Connection): unknown[] =>
  connection.prepare("SELECT name FROM pragma_table_info('note')").pluck().all();

test('a new database gets every migration, and no backup is made of nothing', () => {
  const folder = temporaryFolder();
  withDatabase(join(folder, 'a.sqlite'), (connection) => {
    migrate(connection, join(folder, 'a.sqlite'), [first, second]);
    expect(versionOf(connection)).toBe(2);
    expect(columnsOf(connection)).toEqual(['text', 'author']);
  });
  expect(readdirSync(folder)).toEqual(['a.sqlite']);
});

test('an existing database is copied whole before it is migrated, once', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'a.sqlite');
  withDatabase(file, (connection) => {
    migrate(connection, file, [first]);
    connection.exec("INSERT INTO note VALUES ('kept')");
  });
  withDatabase(file, (connection) => migrate(connection, file, [first, second]));
  withDatabase(file, (connection) => migrate(connection, file, [first, second]));
  expect(readdirSync(folder).sort()).toEqual(['a.sqlite', 'a.sqlite.before-schema-2']);
  withDatabase(`${file}.before-schema-2`, (copy) => {
    expect(versionOf(copy)).toBe(1);
    expect(columnsOf(copy)).toEqual(['text']);
    expect(copy.prepare('SELECT text FROM note').pluck().all()).toEqual(['kept']);
  });
});

test('a migration that fails leaves nothing of itself behind', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'a.sqlite');
  withDatabase(file, (connection) => {
    migrate(connection, file, [first]);
    expect(() => migrate(connection, file, [first, broken])).toThrow(
      expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(/schema 2 \(broken\)/) }),
    );
    expect(versionOf(connection)).toBe(1);
    expect(connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()).toEqual(['note']);
  });
});

test('a full disk during a migration is called that', () => {
  const file = join(temporaryFolder(), 'a.sqlite');
  withDatabase(file, (connection) => {
    migrate(connection, file, [first]);
    const pages = connection.pragma('page_count', { simple: true }) as number;
    connection.pragma(`max_page_count = ${pages}`);
    const large = {
      ...second,
      sql: 'CREATE TABLE large (text TEXT) STRICT; INSERT INTO large VALUES (zeroblob(99999));',
    };
    expect(() => migrate(connection, file, [first, large])).toThrow(expect.objectContaining({ code: 'no-space' }));
  });
});

test('a catalog of a newer studio is refused and not touched', () => {
  const { catalog, file } = temporaryCatalog();
  addSource(catalog, 'faces');
  catalog.close();
  withDatabase(file, (connection) => connection.pragma('user_version = 99'));
  expect(() => openCatalog(file)).toThrow(
    expect.objectContaining({
      code: 'unsupported',
      message: expect.stringMatching(/newer studio \(schema 99; this one knows \d+\)/),
    }),
  );
  expect(readdirSync(dirname(file)).filter((name) => name.includes('before'))).toEqual([]);
  withDatabase(file, (connection) => expect(versionOf(connection)).toBe(99));
});

test('a database of another program is refused', () => {
  const file = join(temporaryFolder(), 'other.sqlite');
  const other = new Database(file);
  other.exec('CREATE TABLE bookmarks (url TEXT)');
  other.close();
  expect(() => openCatalog(file)).toThrow(
    expect.objectContaining({ code: 'unsupported', message: `${file} is a database of another program.` }),
  );
});

test('what is no database, or no place for one, is said plainly', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'text.sqlite'), 'These are words, and more of them than a header has.'.repeat(100));
  expect(() => openCatalog(join(folder, 'text.sqlite'))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  expect(() => openCatalog(folder)).toThrow(expect.objectContaining({ code: 'bad-input' }));
});

test('a catalog of the first schema keeps its images, counts and subsets', () => {
  const file = join(temporaryFolder(), 'catalog.sqlite');
  withDatabase(file, (connection) => {
    migrate(connection, file, MIGRATIONS.slice(0, 1));
    connection.exec(`
      INSERT INTO source VALUES (1, 'faces', '/data/faces', 'folder', 'labeled', '2026-01-01T00:00:00Z');
      INSERT INTO image (source_id, split, path, label, width, height, excluded) VALUES
        (1, 'train', 'a.png', 0, 48, 48, 0), (1, 'train', 'b.png', 3, 250, 240, 0), (1, 'test', 'c.png', NULL, NULL, NULL, 0),
        (1, 'train', 'd.png', 0, 20, 20, 1);
      INSERT INTO subset VALUES (5, 'mine', 'faces', 'train', '1 of each class', 7, '2026-01-02T00:00:00Z'),
        (6, 'all', NULL, 'test', '10 % of the images', 0, '2026-01-03T00:00:00Z');
      INSERT INTO subset_class VALUES (5, 0, 1, 0), (5, 3, 1, 2);
      INSERT INTO subset_image VALUES (5, 1, 0), (5, 2, 4);
    `);
  });
  const catalog = openCatalog(file);
  expect(catalog.integrityCheck()).toEqual([]);
  expect(catalog.imageCount()).toBe(3);
  expect(catalog.query.facets({ excluded: 'any' })).toMatchObject({
    total: 4,
    sizes: [
      { value: 'unknown', count: 1 },
      { value: 'below-48', count: 1 },
      { value: '48-111', count: 1 },
      { value: 'from-224', count: 1 },
    ],
  });
  expect(catalog.query.ids({ text: 'd.png', excluded: 'only' })).toEqual([4]);
  expect(catalog.subsets.get('mine')).toEqual({
    name: 'mine',
    version: 1,
    filter: { sources: ['faces'], splits: ['train'] },
    rule: '1 of each class',
    seed: 7,
    splitOff: null,
    counts: [1, 1],
    total: 2,
    shortfall: [0, 2],
    createdAt: '2026-01-02T00:00:00Z',
  });
  expect(catalog.subsets.get('all@1').filter).toEqual({ splits: ['test'] });
  expect(catalog.images.manifest({ subset: 'mine' }).map(({ id, label }) => [id, label])).toEqual([
    [1, 0],
    [2, 4],
  ]);
  catalog.close();
});

test('what was decided before reviews were counted by the facets is counted after', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'a.sqlite');
  withDatabase(file, (connection) => {
    migrate(
      connection,
      file,
      MIGRATIONS.filter(({ number }) => number < 7),
    );
    connection.exec(`
      INSERT INTO source VALUES (1, 'faces', '/faces', 'folder', 'labeled', '2026-01-01');
      INSERT INTO image (id, source_id, split, path, label) VALUES (1, 1, 'train', 'a', 0), (2, 1, 'train', 'b', 1), (3, 1, 'train', 'c', 2);
      INSERT INTO reviewer VALUES (1, 'ann');
      INSERT INTO decision_batch (id, kind, reviewer_id, made_at, reason, seconds, images) VALUES (1, 'decision', 1, '2026-01-01', '', 0, 2);
      INSERT INTO decision_state VALUES (1, 1, 'standing');
      INSERT INTO decision (batch_id, image_id, verdict, from_label, to_label) VALUES (1, 1, 'reject', 0, NULL), (1, 3, 'accept', 2, 2);
      INSERT INTO review VALUES (1, 1, 'reject', NULL), (3, 1, 'accept', 2);`);
  });
  const catalog = openCatalog(file);
  expect(catalog.query.facets({}).reviewed).toEqual([
    { value: 'undecided', count: 1 },
    { value: 'accepted', count: 1 },
    { value: 'rejected', count: 1 },
  ]);
  expect(catalog.query.ids({ reviewed: ['accepted'] })).toEqual([3]);
  expect(catalog.integrityCheck()).toEqual([]);
  catalog.close();
});
