import { expect, test } from 'vitest';
import type { ImageRow } from '#shared/catalog.ts';
import {
  type DuplicateFilter,
  type ImageFilter,
  QUALITIES,
  type Quality,
  type QualityFlag,
  SIZE_CLASSES,
  type SizeClass,
} from '#shared/filter.ts';
import { SPLITS } from '#shared/images.ts';
import { type Facets, STORED_SORTS } from '#shared/query.ts';
import { RandomStream } from '#shared/random.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import type { StoredSort } from '#main/catalog/image-orders.ts';
import { addSource, newAnalysis, newImage, temporaryCatalog, setExcluded } from './temporary-catalog.ts';

const SOURCES = ['one', 'other'];
const SIDES = [null, 20, 47, 48, 111, 112, 223, 224, 500];

/** Images of every kind in an order that mixes them, some excluded; with the rows a query must give of them. */
async function mixedCatalog(count: number): Promise<{ catalog: Catalog; rows: ImageRow[] }> {
  const { catalog } = temporaryCatalog();
  const ids = SOURCES.map((name) => addSource(catalog, name));
  const stream = new RandomStream(11, 'audit');
  const rows: ImageRow[] = [];
  for (let id = 1; id <= count; id++) {
    const source = stream.integer(SOURCES.length);
    const label = stream.integer(9);
    const side = SIDES[stream.integer(SIDES.length)]!;
    const image = newImage({
      path: `${'abc'[stream.integer(3)]}/Face_${stream.integer(10_000)}_${id}.png`,
      split: SPLITS[stream.integer(4)]!,
      label: label === 8 ? null : label,
      identity: stream.chance(0.5) ? `Person ${stream.integer(12)}` : null,
      width: side,
      height: side === null ? null : side + stream.integer(2),
    });
    catalog.images.insertBatch(ids[source]!, [image]);
    const excluded = stream.chance(0.2);
    if (excluded) setExcluded(catalog, [id], true);
    const { split, identity, path } = image;
    const flags = FLAGS[id % FLAGS.length]!;
    const qualities: Quality[] = flags === null ? ['unknown'] : flags.length === 0 ? ['good'] : [...flags];
    // An analysis fills in a size that nothing told before.
    const size =
      flags !== null && side === null ? { width: 48, height: 48 } : { width: image.width, height: image.height };
    const place = { source: SOURCES[source]!, split, path, ...size };
    rows.push({ id, ...place, label: image.label, identity, qualities, excluded });
    if (flags !== null) catalog.analyses.add([newAnalysis({ imageId: id, flags, digest: digestOf(id) })]);
  }
  await catalog.duplicates.searchExact(new AbortController().signal);
  return { catalog, rows };
}

/** What analyses found, image after image in turn; null: not analyzed. */
const FLAGS: readonly (readonly QualityFlag[] | null)[] = [null, [], ['dark', 'tiny'], ['blurred'], []];
const digestOf = (id: number): string => `digest ${id % 211}`;

/** Whether an image is in a group of such duplicates, from the definition: among all images, two at least that are not excluded. */
function isDuplicate(row: ImageRow, rows: readonly ImageRow[], filter: DuplicateFilter): boolean {
  if (FLAGS[row.id % FLAGS.length] === null || filter.startsWith('near')) return false;
  const group = rows.filter(
    (other) => !other.excluded && FLAGS[other.id % FLAGS.length] !== null && digestOf(other.id) === digestOf(row.id),
  );
  const labels = new Set(group.map(({ label }) => label).filter((label) => label !== null));
  if (filter === 'exact-leak') return new Set(group.map(({ split }) => split)).size > 1;
  return group.length > 1 && (filter === 'exact' || labels.size > 1);
}

/** The bounds as they are written in the names of the classes. */
function sizeOf({ width, height }: ImageRow): SizeClass {
  if (width === null || height === null) return 'unknown';
  const side = Math.min(width, height);
  return side < 48 ? 'below-48' : side <= 111 ? '48-111' : side <= 223 ? '112-223' : 'from-224';
}

const meets = (
  row: ImageRow,
  rows: readonly ImageRow[],
  { sources, splits, labels, sizes, qualities, duplicates, excluded = 'no', text }: ImageFilter,
): boolean =>
  (sources?.includes(row.source) ?? true) &&
  (splits?.includes(row.split) ?? true) &&
  (labels?.includes(row.label) ?? true) &&
  (sizes?.includes(sizeOf(row)) ?? true) &&
  (qualities?.some((quality) => row.qualities.includes(quality)) ?? true) &&
  (duplicates === undefined || isDuplicate(row, rows, duplicates)) &&
  (excluded === 'any' || row.excluded === (excluded === 'only')) &&
  (text === undefined || `${row.path}\n${row.identity ?? ''}`.toLowerCase().includes(text.toLowerCase()));

/** What an order compares, by the definition of the orders. */
function keyOf(row: ImageRow, sort: StoredSort): readonly (string | number)[] {
  switch (sort) {
    case 'id':
      return [row.id];
    case 'label':
      return [row.label ?? -1, row.id];
    case 'path':
      return [SOURCES.indexOf(row.source), row.path];
    case 'identity':
      return [row.identity ?? '', row.id];
    case 'size':
      return [row.width === null || row.height === null ? 0 : Math.min(row.width, row.height), row.id];
  }
}

function sorted(rows: readonly ImageRow[], sort: StoredSort, descending: boolean): ImageRow[] {
  const inOrder = rows.toSorted((one, other) => {
    const [first, second] = [keyOf(one, sort), keyOf(other, sort)];
    const difference = first.findIndex((value, index) => value !== second[index]);
    return first[difference]! < second[difference]! ? -1 : 1;
  });
  return descending ? inOrder.reverse() : inOrder;
}

function everyPage(
  catalog: Catalog,
  filter: ImageFilter,
  sort: StoredSort,
  descending: boolean,
  limit: number,
): ImageRow[] {
  const found: ImageRow[] = [];
  let cursor: string | null = null;
  do {
    const page = catalog.query.page({ filter, sort, descending, cursor, limit });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    found.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

const FILTERS: readonly ImageFilter[] = [
  {},
  { sources: ['other'] },
  { splits: ['train', 'unlabeled'] },
  { labels: [3, null], excluded: 'any' },
  { labels: [0], splits: ['test'], sources: ['one'], sizes: ['from-224', 'unknown'] },
  { sizes: ['below-48'], excluded: 'only' },
  { text: 'b/face_1' },
  { text: 'PERSON 11', splits: ['train'] },
  { text: 'son', labels: [1, 2], excluded: 'any' },
  { text: 'nowhere' },
  { sources: [] },
  { qualities: ['unknown'], splits: ['train'] },
  { qualities: ['good', 'tiny'], labels: [1, 2, 3, null] },
  { duplicates: 'exact' },
  { duplicates: 'exact-leak', splits: ['validation', 'test'], excluded: 'any' },
  { duplicates: 'exact-contradiction', text: 'face_', qualities: ['blurred', 'good'] },
  { duplicates: 'near' },
];

test('pages of every filter and order together are exactly the images of the filter in that order', async () => {
  const { catalog, rows } = await mixedCatalog(700);
  for (const filter of FILTERS) {
    const wanted = rows.filter((row) => meets(row, rows, filter));
    expect(catalog.query.ids(filter)).toEqual(wanted.map(({ id }) => id));
    for (const sort of STORED_SORTS) {
      for (const descending of [false, true]) {
        const found = everyPage(catalog, filter, sort, descending, 9);
        expect(found, `${JSON.stringify(filter)} by ${sort}`).toEqual(sorted(wanted, sort, descending));
      }
    }
  }
});

test('every facet is counted under all other parts of the filter', async () => {
  const { catalog, rows } = await mixedCatalog(700);
  const counted = <Value>(
    filter: ImageFilter,
    part: keyof ImageFilter,
    valueOf: (row: ImageRow) => Value,
    order: readonly Value[],
  ) => {
    const rest: ImageFilter = { ...filter, [part]: part === 'excluded' ? 'any' : undefined };
    const under = rows.filter((row) => meets(row, rows, rest));
    const counts = order.map((value) => ({ value, count: under.filter((row) => valueOf(row) === value).length }));
    return counts.filter(({ count }) => count > 0);
  };
  for (const filter of FILTERS) {
    const expected: Facets = {
      total: rows.filter((row) => meets(row, rows, filter)).length,
      complete: true,
      sources: counted(filter, 'sources', ({ source }) => source, SOURCES),
      splits: counted(filter, 'splits', ({ split }) => split, SPLITS),
      labels: counted(filter, 'labels', ({ label }) => label, [0, 1, 2, 3, 4, 5, 6, 7, null]),
      sizes: counted(filter, 'sizes', sizeOf, SIZE_CLASSES),
      qualities: QUALITIES.map((value) => ({
        value,
        count: rows.filter(
          (row) => meets(row, rows, { ...filter, qualities: undefined }) && row.qualities.includes(value),
        ).length,
      })).filter(({ count }) => count > 0),
      // Nobody decided anything here, and no round is chosen: see round-query.test.ts.
      reviewed: counted(filter, 'reviewed', () => 'undecided' as const, ['undecided']),
      excluded: counted(filter, 'excluded', ({ excluded }) => excluded, [false, true]),
      round: null,
    };
    expect(catalog.query.facets(filter), JSON.stringify(filter)).toEqual(expected);
  }
});

/** More images than one page of a search looks at, of which only the last ones are of class 5. */
function longCatalog(): Catalog {
  const { catalog } = temporaryCatalog();
  const images = Array.from({ length: 12_000 }, (_, number) =>
    newImage({
      path: `${String(number).padStart(6, '0')}.png`,
      label: number < 6_000 ? 0 : 5,
      identity: `person ${String(Math.floor(number / 10)).padStart(5, '0')}`,
    }),
  );
  catalog.images.insertBatch(addSource(catalog, 'long'), images);
  return catalog;
}

test('a page that finds nothing within its bounds comes short and goes on where it stopped', () => {
  const catalog = longCatalog();
  const request = { filter: { labels: [5] }, sort: 'identity' as const, descending: false, limit: 10 };
  const first = catalog.query.page({ ...request, cursor: null });
  expect(first.rows).toEqual([]);
  expect(first.nextCursor).not.toBeNull();
  const all = everyPage(catalog, { labels: [5] }, 'identity', false, 100);
  expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 6_000 }, (_, number) => 6_001 + number));
});

test('an image is found where the page before it ended, whatever changed meanwhile', async () => {
  const { catalog } = await mixedCatalog(60);
  const request = { filter: { excluded: 'any' as const }, sort: 'label' as const, descending: false, limit: 20 };
  const first = catalog.query.page({ ...request, cursor: null });
  // The row the page ended with leaves the list; the next page begins behind the place it had.
  const second = catalog.query.page({ ...request, cursor: first.nextCursor });
  setExcluded(catalog, [first.rows.at(-1)!.id], true);
  expect(catalog.query.page({ ...request, cursor: first.nextCursor }).rows.map(({ id }) => id)).toEqual(
    second.rows.map(({ id }) => id),
  );
});

test('a cursor of another order, or of none, is refused', async () => {
  const { catalog } = await mixedCatalog(10);
  const page = (cursor: string) => () =>
    catalog.query.page({ filter: {}, sort: 'path', descending: false, cursor, limit: 5 });
  for (const cursor of ['[3]', '[1,2,3]', '["a","b",0]', 'page 2', '{}', '[1,"a",null]']) {
    expect(page(cursor)).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringContaining(cursor) }));
  }
  expect(page('[1,"a",0]')).not.toThrow();
});

test('an unknown source is named', async () => {
  const { catalog } = await mixedCatalog(5);
  for (const ask of [
    () => catalog.query.facets({ sources: ['none'] }),
    () => catalog.query.ids({ sources: ['none'] }),
  ]) {
    expect(ask).toThrow(expect.objectContaining({ code: 'not-found', message: expect.stringContaining('“none”') }));
  }
});

test('the count of images is the count of those that are not excluded', async () => {
  const { catalog, rows } = await mixedCatalog(100);
  const kept = rows.filter(({ excluded }) => !excluded).length;
  expect(catalog.imageCount()).toBe(kept);
  expect(catalog.stats({}).images).toBe(kept);
});

test('a snapshot stays as it was taken', async () => {
  const { catalog } = await mixedCatalog(50);
  const before = catalog.query.ids({ text: 'face' });
  const snapshot = catalog.snapshot();
  setExcluded(catalog, before, true);
  expect(catalog.query.ids({ text: 'face' })).toEqual([]);
  expect(snapshot.query.ids({ text: 'face' })).toEqual(before);
  expect(snapshot.images.describe(before.slice(0, 1))).toMatchObject([{ id: before[0], excluded: false }]);
  snapshot.close();
});
