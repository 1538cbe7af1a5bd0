import { expect, test } from 'vitest';
import { addLabeled, image, temporaryCatalog } from './temporary-catalog.ts';

test('an image is added once, whatever is tried', () => {
  const catalog = temporaryCatalog();
  const { id } = catalog.sources.add({ name: 'faces', root: '/data/faces', format: 'folder', role: 'labeled' });
  expect(catalog.images.insertBatch(id, [image('a.png'), image('b.png')])).toEqual({ added: 2, skipped: 0 });
  expect(catalog.images.insertBatch(id, [image('b.png'), image('c.png')])).toEqual({ added: 1, skipped: 1 });
  // Rows of one file differ by their place in it.
  const row = { encoding: 'fer2013-row', length: 100 } as const;
  const rows = [
    image('', { ...row, offset: 10 }),
    image('', { ...row, offset: 110 }),
    image('', { ...row, offset: 10 }),
  ];
  expect(catalog.images.insertBatch(id, rows)).toEqual({ added: 2, skipped: 1 });
  expect(catalog.stats({}).images).toBe(5);
});

test('counts follow what is added, and agree with counting anew', () => {
  const catalog = temporaryCatalog();
  addLabeled(catalog, 'fer', [10, 40, 5, 0, 2, 1, 3]);
  const people = catalog.sources.add({ name: 'people', root: '/data/people', format: 'identity', role: 'unlabeled' });
  catalog.images.insertBatch(people.id, [
    image('ann/1.jpg', { split: 'unlabeled', identity: 'ann' }),
    image('ann/2.jpg', { split: 'unlabeled', identity: 'ann' }),
    image('bob/1.jpg', { split: 'unlabeled', identity: 'bob' }),
  ]);
  const stats = catalog.stats({});
  expect(stats.images).toBe(64);
  // 40 happy to 1 disgusted; the empty class does not count.
  expect(stats.splits.train).toMatchObject({ counts: [10, 40, 5, 0, 2, 1, 3], total: 61, imbalanceRatio: 40 });
  // (1 - 0.9999^n) / (1 - 0.9999): 1 for one image, 0 for none, 1.9999 for two.
  expect(stats.splits.train!.effectiveNumber[5]).toBeCloseTo(1, 9);
  expect(stats.splits.train!.effectiveNumber[3]).toBe(0);
  expect(stats.splits.train!.effectiveNumber[4]).toBeCloseTo(1.9999, 9);
  expect(stats.splits.unlabeled).toMatchObject({ counts: [0, 0, 0, 0, 0, 0, 0], total: 3, imbalanceRatio: null });
  expect(stats.sources.map(({ name, total, labeled, identities }) => [name, total, labeled, identities])).toEqual([
    ['fer', 61, 61, 0],
    ['people', 3, 0, 2],
  ]);
  expect(catalog.integrityCheck()).toEqual([]);
  expect(catalog.stats({ source: 'people' }).images).toBe(3);
  expect(() => catalog.stats({ source: 'nobody' })).toThrow('no source named “nobody”');
});

test('contempt is the eighth class only where there is some', () => {
  const catalog = temporaryCatalog();
  addLabeled(catalog, 'seven', [1, 1, 1, 1, 1, 1, 1]);
  expect(catalog.stats({}).classes).toHaveLength(7);
  addLabeled(catalog, 'eight', [1, 1, 1, 1, 1, 1, 1, 1]);
  expect(catalog.stats({}).classes[7]).toBe('contempt');
});

test('pages follow one another without gap or repetition, under a filter', () => {
  const catalog = temporaryCatalog();
  addLabeled(catalog, 'fer', [7, 5]);
  const seen: string[] = [];
  let cursor: number | null = 0;
  while (cursor !== null) {
    const page = catalog.images.page({ label: 0, afterId: cursor, limit: 3 });
    seen.push(...page.rows.map((row) => row.path));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(['0/0.png', '0/1.png', '0/2.png', '0/3.png', '0/4.png', '0/5.png', '0/6.png']);
});

test('an image is found below its source’s root; one that is not there is told', () => {
  const catalog = temporaryCatalog();
  const { id } = catalog.sources.add({ name: 'csv', root: '/data/fer2013.csv', format: 'fer2013', role: 'labeled' });
  catalog.images.insertBatch(id, [image('', { encoding: 'fer2013-row', offset: 23, length: 400, label: 6 })]);
  expect(catalog.images.reference(1)).toMatchObject({
    root: '/data/fer2013.csv',
    label: 6,
    reference: { path: '/data/fer2013.csv', encoding: 'fer2013-row', offset: 23, length: 400 },
  });
  expect(() => catalog.images.reference(2)).toThrow('no image 2');
});

test('true classes of an unlabeled set are kept and are no labels', () => {
  const catalog = temporaryCatalog();
  const { id } = catalog.sources.add({ name: 'people', root: '/data/people', format: 'identity', role: 'unlabeled' });
  catalog.images.insertBatch(id, [image('ann/1.jpg', { split: 'unlabeled' })]);
  catalog.images.setTruths('people', new Map([['ann/1.jpg', 4]]));
  expect(catalog.images.manifest({ source: 'people' })).toMatchObject([{ label: -1 }]);
  expect(catalog.stats({}).splits.unlabeled!.counts).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
