import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SubsetRequest } from '#shared/catalog.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { addSource, imagesOfClasses, newImage, temporaryCatalog, temporaryFolder } from './temporary-catalog.ts';

const request = (subset: Partial<SubsetRequest> & { name: string }): SubsetRequest => ({
  split: 'train',
  balanced: true,
  seed: 0,
  ...subset,
});
const idsOf = (catalog: Catalog, subset: string): number[] => catalog.images.manifest({ subset }).map(({ id }) => id);

/** 100, 40, 30, 20, 10, 5 and 0 images. */
function faces(): { catalog: Catalog; file: string } {
  const made = temporaryCatalog();
  made.catalog.images.insertBatch(addSource(made.catalog, 'faces'), imagesOfClasses([100, 40, 30, 20, 10, 5, 0]));
  return made;
}

test('n of each class, as far as there are, and the shortfall stated', () => {
  const { catalog } = faces();
  const subset = catalog.subsets.create(request({ name: 'twenty', perClass: 20, seed: 4 }));
  expect(subset).toMatchObject({
    name: 'twenty',
    source: null,
    split: 'train',
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
  const balanced = catalog.subsets.create(request({ name: 'balanced', fraction: 0.2 }));
  expect(balanced.counts).toEqual([7, 7, 7, 7, 7, 5, 0]);
  expect(balanced.shortfall).toEqual([0, 0, 0, 0, 0, 2, 0]);
  expect(balanced.rule).toBe('20 % of the images, balanced');
  const natural = catalog.subsets.create(request({ name: 'natural', fraction: 0.07, balanced: false }));
  expect(natural.counts).toEqual([7, 3, 2, 1, 1, 0, 0]); // 7, 2.8, 2.1, 1.4, 0.7, 0.35 rounded
  expect(natural.rule).toBe('7 % of the images');
  expect(catalog.subsets.list().map(({ name }) => name)).toEqual(['balanced', 'natural']);
});

test('the same request draws the same images, another seed others, and a larger one holds the smaller', () => {
  const { catalog } = faces();
  const drawn = (name: string, perClass: number, seed: number): number[] => {
    catalog.subsets.create(request({ name, perClass, seed }));
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
    catalog.subsets.create(request({ name: `${seed}`, perClass: 3, seed }));
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
  expect(catalog.subsets.create(request({ name: 'more', source: 'more', perClass: 9 })).total).toBe(4);
  expect(catalog.subsets.create(request({ name: 'both', perClass: 1000 })).total).toBe(209);
  expect(catalog.subsets.create(request({ name: 'validation', split: 'validation', perClass: 9 })).total).toBe(3);
});

test('a subset stays what it was when labels change', () => {
  const { catalog, file } = faces();
  catalog.subsets.create(request({ name: 'frozen', perClass: 2 }));
  const before = catalog.images.manifest({ subset: 'frozen' });
  const connection = openDatabase(file);
  connection.exec('UPDATE image SET label = 6');
  connection.close();
  expect(catalog.images.manifest({ subset: 'frozen' })).toEqual(before);
});

test('what cannot be drawn is refused with the reason', () => {
  const { catalog } = faces();
  catalog.subsets.create(request({ name: 'taken', perClass: 1 }));
  const refusals: readonly (readonly [Partial<SubsetRequest>, string, RegExp])[] = [
    [{ name: 'taken', perClass: 1 }, 'conflict', /“taken” already/],
    [{ perClass: 1, source: 'nobody' }, 'not-found', /no source named “nobody”/],
    [{ perClass: 1, split: 'test' }, 'bad-input', /no labeled images in the test split/],
    [{ fraction: 0.001 }, 'bad-input', /0\.1 % of the images, balanced is not one image/],
  ];
  for (const [wrong, code, message] of refusals) {
    expect(() => catalog.subsets.create(request({ name: 'new', ...wrong }))).toThrow(
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
  catalog.subsets.create(request({ name: 'all', perClass: 1 }));
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
  catalog.subsets.create(request({ name: 'rows', perClass: 1 }));
  const folder = temporaryFolder();
  expect(() => catalog.subsets.toCsv('rows', join(folder, 'rows.csv'))).toThrow(
    expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('/data/fer2013.csv') }),
  );
  expect(readdirSync(folder)).toEqual([]);
});
