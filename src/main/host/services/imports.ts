import type { ImportRequest, ImportResult } from '#shared/catalog.ts';
import type { Job } from '#shared/jobs.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import { importSource } from './import-service.ts';

/** Imports as jobs: they go on when the window that started them is closed. */
export class ImportService {
  readonly #catalog: Catalog;
  readonly #jobs: JobRunner;

  constructor(catalog: Catalog, jobs: JobRunner) {
    this.#catalog = catalog;
    this.#jobs = jobs;
  }

  start(request: ImportRequest): { job: Job; result: Promise<ImportResult> } {
    const started = this.#jobs.start(
      { kind: 'import', title: `Import ${request.source ?? request.path}`, unit: 'images' },
      async (context) => {
        const result = await importSource(this.#catalog, request, {
          signal: context.signal,
          onProgress: ({ done, total, message }) => context.report(done, total, message),
        });
        context.report(
          result.added + result.skipped + result.failed,
          result.added + result.skipped + result.failed,
          summaryOf(result),
        );
        return result;
      },
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }
}

function summaryOf(result: ImportResult): string {
  return `${result.added.toLocaleString('en')} added, ${result.skipped.toLocaleString('en')} there already, ${result.failed.toLocaleString('en')} failed`;
}
