import { expect, test, vi } from 'vitest';
import { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { migrate } from '#main/catalog/migrate.ts';

/** Tables that are read whole because all of it is shown, and that do not grow with the images or steps. */
const READ_WHOLE = ['class_count', 'source', 'subset', 'run', 'job'];

/** Every statement the catalog prepares: it prepares all of them when it is opened. */
function plans(): { sql: string; plan: string[] }[] {
  const connection = openDatabase(':memory:');
  migrate(connection, ':memory:');
  const prepare = vi.spyOn(connection, 'prepare');
  new Catalog(connection);
  const statements = [...new Set(prepare.mock.calls.map(([sql]) => sql))].filter((sql) => !sql.startsWith('INSERT'));
  prepare.mockRestore();
  const explained = statements.map((sql) => {
    const nothing = Array<null>((sql.match(/\?/g) ?? []).length).fill(null);
    const steps = connection.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...nothing);
    return { sql, plan: steps.map(({ detail }) => detail) };
  });
  connection.close();
  return explained;
}

test('no statement scans a table that grows, and none sorts one', () => {
  const explained = plans();
  expect(explained.length).toBeGreaterThan(30);
  for (const { sql, plan } of explained) {
    const scanned = plan.map((step) => /^SCAN (\w+)/.exec(step)?.[1]).filter((table) => table !== undefined);
    const grown = scanned.filter((table) => !['wanted', 'CONSTANT', ...READ_WHOLE].includes(table));
    expect(grown, sql).toEqual([]);
    // Only rows that were asked for one by one are put in their order afterwards.
    if (!scanned.includes('wanted'))
      expect(
        plan.filter((step) => step.includes('TEMP B-TREE')),
        sql,
      ).toEqual([]);
  }
});

test('a page of a cell, and a draw from one, read nothing but the index', () => {
  const cellIds = plans().find(({ sql }) => sql.includes('label IS ?') && sql.includes('LIMIT'));
  expect(cellIds?.plan).toEqual([
    'SEARCH image USING COVERING INDEX image_by_cell (source_id=? AND split=? AND label=? AND rowid>?)',
  ]);
});
