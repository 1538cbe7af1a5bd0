import { availableParallelism } from 'node:os';
import { StudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import type { WorkspaceInfo } from '#shared/requests.ts';
import type { DoctorReport, RuntimeInfo } from '#shared/runtime.ts';
import { type Catalog, openCatalog } from '../catalog/catalog.ts';
import { JobRunner } from '../jobs/runner.ts';
import { ensureRuntime } from '../tensorflow/setup/ensure-runtime.ts';
import { runtimeStatus } from '../tensorflow/setup/status.ts';
import { runDoctor } from './doctor.ts';
import { EventBus } from './events.ts';
import { DemoService } from './services/demo-service.ts';
import { ImportService } from './services/imports.ts';
import { PredictionService } from './services/prediction-service.ts';
import { RunService } from './services/run-service.ts';
import { STUDIO_VERSION } from './version.ts';
import { type Workspace, type WorkspaceLock, lockWorkspace, openWorkspace } from './workspace.ts';

export interface Studio {
  readonly workspace: Workspace;
  readonly lock: WorkspaceLock;
  readonly catalog: Catalog;
  readonly events: EventBus;
  readonly jobs: JobRunner;
  readonly imports: ImportService;
  readonly demo: DemoService;
  readonly runs: RunService;
  readonly predictions: PredictionService;
  info(): WorkspaceInfo;
  doctor(): Promise<DoctorReport>;
  setUpRuntime(): { job: Job; result: Promise<RuntimeInfo> };
  cancelJob(id: number): Promise<void>;
  /** Lets interrupted runs go on; what they are is told in `info().notices`. */
  resumeInterrupted(): void;
  close(): Promise<void>;
}

/**
 * Opens a workspace with everything that works on it: the one place where the parts of the host are put together. Takes the workspace's lock;
 * work that was running when a host died is found here and becomes `interrupted`.
 *
 * @throws StudioError 'conflict' when another host holds the workspace.
 */
export function createStudio(options: { workspace: string }): Studio {
  const workspace = openWorkspace(options.workspace);
  const lock = lockWorkspace(workspace);
  let catalog: Catalog;
  try {
    catalog = openCatalog(workspace.catalogFile);
  } catch (error) {
    lock.release();
    throw error;
  }
  const events = new EventBus();
  const jobs = new JobRunner(catalog.jobs, (job) => {
    events.publish({ type: 'jobs.changed', job });
    if (job.status === 'finished') events.publish({ type: 'catalog.changed' });
  });
  const runs = new RunService(workspace, catalog, events);
  const imports = new ImportService(catalog, jobs);
  const demo = new DemoService({ workspace, catalog, jobs, runs });
  const predictions = new PredictionService({
    workspace,
    catalog,
    runs,
    jobs,
    workers: Math.min(4, availableParallelism()),
  });
  const notices = interruptedNotices(catalog);

  return {
    workspace,
    lock,
    catalog,
    events,
    jobs,
    imports,
    demo,
    runs,
    predictions,
    info: () => {
      const runtime = runtimeStatus();
      return {
        directory: workspace.directory,
        name: workspace.name,
        version: STUDIO_VERSION,
        images: catalog.stats({}).images,
        runtime: runtime === null ? null : runtime.info,
        notices,
      };
    },
    doctor: () => runDoctor(catalog, workspace),
    setUpRuntime: () =>
      jobs.start({ kind: 'setup', title: 'Set up TensorFlow', unit: 'bytes' }, ({ signal, report }) =>
        ensureRuntime({
          device: 'auto',
          signal,
          onProgress: ({ done, total, message }) => report(done, total, message),
        }),
      ),
    cancelJob: async (id) => {
      const job = catalog.jobs.get(id);
      if (job.run !== null && job.kind === 'train') await runs.stop(job.run);
      else if (jobs.isActive(id)) jobs.cancel(id);
      else throw new StudioError('conflict', `Job ${id} is not running.`);
    },
    resumeInterrupted: () => {
      for (const run of runs.resumeInterrupted()) {
        const notice = `Run ${run.name} was interrupted at step ${run.step} and goes on from its last checkpoint.`;
        notices.push(notice);
        events.publish({ type: 'notice', level: 'info', message: notice });
      }
    },
    close: async () => {
      lock.setServing(false);
      await runs.close();
      await jobs.close();
      await predictions.close();
      catalog.close();
      lock.release();
    },
  };
}

/** Marks what a killed host left as running, and says what it was. */
function interruptedNotices(catalog: Catalog): string[] {
  return catalog
    .markInterrupted()
    .filter((job) => job.kind !== 'train')
    .map(
      (job) =>
        `“${job.title}” was interrupted at ${job.done.toLocaleString('en')} ${job.unit}; start it again to continue.`,
    );
}
