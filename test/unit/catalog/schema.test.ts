import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openDatabase } from '#main/catalog/database.ts';
import { MIGRATIONS, migrate } from '#main/catalog/migrate.ts';

/**
 * The schema as it is after all migrations is kept in test/fixtures/schema.sql. A change of the schema is a new migration; then update the file
 * by running this test with `--update`, and read the difference.
 */
test('the schema is the one on record', async () => {
  const connection = openDatabase(':memory:');
  migrate(connection, ':memory:');
  const statements = connection
    .prepare<[], string>(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'table' DESC, tbl_name, type, name",
    )
    .pluck()
    .all();
  connection.close();
  const schema = statements.map((statement) => `${statement};\n`).join('\n');
  await expect(schema).toMatchFileSnapshot('../../fixtures/schema.sql');
});

test('every table is strict', () => {
  const connection = openDatabase(':memory:');
  migrate(connection, ':memory:');
  const tables = connection.pragma('table_list') as { name: string; type: string; strict: 0 | 1 }[];
  connection.close();
  // The tables of the text index are the extension's own.
  const own = tables.filter(({ name, type }) => type === 'table' && !name.startsWith('sqlite_'));
  const loose = own.filter(({ strict }) => strict === 0);
  expect(own.length).toBeGreaterThan(10);
  expect(loose).toEqual([]);
});

test('migrations are numbered from 1 without a gap, and named like their files', () => {
  expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  const files = readdirSync(new URL('../../../src/main/catalog/migrations', import.meta.url)).sort();
  expect(files).toEqual(MIGRATIONS.map(({ number, name }) => `${String(number).padStart(4, '0')}-${name}.ts`));
});
