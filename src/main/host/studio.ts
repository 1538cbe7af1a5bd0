import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import type { WorkspaceInfo } from '#shared/requests.ts';
import type { DoctorReport, RuntimeInfo } from '#shared/runtime.ts';
import { type Catalog, openCatalog } from '../catalog/catalog.ts';
import { damagedCatalog, withRestoreHint } from '../catalog/safekeeping.ts';
import { JobRunner } from '../jobs/runner.ts';
import { ensureRuntime } from '../tensorflow/setup/ensure-runtime.ts';
import { runtimeStatus } from '../tensorflow/setup/status.ts';
import { runDoctor } from './doctor.ts';
import { EventBus } from './events.ts';
import { AnalysisService } from './services/analysis-service.ts';
import { BackupService } from './services/backup-service.ts';
import { ComparisonService } from './services/comparison-service.ts';
import { DemoService } from './services/demo-service.ts';
import { ExportService } from './services/export-service.ts';
import { EvaluationService } from './services/evaluation-service.ts';
import { FaceLists } from './services/face-lists.ts';
import { ImportService } from './services/imports.ts';
import { LabelChangesService } from './services/label-changes.ts';
import { NameIndexing } from './services/name-indexing.ts';
import { NetworkEngine } from './services/network-engine.ts';
import { PredictionService } from './services/prediction-service.ts';
import { ReportService } from './services/report-service.ts';
import { ReviewService } from './services/review-service.ts';
import { RoundMaps } from './services/round-map.ts';
import { RoundService } from './services/round-service.ts';
import { RunService } from './services/run-service.ts';
import { SimilarService } from './services/similar-faces.ts';
import { TrialService } from './services/trial-service.ts';
import { WorkerList } from './services/worker-list.ts';
import { STUDIO_VERSION } from './version.ts';
import { type Workspace, type WorkspaceLock, lockWorkspace, openWorkspace } from './workspace.ts';

export interface Studio {
  readonly workspace: Workspace;
  readonly lock: WorkspaceLock;
  readonly catalog: Catalog;
  readonly events: EventBus;
  readonly jobs: JobRunner;
  readonly imports: ImportService;
  readonly exports: ExportService;
  readonly analysis: AnalysisService;
  readonly faces: FaceLists;
  readonly similar: SimilarService;
  readonly backups: BackupService;
  readonly demo: DemoService;
  readonly runs: RunService;
  readonly trials: TrialService;
  readonly workers: WorkerList;
  readonly predictions: PredictionService;
  readonly evaluations: EvaluationService;
  readonly rounds: RoundService;
  readonly maps: RoundMaps;
  readonly reviews: ReviewService;
  readonly comparisons: ComparisonService;
  readonly labelChanges: LabelChangesService;
  readonly reports: ReportService;
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
    catalog = openSoundCatalog(workspace.catalogFile, lock.afterCrash);
  } catch (error) {
    lock.release(!lock.afterCrash);
    throw error;
  }
  const indexing = new NameIndexing(catalog);
  indexing.start();
  const events = new EventBus();
  const jobs = new JobRunner(catalog.jobs, (job) => {
    events.publish({ type: 'jobs.changed', job });
    if (job.status !== 'finished') return;
    events.publish({ type: 'catalog.changed' });
    indexing.start();
  });
  const runs = new RunService(workspace, catalog, events);
  const trials = new TrialService(workspace, runs);
  const imports = new ImportService(catalog, jobs, join(workspace.directory, 'images'));
  const exports = new ExportService({ catalog, jobs, workspaceName: workspace.name });
  const analysis = new AnalysisService({ catalog, jobs, workers: availableParallelism() });
  const faces = new FaceLists(catalog, events);
  const backups = new BackupService(workspace, catalog, jobs);
  const demo = new DemoService({ workspace, catalog, jobs, runs });
  const engine = new NetworkEngine(workspace, runs);
  const decoders = Math.min(4, availableParallelism());
  const predictions = new PredictionService({ workspace, catalog, jobs, engine, workers: decoders });
  const evaluations = new EvaluationService({ workspace, catalog, runs, jobs, engine, workers: decoders });
  const comparisons = new ComparisonService(runs, evaluations);
  const reports = new ReportService(catalog, evaluations, comparisons);
  const rounds = new RoundService({ workspace, catalog, runs, jobs, events, engine, workers: decoders });
  const similar = new SimilarService({ catalog, embeddingFile: (round) => rounds.embeddingFile(round) });
  const maps = new RoundMaps({ catalog, rounds, jobs, events });
  const onChange = (): void => events.publish({ type: 'catalog.changed' });
  const onDecision = (images: number[] | null): void => events.publish({ type: 'decisions.changed', images });
  const reviews = new ReviewService({ catalog, rounds, runs, jobs, engine, workers: decoders, onDecision, onChange });
  const labelChanges = new LabelChangesService({ catalog, runs, audit: rounds.audit });
  const notices = interruptedNotices(catalog);

  return {
    workspace,
    lock,
    catalog,
    events,
    jobs,
    imports,
    exports,
    analysis,
    faces,
    similar,
    backups,
    demo,
    runs,
    trials,
    workers: new WorkerList(catalog),
    predictions,
    evaluations,
    rounds,
    maps,
    reviews,
    comparisons,
    labelChanges,
    reports,
    info: () => {
      const runtime = runtimeStatus();
      return {
        directory: workspace.directory,
        name: workspace.name,
        version: STUDIO_VERSION,
        images: catalog.imageCount(),
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
      await trials.close();
      await runs.close();
      await jobs.close();
      await engine.close();
      await indexing.close();
      catalog.close();
      lock.release();
    },
  };
}

/**
 * Opens the catalog; after a crash it is looked through first. @throws StudioError as `openCatalog`; 'corrupt' names the newest backup and how
 * to restore it.
 */
function openSoundCatalog(file: string, afterCrash: boolean): Catalog {
  let catalog: Catalog | undefined;
  try {
    catalog = openCatalog(file);
    const [damage] = afterCrash ? catalog.quickCheck() : [];
    if (damage !== undefined) throw damagedCatalog(file, `The catalog is damaged: ${damage}.`);
    return catalog;
  } catch (error) {
    catalog?.close();
    throw withRestoreHint(error, file);
  }
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
