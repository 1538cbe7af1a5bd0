import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SIMILAR_FACES } from '#shared/filter.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { filtersIn } from '#main/host/filters-in.ts';
import { appRouter } from '#main/host/router.ts';
import { RoundEmbeddings } from '#main/host/services/round-embeddings.ts';
import { createStudio } from '#main/host/studio.ts';
import { halfOf } from '../../fixtures/half.ts';
import { addSource, newAnalysis, newImage, temporaryFolder } from '../catalog/temporary-catalog.ts';

/** A workspace of `count` images, as a window asks it. */
function workspace(count: number) {
  const folder = join(temporaryFolder(), 'workspace');
  const studio = createStudio({ workspace: folder });
  onTestFinished(() => studio.close());
  const { catalog } = studio;
  const source = addSource(catalog, 'faces');
  catalog.images.insertBatch(
    source,
    Array.from({ length: count }, (_, number) => newImage({ path: `${number}.png`, label: number % 7 })),
  );
  const caller = appRouter.createCaller({ studio, newWindowAddress: () => null });
  return { folder, catalog, ask: caller.catalog };
}

/** A finished round whose network saw of each image what is given. */
async function addRound(
  { folder, catalog }: { folder: string; catalog: Catalog },
  name: string,
  seen: ReadonlyMap<number, readonly number[]>,
): Promise<number> {
  const origin = { origin: 'file', run: null, network: null, step: null, file: null } as const;
  const { id } = catalog.rounds.create({ name, source: 'faces', ...origin, classCount: 2, total: seen.size });
  const images = [...seen.keys()].sort((one, other) => one - other);
  catalog.pseudoLabels.add(id, {
    images,
    classCount: 2,
    probabilities: Float32Array.from({ length: 2 * images.length }, (_, place) => (place % 2 === 0 ? 0.75 : 0.25)),
  });
  const place = join(folder, 'rounds', String(id));
  mkdirSync(place, { recursive: true });
  const size = seen.get(images[0]!)!.length;
  const embeddings = await RoundEmbeddings.open(place, size);
  const rows = images.flatMap((image) => [...seen.get(image)!]);
  await embeddings.append(Float64Array.from(images), Uint16Array.from(rows, halfOf));
  await embeddings.finish();
  catalog.rounds.update(id, { status: 'finished', embeddingSize: size });
  return id;
}

/** Directions in a plane, of which no two are as far from a third: id² / 60 degrees. */
const angleOf = (image: number): number => ((image ** 2 / 60) * Math.PI) / 180;
const directions = (images: readonly number[]): Map<number, number[]> =>
  new Map(images.map((image) => [image, [Math.cos(angleOf(image)), Math.sin(angleOf(image))]]));

const idsOf = ({ rows }: { rows: readonly { id: number }[] }): number[] => rows.map(({ id }) => id);
const ordered = (similarTo: number, more: object = {}) =>
  ({ filter: { similarTo, ...more }, sort: 'similarity', limit: 5 }) as const;

test('the nearest are those of the newest round that saw the face, the face itself first', async () => {
  const world = workspace(60);
  const every = Array.from({ length: 60 }, (_, number) => number + 1);
  await addRound(world, 'old', directions(every));
  // This one saw only odd faces.
  await addRound(world, 'new', directions(every.filter((id) => id % 2 === 1)));
  const { ask } = world;
  expect(await ask.similar({ filter: { similarTo: 21 } })).toMatchObject({
    ...{ image: 21, measure: 'embeddings', round: { name: 'new' }, compared: 30, count: 30 },
  });
  const near = await ask.query(ordered(21));
  expect(idsOf(near)).toEqual([21, 19, 23, 17, 25]);
  expect(near.rows[0]!.distance).toBeCloseTo(0, 5);
  expect(near.rows[4]!.distance).toBeCloseTo(1 - Math.cos(angleOf(25) - angleOf(21)), 3); // halves hold three digits
  expect(await ask.similar({ filter: { similarTo: 20 } })).toMatchObject({ round: { name: 'old' }, compared: 60 });
  // A round that is looked at gives its own measure, and its own faces.
  expect(await ask.similar({ filter: { similarTo: 21, round: 'old' } })).toMatchObject({ round: { name: 'old' } });
  expect(idsOf(await ask.query(ordered(21, { round: 'old' })))[0]).toBe(21);
  expect(idsOf(await ask.query(ordered(21, { labels: [6] })))).toEqual([21, 7, 35, 49]); // 28 and 14 are even
});

test('a grid is filled from any place of the list, and what is selected by it is what it shows', async () => {
  const world = workspace(40);
  await addRound(world, 'one', directions(Array.from({ length: 40 }, (_, number) => number + 1)));
  const list = { filter: { similarTo: 10 }, sort: 'similarity', descending: false } as const;
  const window = await world.ask.window({ ...list, offset: 2, limit: 3 });
  expect(window.total).toBe(40);
  expect(idsOf(window)).toHaveLength(3);
  expect(await world.ask.position({ ...list, id: 10 })).toBe(0);
  const excluded = await world.ask.excludeSelected({
    selection: { filter: { similarTo: 10, labels: [2] }, except: [10] },
    ...{ excluded: true, reason: 'a try' },
  });
  expect(excluded!.images).toBe(5); // 3, 17, 24, 31, 38: class 2 without 10
});

test('without embeddings perceptual hashes are compared, and only so many are kept', async () => {
  const world = workspace(SIMILAR_FACES + 200);
  const { ask, catalog } = world;
  await expect(ask.similar({ filter: { similarTo: 3 } })).rejects.toThrow('Face 3 is not analyzed yet');
  // Each differs from the first in as many bits as its number says, up to 32.
  catalog.analyses.add(
    Array.from({ length: SIMILAR_FACES + 200 }, (_, number) =>
      newAnalysis({ imageId: number + 1, hash: { high: 0, low: number >= 32 ? 0xffffffff : 2 ** number - 1 } }),
    ),
  );
  expect(await ask.similar({ filter: { similarTo: 1 } })).toEqual({
    ...{ image: 1, measure: 'hash', round: null, compared: SIMILAR_FACES + 200, count: SIMILAR_FACES },
  });
  const near = await ask.query(ordered(1));
  expect(idsOf(near)).toEqual([1, 2, 3, 4, 5]);
  expect(near.rows.map(({ distance }) => distance)).toEqual([0, 1, 2, 3, 4]);
  expect((await ask.facets({ filter: { similarTo: 1 } })).total).toBe(SIMILAR_FACES);
  // A round that comes later is used from then on.
  await addRound(world, 'late', directions([1, 2, 3]));
  expect(await ask.similar({ filter: { similarTo: 1 } })).toMatchObject({ measure: 'embeddings', compared: 3 });
  expect(idsOf(await ask.query(ordered(1)))).toEqual([1, 2, 3]);
});

test('a face that says nothing by its hash, or is not there, is told', async () => {
  const { ask, catalog } = workspace(3);
  catalog.analyses.add([newAnalysis({ imageId: 1, flags: ['uniform'] })]);
  await expect(ask.facets({ filter: { similarTo: 1 } })).rejects.toThrow('nearly uniform');
  await expect(ask.facets({ filter: { similarTo: 99 } })).rejects.toThrow('no image 99');
  await expect(ask.query({ sort: 'similarity' })).rejects.toThrow('none is chosen');
});

test('filters are found wherever a request may hold them', () => {
  const filter = { similarTo: 3, round: '2' };
  expect(filtersIn({ filter })).toEqual([filter]);
  expect(filtersIn({ selection: { filter, except: [] } })).toEqual([filter]);
  expect(filtersIn({ labeled: { splits: ['train'] }, unlabeled: filter })).toEqual([filter]);
  for (const other of [undefined, null, 'filter', { filter: { splits: ['train'] } }, { labeled: 'all' }, [filter]]) {
    expect(filtersIn(other)).toEqual([]);
  }
});
