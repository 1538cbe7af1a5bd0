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

test('classes of labeled faces stand beside those that a round gave the unlabeled ones', () => {
  const { catalog } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), imagesOfClasses([6, 2, 0, 2]));
  catalog.images.insertBatch(addSource(catalog, 'more'), imagesOfClasses([0, 5]));
  const add = (
    name: string,
    role: 'unlabeled' | 'labeled',
    labels: readonly number[],
    status: 'finished' | 'labeling',
  ) => {
    if (catalog.sources.list().every((source) => source.name !== name.split(' ')[0])) {
      const { id } = catalog.sources.add({ name: name.split(' ')[0]!, root: `/${name}`, format: 'identity', role });
      catalog.images.insertBatch(
        id,
        [0, 1, 2, 3].map((number) => newImage({ path: `${number}.jpg`, split: 'unlabeled', label: null })),
      );
    }
    const source = name.split(' ')[0]!;
    const images = catalog.images.manifest({ source }).map(({ id }) => id);
    const origin = { origin: 'file', run: null, network: null, step: null, file: null } as const;
    const { id } = catalog.rounds.create({ name, source, ...origin, classCount: 4, total: 4 });
    const probabilities = Float32Array.from({ length: labels.length * 4 }, (_, place) =>
      place % 4 === labels[place >> 2] ? 1 : 0,
    );
    catalog.pseudoLabels.add(id, { images: images.slice(0, labels.length), classCount: 4, probabilities });
    catalog.rounds.update(id, { status });
    return id;
  };
  expect(catalog.stats({}).mismatch).toBeNull();
  const first = add('people one', 'unlabeled', [0, 0, 1, 2], 'finished');
  add('people two', 'unlabeled', [3], 'labeling');
  add('extra one', 'labeled', [3, 3, 3, 3], 'finished');
  // The newest finished round over unlabeled faces, beside all labeled training images: 6, 7, 0, 2 of 15.
  const { mismatch } = catalog.stats({});
  expect(mismatch).toMatchObject({
    round: { id: first, name: 'people one', source: 'people' },
    labeledCounts: [6, 7, 0, 2, 0, 0, 0],
    pseudoCounts: [2, 1, 1, 0, 0, 0, 0],
    unlabeledShare: [0.5, 0.25, 0.25, 0, 0, 0, 0],
  });
  expect(mismatch!.differences[0]).toBeCloseTo(0.5 - 6 / 15, 12);
  // (|0.1| + |0.25 − 7/15| + |0.25| + |−2/15|) / 2
  expect(mismatch!.totalVariation).toBeCloseTo((0.1 + (7 / 15 - 0.25) + 0.25 + 2 / 15) / 2, 12);
  // A source's own labels, its own rounds, and the round that is named.
  expect(catalog.stats({ source: 'faces' }).mismatch!.labeledCounts).toEqual([6, 2, 0, 2, 0, 0, 0]);
  expect(catalog.stats({ source: 'extra' }).mismatch!.round.name).toBe('extra one');
  expect(catalog.stats({ round: 'extra one' }).mismatch!.pseudoCounts).toEqual([0, 0, 0, 4, 0, 0, 0]);
  expect(() => catalog.stats({ round: 'nothing' })).toThrow(expect.objectContaining({ code: 'not-found' }));
});
