import { expect, test } from 'vitest';
import { openDatabase } from '#main/catalog/database.ts';
import { addSource, newImage, temporaryCatalog } from './temporary-catalog.ts';

function catalogOf(...paths: string[]) {
  const { catalog, file } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  catalog.images.insertBatch(
    source,
    paths.map((path) => newImage({ path })),
  );
  const find = (text: string): number[] => catalog.text.find(text).images.map(({ id }) => id);
  return { catalog, file, source, find };
}

test('a text is found anywhere in a path or identity, in any script, and its signs mean nothing', () => {
  const { catalog, source, find } = catalogOf(
    'a/IMG_0012.png',
    'ä/笑顔の人.png',
    'x%y"z\'.png',
    'a_b_c.png',
    'aXbXc.png',
  );
  catalog.images.insertBatch(source, [newImage({ path: 'f.png', identity: 'Zoë O’Hara' })]);
  expect(find('img_00')).toEqual([1]);
  expect(find('顔の人')).toEqual([2]);
  expect(find('%y"z\'')).toEqual([3]);
  expect(find('a_b_c')).toEqual([4]);
  expect(find('zoë o’h')).toEqual([6]);
  expect(find('AND')).toEqual([]);
  expect(find('"""')).toEqual([]);
  // All runs of three are there, in another order.
  expect(find('.pnga/IMG')).toEqual([]);
});

test('what is added, changed and removed after the index was made is found as it is then', () => {
  const { catalog, file, source, find } = catalogOf('first.png', 'second.png');
  expect(find('second')).toEqual([2]);
  catalog.images.insertBatch(source, [newImage({ path: 'third.png' })]);
  expect(find('.png')).toEqual([1, 2, 3]);
  const connection = openDatabase(file);
  connection.exec("UPDATE image SET path = 'renamed.png' WHERE id = 1; DELETE FROM image WHERE id = 3;");
  expect(find('first')).toEqual([]);
  expect(find('renamed')).toEqual([1]);
  expect(find('third')).toEqual([]);
  // SQLite gives the number 3 again.
  catalog.images.insertBatch(source, [newImage({ path: 'fourth.png' })]);
  expect(find('fourth')).toEqual([3]);
  connection.exec('DELETE FROM source');
  connection.close();
  expect(find('.png')).toEqual([]);
  expect(catalog.integrityCheck()).toEqual([]);
});

test('the index catches up by slices, and says when nothing is left', () => {
  const { catalog, source } = catalogOf();
  expect(catalog.text.indexSlice()).toBe(false);
  const images = Array.from({ length: 15_000 }, (_, number) => newImage({ path: `${number}.png` }));
  catalog.images.insertBatch(source, images);
  expect(catalog.text.indexSlice()).toBe(true);
  expect(catalog.text.indexSlice()).toBe(false);
});

test('a text that very many images hold is counted up to a bound, and pages go through all of them', () => {
  const { catalog, source } = catalogOf();
  const images = Array.from({ length: 20_100 }, (_, number) =>
    newImage({ path: `${number}.png`, label: number % 2, width: 48 }),
  );
  catalog.images.insertBatch(source, images);
  // The first 20,000 are counted: half of them of class 1.
  expect(catalog.query.facets({ text: '.png', labels: [1] })).toMatchObject({ total: 10_000, complete: false });
  for (const sort of ['id', 'label', 'size', 'path'] as const) {
    const ids = new Set<number>();
    let cursor: string | null = null;
    do {
      const page = catalog.query.page({
        filter: { text: '.png', labels: [1] },
        sort,
        descending: true,
        cursor,
        limit: 500,
      });
      for (const { id } of page.rows) ids.add(id);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(ids.size).toBe(10_050);
  }
});
