import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { toStudioError } from '#shared/errors.ts';
import type { BackupResult } from '#shared/export.ts';
import type { Job } from '#shared/jobs.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { backupFileFor } from '../../catalog/safekeeping.ts';
import type { JobRunner } from '../../jobs/runner.ts';
import type { Workspace } from '../workspace.ts';

/** Backups of the catalog, as jobs, while it is in use. */
export class BackupService {
  readonly #workspace: Workspace;
  readonly #catalog: Catalog;
  readonly #jobs: JobRunner;

  constructor(workspace: Workspace, catalog: Catalog, jobs: JobRunner) {
    this.#workspace = workspace;
    this.#catalog = catalog;
    this.#jobs = jobs;
  }

  /** @param file where to; a folder `backups` in the workspace, named by the time, when left out. */
  start(file = backupFileFor(this.#workspace.catalogFile, new Date())): { job: Job; result: Promise<BackupResult> } {
    const started = this.#jobs.start(
      { kind: 'backup', title: 'Back up the catalog', unit: 'pages' },
      async ({ signal, report }) => {
        makeFolder(dirname(file));
        await this.#catalog.backupTo(file, { signal, onProgress: report });
        return { file };
      },
    );
    started.result.catch(() => undefined); // its row holds the error; the caller may have left
    return started;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw toStudioError(error);
  }
}
