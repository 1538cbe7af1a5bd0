import { expect, test, vi } from 'vitest';
import { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { migrate } from '#main/catalog/migrate.ts';

/** Tables that are read whole because all of it is shown, and that do not grow with the images or steps. */
const READ_WHOLE = [
  ...['cell_count', 'image_text_progress', 'duplicate_stale', 'source', 'subset', 'run', 'run_tag', 'job'],
  ...['reviewer', 'review_count', 'audit'],
  ...['round', 'pseudo_label_round', 'pseudo_label_class'],
];

interface Plan {
  readonly sql: string;
  readonly plan: readonly string[];
}

/** Every statement the catalog prepares: it prepares all of them when it is opened. */
function plans(): Plan[] {
  const connection = openDatabase(':memory:');
  migrate(connection, ':memory:');
  const prepare = vi.spyOn(connection, 'prepare');
  new Catalog(connection);
  const statements = [...new Set(prepare.mock.calls.map(([sql]) => sql))].filter(
    (sql) => !/^INSERT [^;]*VALUES/s.test(sql),
  );
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
    const scans = plan.filter((step) => step.startsWith('SCAN'));
    // The text index looks up its runs of characters: a plan that names a MATCH is no scan.
    const scanned = scans
      .filter((step) => !/^SCAN image_text VIRTUAL TABLE INDEX \d+:M/.test(step))
      // What is inside has steps of its own.
      .filter((step) => !step.startsWith('SCAN (subquery'))
      .map((step) => /^SCAN (\w+)/.exec(step)![1]!);
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

/** The plans of the statements that hold a text. */
const plansOf = (text: string): (readonly string[])[] =>
  plans()
    .filter(({ sql }) => sql.replaceAll(/\s+/g, ' ').includes(text))
    .map(({ plan }) => plan);

test('walking a cell begins at its place in the index, both ways', () => {
  const walk = ['SEARCH image USING INDEX image_by_cell (cell=? AND rowid>?)'];
  expect(plansOf('SELECT id FROM image WHERE cell = ? AND id > ? ORDER BY id LIMIT ?')).toEqual([walk]);
  const back = ['SEARCH image USING INDEX image_by_cell (cell=? AND rowid<?)'];
  expect(plansOf('SELECT id FROM image WHERE cell = ? AND id < ? ORDER BY id DESC LIMIT ?')).toEqual([back]);
});

test('each order of a key begins at its place in the index of that key', () => {
  const orders: readonly (readonly [string, string])[] = [
    [
      'WHERE source_id = ? AND (path, byte_offset) > (?, ?)',
      'sqlite_autoindex_image_1 (source_id=? AND (path,byte_offset)>(?,?))',
    ],
    [
      'WHERE source_id = ? AND (path, byte_offset) < (?, ?)',
      'sqlite_autoindex_image_1 (source_id=? AND (path,byte_offset)<(?,?))',
    ],
    ["WHERE ifnull(image.identity, '') = ? AND id > ?", 'image_by_identity (<expr>=? AND rowid>?)'],
    ["WHERE ifnull(image.identity, '') > ?", 'image_by_identity (<expr>>?)'],
    ['WHERE ifnull(min(image.width, image.height), 0) = ? AND id < ?', 'image_by_size (<expr>=? AND rowid<?)'],
    ['WHERE ifnull(min(image.width, image.height), 0) < ?', 'image_by_size (<expr><?)'],
  ];
  for (const [where, index] of orders) {
    const found = plansOf(where);
    expect(found.length, where).toBeGreaterThan(0);
    for (const plan of found) expect(plan, where).toEqual([`SEARCH image USING INDEX ${index}`]);
  }
});
