import { expect, test } from 'vitest';
import type { ImageRow } from '#shared/catalog.ts';
import type { ImageFilter } from '#shared/filter.ts';
import { STORED_SORTS, type Sort } from '#shared/query.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { addSource, newImage, setExcluded, temporaryCatalog } from './temporary-catalog.ts';

/** Images whose every key is shared by some and missing for others. */
function variedCatalog(count: number): Catalog {
  const { catalog } = temporaryCatalog();
  for (const name of ['b', 'a']) {
    const images = Array.from({ length: count / 2 }, (_, number) =>
      newImage({
        path: `${(number * 7919) % count}.png`,
        split: number % 3 === 0 ? 'train' : 'test',
        label: number % 5 === 0 ? null : number % 4,
        identity: number % 6 === 0 ? null : `person ${number % 11}`,
        width: number % 9 === 0 ? null : 40 + (number % 13) * 20,
        height: number % 9 === 0 ? null : 300,
      }),
    );
    catalog.images.insertBatch(addSource(catalog, name), images);
  }
  setExcluded(catalog, [2, 3, 50], true);
  return catalog;
}

/** What paging to the end gives. */
function pagedIds(catalog: Catalog, filter: ImageFilter, sort: Sort, descending: boolean): number[] {
  const ids: number[] = [];
  let cursor: string | null = null;
  do {
    const page = catalog.query.page({ filter, sort, descending, cursor, limit: 500 });
    ids.push(...page.rows.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

const FILTERS: readonly ImageFilter[] = [
  {},
  { splits: ['train'], labels: [1, null] },
  { text: '12' + '3' },
  { excluded: 'any', sources: ['a'] },
];

// Few that are put in order at once, and more than that.
test.each([400, 6_000])('a list of %i images is what paging to its end gives', { timeout: 60_000 }, async (count) => {
  const catalog = variedCatalog(count);
  for (const filter of FILTERS) {
    for (const sort of STORED_SORTS) {
      for (const descending of [false, true]) {
        const list = await catalog.lists.make({ filter, sort, descending });
        expect([...list], `${JSON.stringify(filter)} ${sort} ${descending}`).toEqual(
          pagedIds(catalog, filter, sort, descending),
        );
      }
    }
  }
});

test('a list of several slices has every image once, in order', { timeout: 60_000 }, async () => {
  const catalog = variedCatalog(60_000);
  const keys = {
    id: ({ id }: ImageRow) => [id],
    size: ({ width, height, id }: ImageRow) => [width === null ? 0 : Math.min(width, height!), id],
    label: ({ label, id }: ImageRow) => [label ?? -1, id],
  };
  for (const sort of ['id', 'size', 'label'] as const) {
    const list = await catalog.lists.make({ filter: {}, sort, descending: false });
    expect(new Set(list).size).toBe(60_000 - 3); // three are excluded
    const rows = catalog.query.rows([...list]).map(keys[sort]);
    const isOrdered = rows.every((key, index) => index === 0 || compare(rows[index - 1]!, key) < 0);
    expect(isOrdered, sort).toBe(true);
  }
});

const compare = (one: readonly number[], other: readonly number[]): number =>
  one.map((value, index) => value - other[index]!).find((difference) => difference !== 0) ?? 0;

test('an aborted list is given up', async () => {
  const catalog = variedCatalog(14_000);
  await expect(
    catalog.lists.make({ filter: {}, sort: 'size', descending: false }, AbortSignal.abort(new Error('left'))),
  ).rejects.toThrow('left');
});
