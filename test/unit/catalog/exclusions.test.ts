import { expect, test } from 'vitest';
import { exclusionRequestSchema } from '#shared/analysis.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { chooseExclusion } from '#main/catalog/exclusion-choice.ts';
import { addSource, imagesOfClasses, newAnalysis, newImage, temporaryCatalog } from './temporary-catalog.ts';

const note = { rule: 'some', reason: 'blurred', author: 'Ann' };
const excludedIds = (catalog: Catalog): number[] => catalog.query.ids({ excluded: 'only' });

/** Images 1 … 10 of class 0. */
function tenFaces(): { catalog: Catalog; file: string } {
  const made = temporaryCatalog();
  made.catalog.images.insertBatch(addSource(made.catalog, 'faces'), imagesOfClasses([10]));
  return made;
}

test('an exclusion is one row of the log, counts follow it, and an undo takes back exactly what it changed', () => {
  const { catalog } = tenFaces();
  catalog.exclusions.set([2], true, { ...note, reason: 'first' });
  const second = catalog.exclusions.set([1, 2, 3, 3, 99], true, note)!;
  expect(second).toMatchObject({ id: 2, excluded: true, images: 2, undoes: null, isUndone: false, ...note });
  expect(catalog.stats({}).splits.train!.counts[0]).toBe(7);
  expect(catalog.integrityCheck()).toEqual([]);
  expect(catalog.exclusions.set([1, 2], true, note)).toBeNull();

  const undo = catalog.exclusions.undo('Bo');
  expect(undo).toMatchObject({ id: 3, excluded: false, images: 2, undoes: 2, author: 'Bo', reason: 'blurred' });
  expect(excludedIds(catalog)).toEqual([2]);
  catalog.exclusions.undo('Bo');
  expect(excludedIds(catalog)).toEqual([]);
  expect(catalog.imageCount()).toBe(10);
  expect(() => catalog.exclusions.undo('Bo')).toThrow(expect.objectContaining({ code: 'conflict' }));
  expect(catalog.exclusions.list().map(({ id, undoes, isUndone }) => [id, undoes, isUndone])).toEqual([
    [4, 1, false],
    [3, 2, false],
    [2, null, true],
    [1, null, true],
  ]);
  expect(catalog.exclusions.list({ beforeId: 3, limit: 1 }).map(({ id }) => id)).toEqual([2]);
  expect(catalog.integrityCheck()).toEqual([]);
});

test('taking images back in by hand is a row as well, and undone first', () => {
  const { catalog } = tenFaces();
  catalog.exclusions.set([1, 2, 3], true, note);
  catalog.exclusions.set([2], false, note);
  expect(excludedIds(catalog)).toEqual([1, 3]);
  catalog.exclusions.undo('Ann');
  expect(excludedIds(catalog)).toEqual([1, 2, 3]);
  catalog.exclusions.undo('Ann');
  expect(excludedIds(catalog)).toEqual([]);
});

test('images that are gone do not stand in the way of an undo', () => {
  const { catalog, file } = tenFaces();
  catalog.exclusions.set([1, 2], true, note);
  const connection = openDatabase(file);
  connection.exec('DELETE FROM image WHERE id = 1');
  connection.close();
  expect(catalog.exclusions.undo('Ann')).toMatchObject({ images: 1 });
  expect(catalog.query.ids({})).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('leaks, contradictions and filters choose together which images go', async () => {
  const { catalog } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), [
    newImage({ path: '1.png' }),
    newImage({ path: '2.png', split: 'validation' }),
    newImage({ path: '3.png', split: 'test' }),
    newImage({ path: '4.png', label: 1 }),
    newImage({ path: '5.png', label: 2 }),
    newImage({ path: '6.png', label: 3 }),
  ]);
  const pixels = ['a', 'a', 'a', 'b', 'b', 'c'];
  catalog.analyses.add(pixels.map((digest, index) => newAnalysis({ imageId: index + 1, digest })));
  const choose = (request: object) =>
    chooseExclusion(exclusionRequestSchema.parse({ reason: 'because', ...request }), catalog);
  expect(() => choose({ leaks: true })).toThrow(
    expect.objectContaining({ code: 'unavailable', hint: 'Analyze the images first.', commandLine: '`analyze`' }),
  );
  await catalog.duplicates.searchExact(new AbortController().signal);
  expect(choose({ leaks: true })).toEqual({ ids: [2, 3], rule: 'exact leaks, train kept' });
  expect(choose({ leaks: true, filter: { splits: ['validation'] } })).toEqual({
    ids: [2],
    rule: 'exact leaks, train kept, of splits validation',
  });
  expect(choose({ leaks: true, keep: 'test', contradictions: true })).toEqual({
    ids: [1, 2, 4, 5],
    rule: 'exact leaks, test kept and exact contradictions',
  });
  expect(choose({ filter: { labels: [3, null], splits: ['train'] } })).toEqual({
    ids: [6],
    rule: 'splits train; classes surprise, none',
  });
  expect(() => choose({ leaks: true, kind: 'near' })).toThrow(/no search for near duplicates/);
  expect(exclusionRequestSchema.safeParse({ reason: 'because' }).success).toBe(false);
  expect(exclusionRequestSchema.safeParse({ reason: ' ', leaks: true }).success).toBe(false);
});
