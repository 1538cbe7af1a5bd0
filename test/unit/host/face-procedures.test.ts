import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Job } from '#shared/jobs.ts';
import { appRouter } from '#main/host/router.ts';
import { createStudio } from '#main/host/studio.ts';
import { writeClassFolders } from '../../fixtures/faces.ts';
import { temporaryFolder } from '../catalog/temporary-catalog.ts';

type Caller = ReturnType<typeof appRouter.createCaller>;

/** What a window may ask of a workspace with 28 faces, four of each class. */
async function faces(): Promise<Caller> {
  const folder = temporaryFolder();
  await writeClassFolders(join(folder, 'faces'), { perClass: 4 });
  const studio = createStudio({ workspace: join(folder, 'workspace') });
  onTestFinished(() => studio.close());
  const caller = appRouter.createCaller({ studio, newWindowAddress: () => null });
  await ended(caller, await caller.catalog.import({ path: join(folder, 'faces'), format: 'folder' }));
  return caller;
}

async function ended(caller: Caller, { id }: Job): Promise<void> {
  for (;;) {
    const { status, error } = await caller.jobs.get({ id });
    if (status === 'finished') return;
    if (status !== 'running' && status !== 'queued') throw new Error(`${status}: ${error?.message}`);
    await sleep(10);
  }
}

test('a list is looked at anywhere, and follows what is excluded', async () => {
  const { catalog } = await faces();
  const list = { filter: { labels: [0, 1] }, sort: 'label' as const, descending: true };
  const beginning = await catalog.window({ ...list, offset: 0, limit: 3 });
  expect(beginning.rows.map(({ label }) => label)).toEqual([1, 1, 1]);
  const { rows, total } = await catalog.window({ ...list, offset: 3, limit: 3 });
  expect(rows.map(({ label }) => label)).toEqual([1, 0, 0]);
  expect(total).toBe(8);
  expect(await catalog.position({ ...list, id: rows[1]!.id })).toBe(4);
  expect(await catalog.position({ ...list, id: 12_345 })).toBeNull();
  expect(await catalog.range({ ...list, from: 5, to: 3 })).toEqual(rows.map(({ id }) => id));
  await catalog.excludeSelected({ selection: { ids: [rows[0]!.id] }, excluded: true, reason: 'not a face' });
  expect((await catalog.window({ ...list, offset: 3, limit: 3 })).rows.map(({ label }) => label)).toEqual([0, 0, 0]);
});

test('all that match but a few are excluded in one step, which alone can be undone', async () => {
  const { catalog } = await faces();
  const [kept] = await catalog.range({ filter: { labels: [3] }, from: 0, to: 0 });
  const selection = { filter: { labels: [3] }, except: [kept!] };
  const first = await catalog.excludeSelected({ selection, excluded: true, reason: 'a try' });
  expect(first).toMatchObject({ images: 3, reason: 'a try' });
  const second = await catalog.excludeSelected({ selection: { ids: [kept!] }, excluded: true, reason: 'another' });
  await expect(catalog.undoExclusion({ id: first!.id })).rejects.toThrow('no longer the newest');
  expect((await catalog.undoExclusion({ id: second!.id })).images).toBe(1);
  expect((await catalog.undoExclusion({ id: first!.id })).images).toBe(3);
});

test('what is selected becomes a subset, and more of it the next version', async () => {
  const { catalog, subsets } = await faces();
  const one = await catalog.addToSubset({ selection: { filter: { labels: [2] } }, name: 'picked' });
  expect(one).toMatchObject({ version: 1, total: 4, counts: [0, 0, 4, 0, 0, 0, 0] });
  const two = await catalog.addToSubset({ selection: { filter: { labels: [2, 5] } }, name: 'picked' });
  expect(two).toMatchObject({ version: 2, total: 8, rule: 'version 1 and 4 classes sad, disgust' });
  await expect(catalog.addToSubset({ selection: { filter: { labels: [5] } }, name: 'picked' })).rejects.toThrow(
    'nothing to add',
  );
  expect(await subsets.versions({ name: 'picked' })).toHaveLength(2);
});

test('everything that is known of a face is told, excluded or not', async () => {
  const caller = await faces();
  await ended(caller, await caller.catalog.analyze());
  await caller.catalog.excludeSelected({ selection: { ids: [1] }, excluded: true, reason: 'a try' });
  const face = await caller.catalog.face({ id: 1 });
  expect(face).toMatchObject({ id: 1, excluded: true, votes: [], copies: [] });
  expect(face.file).toMatch(/faces.anger.0\.png$/);
  expect(face.analysis).toMatchObject({ width: 24, height: 24 });
  await expect(caller.catalog.face({ id: 999 })).rejects.toThrow('no image 999');
});

test('measures of a filter count its analyzed images', async () => {
  const caller = await faces();
  expect(await caller.catalog.measures({ filter: {} })).toEqual([]);
  await ended(caller, await caller.catalog.analyze());
  const measures = await caller.catalog.measures({ filter: { labels: [1] } });
  expect(measures.map(({ measure }) => measure)).toContain('brightness');
  for (const { counts, bounds } of measures) {
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(bounds).toHaveLength(counts.length + 1);
  }
});

test('views are kept by name', async () => {
  const { catalog } = await faces();
  await catalog.saveView({ name: 'Dark', search: { quality: 'dark' } });
  await catalog.saveView({ name: 'All train', search: { split: 'train' } });
  await catalog.saveView({ name: 'Dark', search: { quality: 'dark', split: 'test' } });
  expect(await catalog.views()).toEqual([
    { name: 'All train', search: { split: 'train' } },
    { name: 'Dark', search: { quality: 'dark', split: 'test' } },
  ]);
  expect(await catalog.removeView({ name: 'Dark' })).toHaveLength(1);
});

test('a source is removed with its images, unless a subset holds some of them', async () => {
  const caller = await faces();
  await caller.catalog.addToSubset({ selection: { ids: [1] }, name: 'frozen' });
  await expect(caller.catalog.removeSource({ name: 'faces' })).rejects.toThrow('frozen@1 holds images of it');
  const folder = temporaryFolder();
  await writeClassFolders(join(folder, 'others'), { perClass: 2, seed: 3 });
  await ended(caller, await caller.catalog.import({ path: join(folder, 'others'), format: 'folder' }));
  expect((await caller.catalog.stats()).images).toBe(42); // 28 + 14
  await ended(caller, await caller.catalog.removeSource({ name: 'others' }));
  const { images, sources } = await caller.catalog.stats();
  expect(images).toBe(28);
  expect(sources.map(({ name }) => name)).toEqual(['faces']);
});
