import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addSource, temporaryCatalog } from './temporary-catalog.ts';

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
