import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AnalysisResult } from '#shared/analysis.ts';
import type { Job } from '#shared/jobs.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { AnalysisService } from '#main/host/services/analysis-service.ts';
import { JobRunner } from '#main/jobs/runner.ts';
import { writeClassFolders } from '../../fixtures/faces.ts';
import { addSource, newImage, temporaryCatalog, temporaryFolder } from '../catalog/temporary-catalog.ts';

/** 70 pictures of classes 0 … 6 on the disk, in the catalog, and what analyzes them. */
async function pictures(
  changed: (job: Job, jobs: JobRunner) => void = () => undefined,
): Promise<{ catalog: Catalog; folder: string; service: AnalysisService }> {
  const { catalog } = temporaryCatalog();
  const folder = temporaryFolder();
  await writeClassFolders(folder, { perClass: 10, size: 40 });
  const names = ['neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'anger'];
  catalog.images.insertBatch(
    addSource(catalog, 'faces', folder),
    names.flatMap((name, label) =>
      Array.from({ length: 10 }, (_, index) => newImage({ path: `${name}/${index}.png`, label })),
    ),
  );
  const jobs: JobRunner = new JobRunner(catalog.jobs, (job) => changed(job, jobs));
  return { catalog, folder, service: new AnalysisService({ catalog, jobs, workers: 0 }) };
}

test('all images are looked at once; a second analysis has nothing to do but what failed', async () => {
  const { catalog, folder, service } = await pictures();
  writeFileSync(join(folder, 'sad', '3.png'), 'no picture');
  const first = await service.start({}).result;
  expect(first).toMatchObject({ analyzed: 69, skipped: 0, failed: 1 });
  expect(first.errors).toEqual([{ path: 'sad/3.png', reason: expect.stringMatching(/Not an image/) }]);
  expect(first.summary).toMatchObject({ images: 70, analyzed: 69, failed: 1, exact: { isCurrent: true } });
  expect(first.summary.near).toMatchObject({ distance: 6, isCurrent: true });
  expect(catalog.analyses.find(1)).toMatchObject({ width: 40, height: 40 });
  await writeClassFolders(folder, { perClass: 10, size: 40 });
  expect(await service.start({ distance: 0 }).result).toMatchObject({ analyzed: 1, skipped: 69, failed: 0 });
  expect(service.summary()).toMatchObject({ analyzed: 70, failed: 0, near: { distance: 0 } });
  expect(await service.start({}).result).toMatchObject({ analyzed: 0, skipped: 70, imagesPerSecond: null });
});

test('a cancelled analysis keeps what it found, and the next goes on', async () => {
  let isCancelled = false;
  const { service } = await pictures((job, jobs) => {
    if (job.done === 0 || isCancelled) return;
    isCancelled = true;
    jobs.cancel(job.id);
  });
  const { result } = service.start({});
  expect(() => service.start({})).toThrow(expect.objectContaining({ code: 'conflict' }));
  await expect(result).rejects.toThrow(expect.objectContaining({ code: 'cancelled' }));
  const { analyzed } = service.summary();
  expect(analyzed).toBeGreaterThan(0);
  expect(analyzed).toBeLessThan(70);
  const rest: AnalysisResult = await service.start({}).result;
  expect(rest).toMatchObject({ analyzed: 70 - analyzed, skipped: analyzed });
});

test('one source alone is analyzed; an unknown one is named', async () => {
  const { catalog, service } = await pictures();
  catalog.images.insertBatch(addSource(catalog, 'others', '/nowhere'), [newImage({ path: 'a.png' })]);
  expect(await service.start({ source: 'faces' }).result).toMatchObject({ analyzed: 70, failed: 0 });
  expect(service.summary()).toMatchObject({ images: 71, analyzed: 70 });
  expect(() => service.start({ source: 'nobody' })).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('what is excluded has an author, and comes back', async () => {
  const { catalog, service } = await pictures();
  const request = { leaks: false, contradictions: false, kind: 'exact', keep: 'train' } as const;
  const exclusion = service.exclude({ ...request, filter: { labels: [2] }, reason: 'not now' });
  expect(exclusion).toMatchObject({ images: 10, rule: 'classes sad', reason: 'not now' });
  expect(exclusion!.author).not.toBe('');
  expect(service.exclude({ ...request, filter: { labels: [2] }, reason: 'again' })).toBeNull();
  expect(service.setExcluded([1, 2], true, 'blurred')).toBe(2);
  expect(catalog.imageCount()).toBe(58);
  service.undoExclusion();
  service.undoExclusion();
  expect(catalog.imageCount()).toBe(70);
});
