import { expect, test } from 'vitest';
import type { DuplicateGroup } from '#shared/analysis.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { addSource, newAnalysis, newImage, subsetRequest, temporaryCatalog, setExcluded } from './temporary-catalog.ts';

const signal = new AbortController().signal;

interface Picture {
  readonly pixels: string;
  readonly split?: 'train' | 'validation' | 'test' | 'unlabeled';
  readonly label?: number | null;
  /** Of the lower half of the hash; the upper is told by the first letter of the pixels. */
  readonly low?: number;
}

/** Images 1, 2, 3 … of such pixels, analyzed and searched. */
async function catalogOf(pictures: readonly Picture[]): Promise<{ catalog: Catalog; file: string }> {
  const made = temporaryCatalog();
  const { catalog } = made;
  catalog.images.insertBatch(
    addSource(catalog, 'faces'),
    pictures.map(({ split = 'train', label = 0 }, index) => newImage({ path: `${index + 1}.png`, split, label })),
  );
  catalog.analyses.add(
    pictures.map(({ pixels, low = 0 }, index) =>
      newAnalysis({
        imageId: index + 1,
        digest: pixels,
        hash: { high: Math.imul(pixels.charCodeAt(0), 0x9e3779b1) >>> 0, low },
        flags: pixels === 'blank' ? ['uniform'] : [],
      }),
    ),
  );
  await catalog.duplicates.searchExact(signal);
  return made;
}

const groupsOf = (catalog: Catalog, request: Parameters<Catalog['duplicates']['page']>[0] = {}): DuplicateGroup[] =>
  catalog.duplicates.page(request, (ids) => catalog.query.rows(ids)).groups;
const idsOf = (groups: readonly DuplicateGroup[]): number[][] =>
  groups.map(({ members }) => members.map(({ id }) => id));

test('images of the same pixels are a group, with what is wrong with it', async () => {
  const { catalog } = await catalogOf([
    { pixels: 'a' },
    { pixels: 'b' },
    { pixels: 'a' },
    { pixels: 'c', label: 1 },
    { pixels: 'c', label: 1, split: 'test' },
    { pixels: 'c', label: null, split: 'unlabeled' },
    { pixels: 'd', label: 2 },
    { pixels: 'd', label: 3 },
  ]);
  expect(catalog.duplicates.summary('exact')).toMatchObject({
    ...{ distance: 0, isCurrent: true, groups: 3, images: 7, leaks: 1, contradictions: 1 },
  });
  expect(catalog.duplicates.summary('near')).toBeNull();
  const groups = groupsOf(catalog);
  expect(groups.map(({ size, isCrossing, isContradicting }) => [size, isCrossing, isContradicting])).toEqual([
    [3, true, false],
    [2, false, true],
    [2, false, false],
  ]);
  expect(idsOf(groups)).toEqual([
    [4, 5, 6],
    [7, 8],
    [1, 3],
  ]);
  expect(idsOf(groupsOf(catalog, { choice: 'leaks' }))).toEqual([[4, 5, 6]]);
  expect(idsOf(groupsOf(catalog, { choice: 'contradictions' }))).toEqual([[7, 8]]);
});

test('a group is what it is now: after changes of label and split, exclusions and deletes', async () => {
  const { catalog, file } = await catalogOf([
    { pixels: 'a', label: 1 },
    { pixels: 'a', label: 1 },
    { pixels: 'a', label: 1 },
  ]);
  const connection = openDatabase(file);
  const now = () => {
    const { groups, images, leaks, contradictions } = catalog.duplicates.summary('exact')!;
    return [groups, images, leaks, contradictions];
  };
  expect(now()).toEqual([1, 3, 0, 0]);
  connection.exec("UPDATE image SET split = 'test', label = 2 WHERE id = 3");
  expect(now()).toEqual([1, 3, 1, 1]);
  setExcluded(catalog, [3], true);
  expect(now()).toEqual([1, 2, 0, 0]);
  expect(idsOf(groupsOf(catalog))).toEqual([[1, 2]]);
  setExcluded(catalog, [1], true);
  expect(now()).toEqual([0, 0, 0, 0]);
  setExcluded(catalog, [1, 3], false);
  expect(now()).toEqual([1, 3, 1, 1]);
  connection.exec('DELETE FROM image WHERE id = 2');
  expect(now()).toEqual([1, 2, 1, 1]);
  const snapshot = catalog.snapshot();
  setExcluded(catalog, [1], true);
  expect(snapshot.duplicates.summary('exact')).toMatchObject({ groups: 1 });
  snapshot.close();
  connection.close();
});

test('images that are analyzed later make a search outdated until it is made again', async () => {
  const { catalog } = await catalogOf([{ pixels: 'a' }, { pixels: 'b' }]);
  catalog.images.insertBatch(1, [newImage({ path: '3.png' })]);
  expect(catalog.duplicates.summary('exact')).toMatchObject({ isCurrent: true, groups: 0 });
  catalog.analyses.add([newAnalysis({ imageId: 3, digest: 'b' })]);
  expect(catalog.duplicates.summary('exact')).toMatchObject({ isCurrent: false, groups: 0 });
  await catalog.duplicates.searchExact(signal);
  expect(catalog.duplicates.summary('exact')).toMatchObject({ isCurrent: true, groups: 1 });
});

test('near duplicates are joined by chains of few bits; nearly uniform images are left out', async () => {
  const { catalog } = await catalogOf([
    { pixels: 'a', low: 0b0000 },
    { pixels: 'b', low: 0b0000 },
    { pixels: 'a2', low: 0b0011 },
    { pixels: 'a3', low: 0b1111 },
    { pixels: 'blank' },
    { pixels: 'blank' },
  ]);
  await catalog.duplicates.searchNear(2, signal);
  expect(idsOf(groupsOf(catalog, { kind: 'near' }))).toEqual([[1, 3, 4]]);
  expect(catalog.duplicates.summary('near')).toMatchObject({ distance: 2, groups: 1, images: 3 });
  await catalog.duplicates.searchNear(1, signal);
  expect(catalog.duplicates.summary('near')).toMatchObject({ distance: 1, groups: 0 });
  // The exact groups are another search's.
  expect(idsOf(groupsOf(catalog))).toEqual([[5, 6]]);
});

test('pages of groups and of members go through all of them once, the largest first', async () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const pictures = letters.flatMap((pixels, index) => Array.from({ length: 2 + (index % 4) }, () => ({ pixels })));
  const { catalog } = await catalogOf([...pictures, ...Array.from({ length: 40 }, () => ({ pixels: 'crowd' }))]);
  const found: DuplicateGroup[] = [];
  let cursor: { size: number; id: number } | null = null;
  do {
    const page = catalog.duplicates.page({ cursor, limit: 4 }, (ids) => catalog.query.rows(ids));
    found.push(...page.groups);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(new Set(found.map(({ id }) => id)).size).toBe(27);
  expect(found.map(({ size }) => size)).toEqual(found.map(({ size }) => size).toSorted((one, other) => other - one));
  const [crowd] = found;
  expect(crowd).toMatchObject({ size: 40 });
  expect(crowd!.members).toHaveLength(12);
  const members: number[] = [];
  for (let afterId: number | null = 0; afterId !== null;) {
    const page = catalog.duplicates.members({ group: crowd!.id, afterId, limit: 15 }, (ids) => catalog.query.rows(ids));
    members.push(...page.rows.map(({ id }) => id));
    afterId = page.nextCursor;
  }
  expect(members).toEqual(Array.from({ length: 40 }, (_, index) => pictures.length + 1 + index));
});

test('of a leak the images of the split to keep stay, or of the first that has any', async () => {
  const { catalog } = await catalogOf([
    { pixels: 'a' },
    { pixels: 'a', split: 'validation' },
    { pixels: 'a', split: 'test' },
    { pixels: 'b', split: 'validation' },
    { pixels: 'b', split: 'test' },
    { pixels: 'b', split: 'test' },
    { pixels: 'c' },
    { pixels: 'c', split: 'unlabeled', label: null },
    { pixels: 'd' },
    { pixels: 'd' },
  ]);
  const left = (keep: 'train' | 'validation' | 'test' | 'unlabeled'): number[] =>
    catalog.duplicates.leakingImages('exact', keep).sort((one, other) => one - other);
  expect(left('train')).toEqual([2, 3, 5, 6, 8]);
  expect(left('test')).toEqual([1, 2, 4, 8]);
  expect(left('unlabeled')).toEqual([2, 3, 5, 6, 7]);
});

test('a subset by duplicates takes all copies of an image or none, and needs an analysis', async () => {
  const letters = [...'abcdefghijklmnopqrst'];
  const { catalog } = await catalogOf(letters.flatMap((pixels) => [{ pixels }, { pixels }, { pixels }]));
  const drawn = (name: string): Set<number> => new Set(catalog.images.manifest({ subset: name }).map(({ id }) => id));
  for (const seed of [0, 1, 2, 3]) {
    const name = `set ${seed}`;
    const subset = catalog.subsets.create(subsetRequest({ name, perClass: 10, seed, together: ['duplicates'] }));
    expect(subset).toMatchObject({ total: 9, rule: '10 of each class, duplicates kept together' });
    const ids = drawn(name);
    for (let first = 1; first <= 60; first += 3) {
      expect([first, first + 1, first + 2].filter((id) => ids.has(id)).length % 3).toBe(0);
    }
  }
  catalog.images.insertBatch(1, [newImage({ path: 'new.png' })]);
  expect(() => catalog.subsets.create(subsetRequest({ name: 'x', perClass: 1, together: ['duplicates'] }))).toThrow(
    expect.objectContaining({
      code: 'unavailable',
      message: expect.stringMatching(/1 of the images are not analyzed/),
    }),
  );
  const { catalog: unsearched } = temporaryCatalog();
  unsearched.images.insertBatch(addSource(unsearched, 'faces'), [newImage({ path: 'a.png' })]);
  unsearched.analyses.add([newAnalysis({ imageId: 1 })]);
  expect(() => unsearched.subsets.create(subsetRequest({ name: 'x', perClass: 1, together: ['duplicates'] }))).toThrow(
    expect.objectContaining({ code: 'unavailable' }),
  );
});

test('a split that is carved out leaks nothing: copies beyond the filter stay with their kin', async () => {
  const { catalog } = await catalogOf([
    ...[...'abcdefgh'].flatMap((pixels) => [{ pixels }, { pixels, low: 1 }]),
    { pixels: 'z' },
    { pixels: 'z', split: 'test' },
  ]);
  await catalog.duplicates.searchNear(1, signal);
  const subset = catalog.subsets.create(subsetRequest({ name: 'held', fraction: 0.5, splitOff: 'validation' }));
  expect(subset.total).toBe(8);
  expect(subset.rule).toBe('50 % of the images, balanced, people kept whole, duplicates kept together');
  expect(catalog.duplicates.summary('near')).toMatchObject({ groups: 9, leaks: 1 }); // z was one before
  expect(idsOf(groupsOf(catalog, { kind: 'near', choice: 'leaks' }))).toEqual([[17, 18]]);
});
