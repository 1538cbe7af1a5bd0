import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Majority } from '#shared/label-votes.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { addSource, newImage, temporaryCatalog } from './temporary-catalog.ts';

test('sources are listed in the order they were added, and found by name', () => {
  const { catalog } = temporaryCatalog();
  addSource(catalog, 'b');
  addSource(catalog, 'a');
  expect(catalog.sources.list().map(({ name, root }) => [name, root])).toEqual([
    ['b', '/data/b'],
    ['a', '/data/a'],
  ]);
  expect(catalog.sources.get('a')).toMatchObject({ id: 2, format: 'folder', role: 'labeled' });
  expect(catalog.sources.find('c')).toBeUndefined();
  expect(() => catalog.sources.get('c')).toThrow(expect.objectContaining({ code: 'not-found' }));
  expect(() => addSource(catalog, 'a', '/elsewhere')).toThrow(expect.objectContaining({ code: 'conflict' }));
});

test('failures are paged by path, replaced by later ones, and forgotten when an import did not meet them again', async () => {
  const { catalog } = temporaryCatalog();
  const [faces, other] = [addSource(catalog, 'faces'), addSource(catalog, 'other')];
  const failures = Array.from({ length: 250 }, (_, number) => ({
    path: `${1000 + number}.png`,
    reason: 'Not an image.',
  }));
  catalog.importErrors.add(faces, failures);
  catalog.importErrors.add(other, [{ path: 'x.png', reason: 'It has no bytes.' }]);
  expect(catalog.importErrors.list('faces')).toEqual(failures);
  expect(catalog.importErrors.list('faces', { afterPath: '1009.png', limit: 2 })).toEqual(failures.slice(10, 12));
  await sleep(5);
  const later = new Date().toISOString();
  catalog.importErrors.add(faces, [{ path: '1100.png', reason: 'It has no bytes.' }]);
  expect(catalog.stats({}).sources.map(({ failed }) => failed)).toEqual([250, 1]);
  catalog.importErrors.removeBefore(faces, later);
  expect(catalog.importErrors.list('faces')).toEqual([{ path: '1100.png', reason: 'It has no bytes.' }]);
  expect(catalog.importErrors.list('other')).toHaveLength(1);
  expect(() => catalog.importErrors.list('nobody')).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('a source tells its images by their paths, and can be linked to another place', () => {
  const { catalog } = temporaryCatalog();
  const [faces, other] = [addSource(catalog, 'faces'), addSource(catalog, 'other')];
  catalog.images.insertBatch(faces, [
    newImage({ path: 'b.png', label: 3 }),
    newImage({ path: 'a.png', split: 'test', label: null }),
  ]);
  catalog.images.insertBatch(other, [newImage({ path: 'c.png' })]);
  expect(catalog.sources.images(faces)).toEqual([
    { id: 2, path: 'a.png', offset: 0, split: 'test', label: null },
    { id: 1, path: 'b.png', offset: 0, split: 'train', label: 3 },
  ]);
  catalog.sources.relink(faces, '/elsewhere');
  expect(catalog.images.reference(1).reference.path).toBe('/elsewhere/b.png');
  expect(catalog.images.reference(3).reference.path).toBe('/data/other/c.png');
});

test('votes on an image are kept beside its label, replaced by later ones, and go with it', () => {
  const { catalog, file } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), [newImage({ path: 'a.png', label: 2 })]);
  const votes = (counts: number[], majority: Majority) => ({ image: 1, origin: 'ferplus', counts, majority });
  const [first, later] = [
    [1, 9, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 8, 2],
  ];
  expect(catalog.labelVotes.put([votes(first!, 1)])).toBe(1);
  expect(catalog.labelVotes.put([votes(first!, 1)])).toBe(0);
  expect(catalog.labelVotes.put([{ ...votes(first!, 1), origin: 'another' }])).toBe(1);
  expect(catalog.labelVotes.put([votes(later!, 'unknown')])).toBe(1);
  expect(catalog.labelVotes.of(1)).toEqual([
    { origin: 'another', counts: first, majority: 1 },
    { origin: 'ferplus', counts: later, majority: 'unknown' },
  ]);
  expect(catalog.images.reference(1).label).toBe(2);
  expect(() => catalog.labelVotes.put([{ ...votes(first!, 1), image: 5 }])).toThrow(/FOREIGN KEY/);
  const connection = openDatabase(file);
  connection.exec('DELETE FROM image');
  connection.close();
  expect(catalog.labelVotes.of(1)).toEqual([]);
});
