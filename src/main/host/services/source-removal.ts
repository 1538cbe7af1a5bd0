import { setImmediate as nextTurn } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { JobRunner } from '../../jobs/runner.ts';

/** Images removed in one transaction: some tens of milliseconds. */
const SLICE = 1_000;

/**
 * Removes a source with all that is known of its images, as a job; the files stay. Cancelled, it has removed some, and the next one goes on.
 * @throws StudioError 'not-found', 'conflict' when a subset holds images of it.
 */
export function removeSource(catalog: Catalog, jobs: JobRunner, name: string): Job {
  const source = catalog.sources.get(name);
  const subsets = catalog.subsets.holding(source.id);
  if (subsets.length > 0) {
    throw new StudioError(
      'conflict',
      `${name} cannot be removed: the subset ${subsets.join(', ')} holds images of it.`,
      {
        hint: 'Subsets are frozen: what was chosen stays chosen. Exclude the source’s images instead.',
      },
    );
  }
  const started = jobs.start(
    { kind: 'remove', title: `Remove ${name}`, unit: 'images' },
    async ({ report, signal }) => {
      const total = catalog.sources.imageCount(source.id);
      for (let done = 0; ;) {
        const removed = catalog.sources.removeImages(source.id, SLICE);
        done += removed;
        report(done, total);
        if (removed < SLICE) break;
        await nextTurn();
        signal.throwIfAborted();
      }
      catalog.sources.remove(source.id);
    },
  );
  started.result.catch(() => undefined); // its row holds the error; the caller may have left
  return started.job;
}
