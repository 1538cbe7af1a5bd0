import { expect, test } from 'vitest';
import { addSource, imagesOfClasses, newImage, temporaryCatalog } from './temporary-catalog.ts';

test('an empty catalog has no splits and no imbalance', () => {
  const { catalog } = temporaryCatalog();
  expect(catalog.stats({})).toEqual({
    classes: ['neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'anger'],
    images: 0,
    splits: {},
    sources: [],
    mismatch: null,
  });
});

test('counts, imbalance and effective numbers by split and source', () => {
  const { catalog } = temporaryCatalog();
  const faces = addSource(catalog, 'faces');
  catalog.images.insertBatch(faces, imagesOfClasses([4, 10, 0, 2]));
  catalog.images.insertBatch(faces, imagesOfClasses([3], 'validation'));
  const people = catalog.sources.add({ name: 'people', root: '/people', format: 'identity', role: 'unlabeled' }).id;
  const unlabeled = { split: 'unlabeled', label: null } as const;
  catalog.images.insertBatch(people, [
    newImage({ path: 'Ann/1.jpg', identity: 'Ann', ...unlabeled }),
    newImage({ path: 'Ann/2.jpg', identity: 'Ann', ...unlabeled }),
    newImage({ path: 'Bo/1.jpg', identity: 'Bo', ...unlabeled }),
  ]);
  catalog.importErrors.add(people, [{ path: 'Bo/2.jpg', reason: 'Not an image.' }]);

  const stats = catalog.stats({});
  expect(stats.images).toBe(22);
  expect(stats.splits.train).toMatchObject({ counts: [4, 10, 0, 2, 0, 0, 0], total: 16, imbalanceRatio: 5 }); // 10 / 2
  expect(stats.splits.train!.shares).toEqual([4, 10, 0, 2, 0, 0, 0].map((count) => count / 16));
  // (1 - 0.9999ⁿ) / 0.0001: n = 2 gives 1 + 0.9999 = 1.9999, n = 4 gives 1 + 0.9999 + 0.99980001 + 0.999700029999 = 3.999400039999.
  const [four, , none, two] = stats.splits.train!.effectiveNumber;
  expect(two).toBeCloseTo(1.9999, 9);
  expect(four).toBeCloseTo(3.999400039999, 9);
  expect(none).toBe(0);
  expect(stats.splits.validation).toMatchObject({ total: 3, imbalanceRatio: null });
  expect(stats.splits.unlabeled).toMatchObject({ counts: [0, 0, 0, 0, 0, 0, 0], total: 3, imbalanceRatio: null });
  expect(stats.splits.unlabeled!.shares).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(stats.splits.test).toBeUndefined();
  expect(
    stats.sources.map(({ name, role, total, labeled, identities, failed }) => [
      name,
      role,
      total,
      labeled,
      identities,
      failed,
    ]),
  ).toEqual([
    ['faces', 'labeled', 19, 19, 0, 0],
    ['people', 'unlabeled', 3, 0, 2, 1],
  ]);

  const one = catalog.stats({ source: 'people' });
  expect(one.images).toBe(3);
  expect(Object.keys(one.splits)).toEqual(['unlabeled']);
  expect(one.sources.map(({ name }) => name)).toEqual(['people']);
  expect(() => catalog.stats({ source: 'nobody' })).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('contempt is the eighth class where there is any', () => {
  const { catalog } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), [newImage({ path: 'a.png', label: 7 })]);
  const stats = catalog.stats({});
  expect(stats.classes).toHaveLength(8);
  expect(stats.splits.train?.counts).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
});
