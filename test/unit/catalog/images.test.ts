import { expect, test } from 'vitest';
import type { ImageRow } from '#shared/catalog.ts';
import { SPLITS } from '#shared/images.ts';
import { RandomStream } from '#shared/random.ts';
import type { NewImage } from '#main/catalog/catalog.ts';
import {
  addSource,
  imagesOfClasses,
  newImage,
  subsetRequest,
  temporaryCatalog,
  setExcluded,
} from './temporary-catalog.ts';

test('adding the same images again adds nothing, and what is there stays as it was', () => {
  const { catalog } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  const images = imagesOfClasses([150, 3]);
  expect(catalog.images.insertBatch(source, images)).toEqual({ added: 153, skipped: 0 });
  const changed = images.map((image) => ({ ...image, label: 6 }));
  expect(catalog.images.insertBatch(source, [...changed, newImage({ path: 'new.png' })])).toEqual({
    added: 1,
    skipped: 153,
  });
  expect(catalog.stats({}).splits.train?.counts).toEqual([151, 3, 0, 0, 0, 0, 0]);
});

test('the same path in another source, or another place in the same file, is another image', () => {
  const { catalog } = temporaryCatalog();
  const [one, other] = [addSource(catalog, 'one'), addSource(catalog, 'other')];
  expect(catalog.images.insertBatch(one, [newImage({ path: 'a.png' })]).added).toBe(1);
  expect(catalog.images.insertBatch(other, [newImage({ path: 'a.png' })]).added).toBe(1);
  const rows = [20, 300].map((offset) => newImage({ path: '', encoding: 'fer2013-row', offset, length: 100 }));
  expect(catalog.images.insertBatch(one, rows).added).toBe(2);
  expect(catalog.images.contains(one, 'a.png', 0)).toBe(true);
  expect(catalog.images.contains(one, '', 300)).toBe(true);
  expect(catalog.images.contains(one, '', 301)).toBe(false);
  expect(catalog.images.contains(other, '', 300)).toBe(false);
});

test('one bad row keeps its whole batch out', () => {
  const { catalog } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  expect(() =>
    catalog.images.insertBatch(source, [newImage({ path: 'a.png' }), newImage({ path: 'b.png', label: 8 })]),
  ).toThrow();
  expect(catalog.stats({}).images).toBe(0);
});

test('a reference leads from the source’s root to the bytes', () => {
  const { catalog } = temporaryCatalog();
  const files = addSource(catalog, 'files', '/data/faces');
  const box = { x: -3.5, y: 0, width: 20, height: 21.25 };
  catalog.images.insertBatch(files, [newImage({ path: 'Ünï cödé/笑顔 “1”.png', label: null, split: 'test' })]);
  catalog.images.insertBatch(files, [newImage({ path: 'boxed.png', label: 3, box })]);
  const rows = addSource(catalog, 'rows', '/data/fer2013.csv');
  catalog.images.insertBatch(rows, [
    newImage({ path: '', encoding: 'fer2013-row', offset: 24, length: 9_000, label: 5 }),
  ]);
  expect(catalog.images.reference(1)).toEqual({
    reference: { path: '/data/faces/Ünï cödé/笑顔 “1”.png', encoding: 'file' },
    root: '/data/faces',
    split: 'test',
    label: null,
  });
  expect(catalog.images.reference(2).reference).toEqual({ path: '/data/faces/boxed.png', encoding: 'file', box });
  expect(catalog.images.reference(3).reference).toEqual({
    path: '/data/fer2013.csv',
    encoding: 'fer2013-row',
    offset: 24,
    length: 9_000,
  });
  expect(() => catalog.images.reference(4)).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('a manifest is in the order of ids, with -1 for no label', () => {
  const { catalog } = temporaryCatalog();
  const [one, other] = [addSource(catalog, 'one', '/1'), addSource(catalog, 'other', '/2')];
  // Ids 1 … 4, so that the cells' ids interleave.
  catalog.images.insertBatch(one, [newImage({ path: 'a', label: 2 })]);
  catalog.images.insertBatch(other, [newImage({ path: 'b', label: null }), newImage({ path: 'c', split: 'test' })]);
  catalog.images.insertBatch(one, [newImage({ path: 'd', label: 1 })]);
  const summary = (filter: Parameters<typeof catalog.images.manifest>[0]) =>
    catalog.images.manifest(filter).map(({ id, reference, label }) => [id, reference.path, label]);
  expect(summary({ split: 'train' })).toEqual([
    [1, '/1/a', 2],
    [2, '/2/b', -1],
    [4, '/1/d', 1],
  ]);
  expect(summary({ source: 'other' })).toEqual([
    [2, '/2/b', -1],
    [3, '/2/c', 0],
  ]);
  expect(summary({ source: 'other', split: 'validation' })).toEqual([]);
  expect(() => catalog.images.manifest({ source: 'none' })).toThrow(expect.objectContaining({ code: 'not-found' }));
  expect(() => catalog.images.manifest({ subset: 'none' })).toThrow(expect.objectContaining({ code: 'not-found' }));
});

/** Images of two sources in every split, with and without labels, in an order that mixes them. */
function mixedImages(count: number): { source: number; image: NewImage }[] {
  const stream = new RandomStream(7, 'audit');
  return Array.from({ length: count }, (_, number) => {
    const label = stream.integer(9);
    return {
      source: stream.integer(2),
      image: newImage({
        path: `${number}.png`,
        split: SPLITS[stream.integer(4)]!,
        label: label === 8 ? null : label,
        identity: stream.chance(0.5) ? `person ${stream.integer(10)}` : null,
      }),
    };
  });
}

test('pages of every filter together are exactly the images of the filter, whatever their size', () => {
  const { catalog } = temporaryCatalog();
  const sources = ['one', 'other'];
  const ids = sources.map((name) => addSource(catalog, name));
  const mixed = mixedImages(400);
  for (const { source, image } of mixed) catalog.images.insertBatch(ids[source]!, [image]);
  const rows = mixed.map(({ source, image }, index): ImageRow => {
    const { split, label, identity, path, width, height } = image;
    const facts = { split, label, identity, path, width, height };
    return { id: index + 1, source: sources[source]!, ...facts, qualities: ['unknown'], excluded: false };
  });
  for (const source of [undefined, ...sources]) {
    for (const split of [undefined, ...SPLITS]) {
      for (const label of [undefined, 0, 7]) {
        const expected = rows.filter(
          (row) =>
            row.source === (source ?? row.source) &&
            row.split === (split ?? row.split) &&
            row.label === (label ?? row.label),
        );
        const found: ImageRow[] = [];
        for (let cursor: number | null = 0; cursor !== null;) {
          const page = catalog.images.page({ source, split, label, afterId: cursor, limit: 7 });
          expect(page.rows.length).toBeLessThanOrEqual(7);
          found.push(...page.rows);
          cursor = page.nextCursor;
        }
        expect(found).toEqual(expected);
      }
    }
  }
});

test('an excluded image leaves counts, pages, manifests and draws, and comes back', () => {
  const { catalog } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  const images = imagesOfClasses([2, 2]).map((image) => ({ ...image, identity: 'Ann' }));
  catalog.images.insertBatch(source, images);
  catalog.subsets.create(subsetRequest({ name: 'before', perClass: 2 }));
  expect(setExcluded(catalog, [1, 2, 3], true)).toBe(3);
  expect(setExcluded(catalog, [1], true)).toBe(0);
  const state = () => ({
    counts: catalog.stats({}).splits.train?.counts.slice(0, 2),
    identities: catalog.stats({}).sources[0]?.identities,
    all: catalog.images.page({ afterId: 0, limit: 9 }).rows.map(({ id }) => id),
    cell: catalog.images.page({ split: 'train', label: 1, afterId: 0, limit: 9 }).rows.map(({ id }) => id),
    manifest: catalog.images.manifest({ source: 'faces' }).map(({ id }) => id),
    draw: catalog.query.ids({ splits: ['train'] }),
  });
  expect(state()).toEqual({
    counts: [0, 1],
    identities: 1,
    all: [4],
    cell: [4],
    manifest: [4],
    draw: [4],
  });
  expect(catalog.images.insertBatch(source, images).added).toBe(0);
  expect(catalog.images.manifest({ subset: 'before' }).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  expect(setExcluded(catalog, [4], true)).toBe(1);
  expect(catalog.stats({}).sources[0]?.identities).toBe(0);
  expect(setExcluded(catalog, [1, 2, 3, 4], false)).toBe(4);
  expect(state()).toMatchObject({ counts: [2, 2], identities: 1, all: [1, 2, 3, 4], cell: [3, 4] });
  expect(catalog.integrityCheck()).toEqual([]);
});

test('a truth is kept aside: never a label', () => {
  const { catalog } = temporaryCatalog();
  const source = addSource(catalog, 'faces');
  const unlabeled = { split: 'unlabeled', label: null } as const;
  catalog.images.insertBatch(source, [
    newImage({ path: 'a.png', ...unlabeled, truth: 4 }),
    newImage({ path: 'b.png', ...unlabeled }),
  ]);
  expect(
    catalog.images.setTruths(
      'faces',
      new Map([
        ['b.png', 5],
        ['gone.png', 1],
      ]),
    ),
  ).toBe(1);
  expect(catalog.images.reference(1).label).toBeNull();
  expect(catalog.images.manifest({ source: 'faces' }).map(({ label }) => label)).toEqual([-1, -1]);
  expect(catalog.stats({}).sources[0]).toMatchObject({ total: 2, labeled: 0 });
  expect(catalog.images.page({ label: 4, afterId: 0, limit: 5 }).rows).toEqual([]);
});
