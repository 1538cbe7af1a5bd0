import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Job } from '#shared/jobs.ts';
import { appRouter } from '#main/host/router.ts';
import { createStudio } from '#main/host/studio.ts';
import { writeClassFolders } from '../../fixtures/faces.ts';
import { temporaryFolder } from '../catalog/temporary-catalog.ts';

type Caller = ReturnType<typeof appRouter.createCaller>;

/** What a window may ask of a workspace with 29 faces, the first of them twice. */
async function analyzedFaces(): Promise<Caller> {
  const folder = temporaryFolder();
  const faces = join(folder, 'faces');
  await writeClassFolders(faces, { perClass: 4, size: 40 });
  copyFileSync(join(faces, 'anger', '0.png'), join(faces, 'anger', 'copy.png'));
  const studio = createStudio({ workspace: join(folder, 'workspace') });
  onTestFinished(() => studio.close());
  const caller = appRouter.createCaller({ studio, newWindowAddress: () => null });
  await ended(caller, await caller.catalog.import({ path: faces, format: 'folder' }));
  await ended(caller, await caller.catalog.analyze());
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

test('a window sees the summary, an image’s analysis, the groups and all their members', async () => {
  const { catalog } = await analyzedFaces();
  const summary = await catalog.analysisSummary();
  expect(summary).toMatchObject({ images: 29, analyzed: 29, failed: 0, exact: { groups: 1, images: 2 } });
  const { groups, nextCursor } = await catalog.duplicates({});
  expect(nextCursor).toBeNull();
  const [group] = groups;
  expect(group!.members.map(({ path }) => path)).toEqual(['anger/0.png', 'anger/copy.png']);
  const members = await catalog.duplicateMembers({ group: group!.id, limit: 1 });
  expect(members.rows.map(({ id }) => id)).toEqual([group!.members[0]!.id]);
  const rest = await catalog.duplicateMembers({ group: group!.id, afterId: members.nextCursor! });
  expect(rest.rows.map(({ path }) => path)).toEqual(['anger/copy.png']);
  expect(rest.nextCursor).toBeNull();
  const [one, other] = await Promise.all(group!.members.map(({ id }) => catalog.imageAnalysis({ id })));
  expect(one).toMatchObject({ width: 40, height: 40, hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
  expect(one).toEqual(other);
  expect(await catalog.imageAnalysis({ id: 12_345 })).toBeNull();
  expect(group!.members[0]!.qualities).not.toContain('unknown');
});

test('exclusions by hand and by rule are in one log, a page at a time', async () => {
  const { catalog } = await analyzedFaces();
  expect(await catalog.setExcluded({ ids: [1, 2], excluded: true })).toEqual({ changed: 2 });
  expect(await catalog.exclude({ filter: { labels: [0] }, reason: 'another question' })).toMatchObject({ images: 4 });
  const [newest] = await catalog.exclusions({ limit: 1 });
  expect(newest).toMatchObject({ rule: 'classes neutral', reason: 'another question' });
  expect(await catalog.exclusions({ beforeId: newest!.id })).toMatchObject([{ rule: 'chosen by hand', images: 2 }]);
  await catalog.undoExclusion();
  expect(await catalog.undoExclusion()).toMatchObject({ excluded: false, images: 2 });
  expect((await catalog.facets()).total).toBe(29);
});

test('what is no request is refused before anything is done', async () => {
  const { catalog } = await analyzedFaces();
  const refused = [
    () => catalog.searchNear({ distance: 17 }),
    () => catalog.analyze({ source: '' }),
    () => catalog.exclude({ reason: 'nothing is named' }),
    () => catalog.exclude({ leaks: true, reason: '  ' }),
    () => catalog.duplicates({ limit: 0 }),
    () => catalog.duplicateMembers({ group: 1, limit: 501 }),
    () => catalog.mismatch({ labeled: { splits: ['training' as never] } }),
  ];
  for (const ask of refused) await expect(ask()).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  expect(await catalog.exclusions()).toEqual([]);
});
