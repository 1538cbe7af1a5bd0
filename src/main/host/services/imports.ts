import type { ImportPreview, ImportRequest, ImportResult } from '#shared/catalog.ts';
import type { Job } from '#shared/jobs.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import { previewImport } from './import-preview.ts';
import { importSource } from './import-service.ts';

/** Imports as jobs: they go on when the window that started them is closed. */
export class ImportService {
  readonly #catalog: Catalog;
  readonly #jobs: JobRunner;
  readonly #copiesFolder: string;

  /** @param copiesFolder where copies of sources are kept. */
  constructor(catalog: Catalog, jobs: JobRunner, copiesFolder: string) {
    this.#catalog = catalog;
    this.#jobs = jobs;
    this.#copiesFolder = copiesFolder;
  }

  /** What an import would do. @throws StudioError as the import would before its first image. */
  preview(request: ImportRequest): Promise<ImportPreview> {
    return previewImport(this.#catalog, request);
  }

  start(request: ImportRequest): { job: Job; result: Promise<ImportResult> } {
    const started = this.#jobs.start(
      { kind: 'import', title: `Import ${request.source ?? request.path}`, unit: 'images' },
      async (context) => {
        const result = await importSource(this.#catalog, request, {
          signal: context.signal,
          copiesFolder: this.#copiesFolder,
          onProgress: ({ done, total, message }) => context.report(done, total, message),
        });
        const count = countOf(result);
        context.report(count, count, summaryOf(result));
        return result;
      },
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }
}

function countOf({ added, skipped, failed, leftOut }: ImportResult): number {
  return added + skipped + failed + leftOut.reduce((sum, { count }) => sum + count, 0);
}

function summaryOf(result: ImportResult): string {
  const leftOut = result.leftOut
    .map(({ what, count }) => `, ${count.toLocaleString('en')} left out (${what})`)
    .join('');
  return `${result.added.toLocaleString('en')} added, ${result.skipped.toLocaleString('en')} there already, ${result.failed.toLocaleString('en')} failed${leftOut}`;
}
