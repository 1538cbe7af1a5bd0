import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type SubsetRequest, subsetRequestSchema } from '#shared/catalog.ts';
import { subsetCsv } from '#main/catalog/released-csv.ts';
import { addLabeled, temporaryCatalog } from './temporary-catalog.ts';

const request = (fields: Partial<SubsetRequest> & { name: string }): SubsetRequest =>
  subsetRequestSchema.parse({ balanced: fields.perClass !== undefined, ...fields });

test('n of each class are drawn, and what is missing is stated', () => {
  const catalog = temporaryCatalog();
  addLabeled(catalog, 'fer', [9, 9, 9, 9, 9, 2, 9]);
  const subset = catalog.subsets.create(request({ name: 'four', perClass: 4, seed: 1 }));
  expect(subset).toMatchObject({ counts: [4, 4, 4, 4, 4, 2, 4], total: 26, shortfall: [0, 0, 0, 0, 0, 2, 0] });
  const images = catalog.images.manifest({ subset: 'four' });
  expect(new Set(images.map(({ id }) => id)).size).toBe(26);
  expect(images.every(({ reference, label }) => reference.path.includes(`/${label}/`))).toBe(true);
});

test('the same request draws the same images, another seed others', () => {
  const drawn = (seed: number): number[] => {
    const catalog = temporaryCatalog();
    addLabeled(catalog, 'fer', [50, 50, 50, 50, 50, 50, 50]);
    catalog.subsets.create(request({ name: 'ten', perClass: 10, seed }));
    return catalog.images.manifest({ subset: 'ten' }).map(({ id }) => id);
  };
  expect(drawn(3)).toEqual(drawn(3));
  expect(drawn(3)).not.toEqual(drawn(4));
});

test('a fraction keeps the shares of the classes, a balanced one evens them out', () => {
  const catalog = temporaryCatalog();
  addLabeled(catalog, 'fer', [40, 20, 20, 0, 0, 0, 0]);
  // Half of 40, 20 and 20.
  expect(catalog.subsets.create(request({ name: 'half', fraction: 0.5 })).counts).toEqual([20, 10, 10, 0, 0, 0, 0]);
  // Half of 80 images over three classes: 13 each, rounded.
  const balanced = catalog.subsets.create(request({ name: 'even', fraction: 0.5, balanced: true }));
  expect(balanced.counts).toEqual([13, 13, 13, 0, 0, 0, 0]);
});

test('a taken name, an unknown source and an empty split are refused', () => {
  const catalog = temporaryCatalog();
  addLabeled(catalog, 'fer', [5, 5]);
  catalog.subsets.create(request({ name: 'one', perClass: 1 }));
  expect(() => catalog.subsets.create(request({ name: 'one', perClass: 2 }))).toThrow('subset named “one” already');
  expect(() => catalog.subsets.create(request({ name: 'two', perClass: 2, source: 'x' }))).toThrow('no source');
  expect(() => catalog.subsets.create(request({ name: 'two', perClass: 2, split: 'test' }))).toThrow(
    'no labeled images',
  );
  expect(() => catalog.subsets.get('two')).toThrow('no subset named “two”');
});

test('the csv has AffectNet’s columns, and quotes what needs it', () => {
  const catalog = temporaryCatalog();
  addLabeled(catalog, 'fer', [1, 1]);
  catalog.subsets.create(request({ name: 'all', perClass: 1 }));
  const file = join(dirname(catalog.file), 'all.csv');
  catalog.subsets.toCsv('all', file);
  expect(readFileSync(file, 'utf8').split('\r\n')).toEqual([
    'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal',
    '/data/fer/0/0.png,,,,,,0,,',
    '/data/fer/1/0.png,,,,,,1,,',
    '',
  ]);
  const odd = { path: '/a,"b".jpg', encoding: 'file', box: { x: 1, y: -2, width: 30, height: 40 } } as const;
  expect(subsetCsv([{ id: 1, label: 6, reference: odd }]).split('\r\n')[1]).toBe('"/a,""b"".jpg",1,-2,30,40,,6,,');
});
