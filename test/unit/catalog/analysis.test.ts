import { expect, test } from 'vitest';
import type { Catalog } from '#main/catalog/catalog.ts';
import { openDatabase } from '#main/catalog/database.ts';
import {
  addSource,
  imagesOfClasses,
  newAnalysis,
  newImage,
  temporaryCatalog,
  setExcluded,
} from './temporary-catalog.ts';

function fiveFaces(): { catalog: Catalog; file: string } {
  const made = temporaryCatalog();
  made.catalog.images.insertBatch(addSource(made.catalog, 'faces'), imagesOfClasses([5]));
  return made;
}

test('what was found is kept, flags become a facet, and what is missing is known', () => {
  const { catalog } = fiveFaces();
  const found = newAnalysis({ imageId: 2, hash: { high: 0xffffffff, low: 1 }, flags: ['dark', 'uniform'] });
  catalog.analyses.add([found, newAnalysis({ imageId: 4 })], [{ imageId: 5, reason: 'It is damaged.' }]);
  expect(catalog.analyses.find(2)).toEqual({
    ...{ brightness: 120, contrast: 50, sharpness: 500, colourfulness: 0, width: 48, height: 48 },
    ...{ digest: 'pixels of 2', hash: 'ffffffff00000001', flags: ['dark', 'uniform'] },
  });
  expect(catalog.analyses.find(1)).toBeUndefined();
  expect(catalog.analyses.missing([5, 4, 3, 2, 1, 77])).toEqual([5, 3, 1]);
  expect(catalog.analyses.unseenCount([1, 2, 3, 4, 5])).toBe(2);
  expect(catalog.analyses.failures()).toEqual([{ imageId: 5, reason: 'It is damaged.' }]);
  expect(catalog.query.facets({}).qualities).toEqual([
    { value: 'unknown', count: 3 },
    { value: 'good', count: 1 },
    { value: 'dark', count: 1 },
    { value: 'uniform', count: 1 },
  ]);
  expect(catalog.integrityCheck()).toEqual([]);
});

test('a second look takes the place of the first, and of a failure', () => {
  const { catalog } = fiveFaces();
  catalog.analyses.add([newAnalysis({ imageId: 1, flags: ['dark'] })], [{ imageId: 2, reason: 'Not there.' }]);
  catalog.analyses.add([newAnalysis({ imageId: 1, brightness: 200 }), newAnalysis({ imageId: 2 })]);
  expect(catalog.analyses.find(1)).toMatchObject({ brightness: 200, flags: [] });
  expect(catalog.analyses.failureCount()).toBe(0);
  expect(catalog.query.facets({}).qualities).toEqual([
    { value: 'unknown', count: 3 },
    { value: 'good', count: 2 },
  ]);
});

test('a size that the import did not tell is known after, and one that it told stays', () => {
  const { catalog } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), [
    newImage({ path: 'a.png', width: null, height: null }),
    newImage({ path: 'b.png', width: 50, height: 60 }),
  ]);
  catalog.analyses.add([1, 2].map((imageId) => newAnalysis({ imageId, width: 120, height: 130 })));
  expect(catalog.query.rows([1, 2]).map(({ width, height }) => [width, height])).toEqual([
    [120, 130],
    [50, 60],
  ]);
  expect(catalog.query.facets({}).sizes).toEqual([
    { value: '48-111', count: 1 },
    { value: '112-223', count: 1 },
  ]);
  expect(catalog.integrityCheck()).toEqual([]);
});

test('an image that is gone by now is left out, and takes its analysis with it', () => {
  const { catalog, file } = fiveFaces();
  catalog.analyses.add([newAnalysis({ imageId: 99 }), newAnalysis({ imageId: 1 })]);
  expect(catalog.analyses.find(99)).toBeUndefined();
  const connection = openDatabase(file);
  connection.exec('DELETE FROM image WHERE id = 1');
  connection.close();
  expect(catalog.analyses.find(1)).toBeUndefined();
  expect(catalog.integrityCheck()).toEqual([]);
});

test('labeled and unlabeled faces are compared measure by measure', async () => {
  const { catalog } = temporaryCatalog();
  catalog.images.insertBatch(addSource(catalog, 'faces'), [
    newImage({ path: '1.png' }),
    newImage({ path: '2.png' }),
    newImage({ path: '3.png', split: 'test' }),
    newImage({ path: '4.png', label: null }),
    newImage({ path: '5.png' }),
  ]);
  catalog.images.insertBatch(
    addSource(catalog, 'people'),
    [6, 7].map((id) => newImage({ path: `${id}.png`, split: 'unlabeled', label: null })),
  );
  const measured = (imageId: number, brightness: number) => newAnalysis({ imageId, brightness });
  // Neither a test image nor one without a label nor an excluded one counts.
  catalog.analyses.add([measured(1, 20), measured(2, 100), measured(3, 250), measured(4, 250), measured(5, 250)]);
  setExcluded(catalog, [5], true);
  expect(await catalog.mismatch.compare()).toEqual({ labeled: 2, unlabeled: 0, measures: [] });
  catalog.analyses.add([measured(6, 100), measured(7, 180)]);
  const { labeled, unlabeled, measures } = await catalog.mismatch.compare();
  expect([labeled, unlabeled]).toEqual([2, 2]);
  expect(measures.map(({ measure }) => measure)).toEqual([
    'brightness',
    'contrast',
    'sharpness',
    'colourfulness',
    'size',
  ]);
  const [brightness, contrast] = measures;
  expect(brightness!.labeled).toMatchObject({ mean: 60, deviation: 40 });
  expect(brightness!.unlabeled).toMatchObject({ mean: 140, deviation: 40 });
  // Bins of 255/32: 20 is in bin 2, 100 in 12, 180 in 22; half of each side lies in bin 12.
  expect(brightness!.labeled.shares.map((share, bin) => [bin, share]).filter(([, share]) => share !== 0)).toEqual([
    [2, 0.5],
    [12, 0.5],
  ]);
  expect(brightness!.totalVariation).toBeCloseTo(0.5, 12);
  // The half in bin 2 has to be moved to bin 22: 0.5 · 20 bins.
  expect(brightness!.wasserstein).toBeCloseTo((0.5 * 20 * 255) / 32, 9);
  expect(brightness!.words).toBe('The unlabeled faces are very much brighter.');
  expect(contrast).toMatchObject({ totalVariation: 0, wasserstein: 0, words: 'Alike.' });
  await expect(catalog.mismatch.compare({ sources: ['nobody'] })).rejects.toThrow(/no source named “nobody”/);
});
