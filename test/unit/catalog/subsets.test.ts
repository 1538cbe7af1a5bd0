import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SubsetRequest } from '#shared/catalog.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import {
  addSource,
  imagesOfClasses,
  newImage,
  subsetRequest,
  temporaryCatalog,
  temporaryFolder,
  setExcluded,
} from './temporary-catalog.ts';

const idsOf = (catalog: Catalog, subset: string): number[] => catalog.images.manifest({ subset }).map(({ id }) => id);

/** 100, 40, 30, 20, 10, 5 and 0 images. */
function faces(): { catalog: Catalog; file: string } {
  const made = temporaryCatalog();
  made.catalog.images.insertBatch(addSource(made.catalog, 'faces'), imagesOfClasses([100, 40, 30, 20, 10, 5, 0]));
  return made;
}

test('n of each class, as far as there are, and the shortfall stated', () => {
  const { catalog } = faces();
  const subset = catalog.subsets.create(subsetRequest({ name: 'twenty', perClass: 20, seed: 4 }));
  expect(subset).toMatchObject({
    name: 'twenty',
    version: 1,
    filter: { splits: ['train'] },
    splitOff: null,
    rule: '20 of each class',
    seed: 4,
    counts: [20, 20, 20, 20, 10, 5, 0],
    total: 95,
    shortfall: [0, 0, 0, 0, 10, 15, 20],
  });
  const images = catalog.images.manifest({ subset: 'twenty' });
  expect(images).toHaveLength(95);
  expect(new Set(images.map(({ id }) => id)).size).toBe(95);
  for (const { id, label } of images) expect(catalog.images.reference(id)).toMatchObject({ label, split: 'train' });
  expect(catalog.subsets.get('twenty')).toEqual(subset);
});

test('a balanced fraction has the same count of every class; another keeps the shares', () => {
  const { catalog } = faces();
  // 20 % of 205 images are 41; six classes have any, so that each gets 41 / 6 ≈ 7.
  const balanced = catalog.subsets.create(subsetRequest({ name: 'balanced', fraction: 0.2 }));
  expect(balanced.counts).toEqual([7, 7, 7, 7, 7, 5, 0]);
  expect(balanced.shortfall).toEqual([0, 0, 0, 0, 0, 2, 0]);
  expect(balanced.rule).toBe('20 % of the images, balanced');
  const natural = catalog.subsets.create(subsetRequest({ name: 'natural', fraction: 0.07, balanced: false }));
  expect(natural.counts).toEqual([7, 3, 2, 1, 1, 0, 0]); // 7, 2.8, 2.1, 1.4, 0.7, 0.35 rounded
  expect(natural.rule).toBe('7 % of the images');
  expect(catalog.subsets.list().map(({ name }) => name)).toEqual(['balanced', 'natural']);
});

test('the same request draws the same images, another seed others, and a larger one holds the smaller', () => {
  const { catalog } = faces();
  const drawn = (name: string, perClass: number, seed: number): number[] => {
    catalog.subsets.create(subsetRequest({ name, perClass, seed }));
    return idsOf(catalog, name);
  };
  const five = drawn('five', 5, 1);
  expect(drawn('again', 5, 1)).toEqual(five);
  expect(drawn('other', 5, 2)).not.toEqual(five);
  expect(drawn('ten', 10, 1)).toEqual(expect.arrayContaining(five));
});

test('every image is as likely as the next', () => {
  const { catalog } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), imagesOfClasses([10]));
  const times = new Map<number, number>();
  for (let seed = 0; seed < 500; seed++) {
    catalog.subsets.create(subsetRequest({ name: `${seed}`, perClass: 3, seed }));
    for (const id of idsOf(catalog, `${seed}`)) times.set(id, (times.get(id) ?? 0) + 1);
  }
  // Binomial, 500 draws with p = 3/10: mean 150, standard deviation √(500 · 0.3 · 0.7) ≈ 10; five of them either side.
  for (let id = 1; id <= 10; id++) expect(Math.abs(times.get(id)! - 150)).toBeLessThan(50);
});

test('only the split and source asked for are drawn from', () => {
  const { catalog } = faces();
  const more = addSource(catalog, 'more');
  catalog.images.insertBatch(more, [...imagesOfClasses([2, 2]), ...imagesOfClasses([3], 'validation')]);
  catalog.images.insertBatch(more, [newImage({ path: 'unlabeled.png', label: null })]);
  expect(
    catalog.subsets.create(
      subsetRequest({ name: 'more', filter: { sources: ['more'], splits: ['train'] }, perClass: 9 }),
    ).total,
  ).toBe(4);
  expect(catalog.subsets.create(subsetRequest({ name: 'both', perClass: 1000 })).total).toBe(209);
  expect(
    catalog.subsets.create(subsetRequest({ name: 'validation', filter: { splits: ['validation'] }, perClass: 9 }))
      .total,
  ).toBe(3);
});

test('a subset stays what it was when labels change', () => {
  const { catalog, file } = faces();
  catalog.subsets.create(subsetRequest({ name: 'frozen', perClass: 2 }));
  const before = catalog.images.manifest({ subset: 'frozen' });
  const connection = openDatabase(file);
  connection.exec('UPDATE image SET label = 6');
  connection.close();
  expect(catalog.images.manifest({ subset: 'frozen' })).toEqual(before);
});

test('what cannot be drawn is refused with the reason', () => {
  const { catalog } = faces();
  const refusals: readonly (readonly [Partial<SubsetRequest>, string, RegExp])[] = [
    [{ perClass: 1, filter: { sources: ['nobody'] } }, 'not-found', /no source named “nobody”/],
    [{ perClass: 1, filter: { splits: ['test'] } }, 'bad-input', /no labeled images to draw from in the test split/],
    [{ perClass: 1, filter: { labels: [null] } }, 'bad-input', /no labeled images to draw from/],
    [{ fraction: 0.001 }, 'bad-input', /0\.1 % of the images, balanced is not one image/],
  ];
  for (const [wrong, code, message] of refusals) {
    expect(() => catalog.subsets.create(subsetRequest({ name: 'new', ...wrong }))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  }
  expect(() => catalog.subsets.get('new')).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('the csv has AffectNet’s columns, paths quoted where they must be', () => {
  const { catalog } = temporaryCatalog();
  const source = addSource(catalog, 'faces', '/data');
  const box = { x: 1, y: -2, width: 30, height: 40.5 };
  catalog.images.insertBatch(source, [newImage({ path: 'a, “b” "c".png', label: 6 })]);
  catalog.images.insertBatch(source, [newImage({ path: 'd.png', label: 1, box })]);
  catalog.subsets.create(subsetRequest({ name: 'all', perClass: 1 }));
  const folder = temporaryFolder();
  catalog.subsets.toCsv('all', join(folder, 'all.csv'));
  expect(readFileSync(join(folder, 'all.csv'), 'utf8')).toBe(
    'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\r\n' +
      '"/data/a, “b” ""c"".png",,,,,,6,,\r\n' +
      '/data/d.png,1,-2,30,40.5,,1,,\r\n',
  );
  expect(readdirSync(folder)).toEqual(['all.csv']);
  expect(() => catalog.subsets.toCsv('all', join(folder, 'no', 'all.csv'))).toThrow(
    expect.objectContaining({ code: 'not-found' }),
  );
  expect(() => catalog.subsets.toCsv('none', join(folder, 'none.csv'))).toThrow(
    expect.objectContaining({ code: 'not-found' }),
  );
});

test('rows of a larger file cannot be named in that csv, and nothing is written', () => {
  const { catalog } = temporaryCatalog();
  const rows = addSource(catalog, 'rows', '/data/fer2013.csv');
  catalog.images.insertBatch(rows, [newImage({ path: '', encoding: 'fer2013-row', offset: 24, length: 9_000 })]);
  catalog.subsets.create(subsetRequest({ name: 'rows', perClass: 1 }));
  const folder = temporaryFolder();
  expect(() => catalog.subsets.toCsv('rows', join(folder, 'rows.csv'))).toThrow(
    expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('/data/fer2013.csv') }),
  );
  expect(readdirSync(folder)).toEqual([]);
});

test('a name again makes its next version; the old one stays, and is addressed by its number', () => {
  const { catalog } = faces();
  const first = catalog.subsets.create(subsetRequest({ name: 'set', perClass: 2 }));
  const second = catalog.subsets.create(subsetRequest({ name: 'set', perClass: 3 }));
  catalog.subsets.create(subsetRequest({ name: 'other', perClass: 1 }));
  expect([first.version, second.version]).toEqual([1, 2]);
  expect(catalog.subsets.get('set')).toEqual(second);
  expect(catalog.subsets.get('set@2')).toEqual(second);
  expect(catalog.subsets.get('set@1')).toEqual(first);
  expect(idsOf(catalog, 'set@1')).toHaveLength(2 * 6);
  expect(idsOf(catalog, 'set')).toHaveLength(3 * 6);
  expect(catalog.subsets.find('set@3')).toBeUndefined();
  expect(catalog.subsets.find('set@0')).toBeUndefined();
  expect(catalog.subsets.list()).toMatchObject([
    { name: 'set', version: 2 },
    { name: 'other', version: 1 },
  ]);
  expect(catalog.subsets.versions('set')).toEqual([first, second]);
  expect(catalog.subsets.versions('none')).toEqual([]);
});

test('a subset is drawn from any filter, and says from which', () => {
  const { catalog } = faces();
  setExcluded(catalog, [1], true);
  const filter = { labels: [0, 2], text: 'train/' };
  const subset = catalog.subsets.create(subsetRequest({ name: 'some', filter, perClass: 200 }));
  expect(subset).toMatchObject({ filter, counts: [99, 0, 30, 0, 0, 0, 0] });
  expect(catalog.subsets.get('some').filter).toEqual(filter);
  expect(idsOf(catalog, 'some')).not.toContain(1);
});

/** 40 people with 1 to 5 images of mixed classes in the training split, and 30 images of nobody. */
function people(): { catalog: Catalog; file: string; identityOf: (id: number) => string | null } {
  const made = temporaryCatalog();
  const images = Array.from({ length: 40 }, (_, person) =>
    Array.from({ length: 1 + (person % 5) }, (_, number) =>
      newImage({ path: `${person}/${number}.png`, label: (person + number) % 7, identity: `person ${person}` }),
    ),
  ).flat();
  const nobody = Array.from({ length: 30 }, (_, number) => newImage({ path: `x/${number}.png`, label: number % 7 }));
  made.catalog.images.insertBatch(addSource(made.catalog, 'people'), [...images, ...nobody]);
  const identities = new Map(
    made.catalog.images.describe(made.catalog.query.ids({})).map(({ id, identity }) => [id, identity]),
  );
  return { ...made, identityOf: (id) => identities.get(id) ?? null };
}

test('by identity, all images of a person are drawn or none, and no class gets more than was asked for', () => {
  const { catalog, identityOf } = people();
  const subset = catalog.subsets.create(subsetRequest({ name: 'whole', perClass: 6, together: ['identity'] }));
  expect(Math.max(...subset.counts)).toBeLessThanOrEqual(6);
  expect(subset.counts.map((count, label) => count + subset.shortfall[label]!)).toEqual([6, 6, 6, 6, 6, 6, 6]);
  expect(subset.total).toBeGreaterThan(30);
  expect(subset.rule).toBe('6 of each class, people kept whole');
  const drawn = new Set(idsOf(catalog, 'whole'));
  const all = catalog.query.ids({});
  const torn = all.filter((id) => identityOf(id) !== null && !drawn.has(id)).map(identityOf);
  for (const id of drawn) if (identityOf(id) !== null) expect(torn).not.toContain(identityOf(id));
});

test('what is split off leaves its split, tears no person apart, and can be put back', () => {
  const { catalog, identityOf } = people();
  const before = catalog.images.manifest({ split: 'train' });
  const subset = catalog.subsets.create(
    subsetRequest({ name: 'held out', fraction: 0.3, balanced: false, splitOff: 'validation' }),
  );
  expect(subset.splitOff).toBe('validation');
  expect(subset.total).toBeGreaterThan(30);
  const validation = catalog.query.ids({ splits: ['validation'] });
  const train = catalog.query.ids({ splits: ['train'] });
  expect(validation).toEqual(idsOf(catalog, 'held out'));
  expect(train.length + validation.length).toBe(before.length);
  const trained = new Set(train.map(identityOf));
  for (const id of validation) if (identityOf(id) !== null) expect(trained.has(identityOf(id))).toBe(false);
  expect(catalog.integrityCheck()).toEqual([]);

  expect(catalog.subsets.rejoin('held out')).toBe(subset.total);
  expect(catalog.images.manifest({ split: 'train' })).toEqual(before);
  expect(idsOf(catalog, 'held out')).toHaveLength(subset.total);
  expect(() => catalog.subsets.rejoin('held out')).toThrow(expect.objectContaining({ code: 'conflict' }));
});

test('a person with images beyond the filter is not split off: a part would stay on the other side', () => {
  const { catalog } = temporaryCatalog();
  const source = addSource(catalog, 'people');
  catalog.images.insertBatch(source, [
    newImage({ path: 'a/1.png', identity: 'Ann', label: 0 }),
    newImage({ path: 'a/2.png', identity: 'Ann', label: null, split: 'unlabeled' }),
    newImage({ path: 'b/1.png', identity: 'Bo', label: 0 }),
    newImage({ path: 'b/2.png', identity: 'Bo', label: 0, split: 'validation' }),
    newImage({ path: 'c/1.png', identity: 'Cy', label: 0 }),
    newImage({ path: 'c/2.png', identity: 'Cy', label: 0, split: 'test' }),
  ]);
  // Another source's Ann is another person; an excluded image is on no side.
  catalog.images.insertBatch(addSource(catalog, 'more'), [newImage({ path: 'a.png', identity: 'Ann', label: 0 })]);
  setExcluded(catalog, [6], true);
  catalog.subsets.create(subsetRequest({ name: 'all', fraction: 1, splitOff: 'validation' }));
  expect(idsOf(catalog, 'all')).toEqual([3, 5, 7]);
});

test('a csv that was written of a subset makes the same subset again, boxes and relative paths included', () => {
  const { catalog } = faces();
  const subset = catalog.subsets.create(subsetRequest({ name: 'made', perClass: 4, seed: 9 }));
  const images = catalog.images.manifest({ subset: 'made' });
  const absolute = images.map(({ reference, label }) => ({ path: reference.path, label }));
  const again = catalog.subsets.createFromList('listed', absolute, 'made.csv');
  expect(again).toMatchObject({ version: 1, rule: 'listed in made.csv', counts: subset.counts, filter: {} });
  expect(catalog.images.manifest({ subset: 'listed' })).toEqual(images);
  const below = absolute.map(({ path, label }) => ({ path: path.replace('/data/faces/', ''), label }));
  catalog.subsets.createFromList('below', below, 'made.csv');
  expect(catalog.images.manifest({ subset: 'below' })).toEqual(images);
});

test('a list keeps its own labels; one with an image the catalog does not have is refused', () => {
  const { catalog } = faces();
  catalog.subsets.createFromList('relabeled', [{ path: 'train/0/0.png', label: 7 }], 'list.csv');
  expect(catalog.images.manifest({ subset: 'relabeled' })).toMatchObject([{ id: 1, label: 7 }]);
  expect(catalog.subsets.get('relabeled').counts).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  const missing = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ path: `/else/${name}.png`, label: 0 }));
  expect(() => catalog.subsets.createFromList('none', missing, 'list.csv')).toThrow(
    expect.objectContaining({
      code: 'bad-input',
      message: expect.stringContaining('/else/a.png, /else/b.png, /else/c.png and 2 more'),
    }),
  );
  expect(() => catalog.subsets.createFromList('none', [], 'list.csv')).toThrow(/lists no images/);
  expect(catalog.subsets.find('none')).toBeUndefined();
});
