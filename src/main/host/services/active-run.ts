import { join } from 'node:path';
import type { WorkerLoad } from '#shared/cluster.ts';
import { type StudioError, deserializeError, serializeError } from '#shared/errors.ts';
import type { RunStatus, StepMetrics, TrainingConfig } from '#shared/training.ts';
import type { FromEngine } from '../../engine/messages.ts';
import type { TrainingEvent, TrainingOutcome } from '../../training/events.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { ProgressMeter } from '../../jobs/progress.ts';
import { nvidiaDriverLoaded } from '../../tensorflow/setup/gpu.ts';
import { RunCurves } from './run-curves.ts';
import { MemorySampler } from './engine-memory.ts';
import { WorkerLoads } from './worker-loads.ts';
import { keepTrainingRound } from './training-round.ts';
import { ClusterEngine } from '../cluster/cluster-engine.ts';
import { EngineProcess, type TrainingEngine } from '../engine-process.ts';
import type { EventBus } from '../events.ts';

/** Step rows are written together: a commit a step would cost more than the step of a small network. */
const FLUSH_INTERVAL_MILLISECONDS = 250;
/** An engine that crashes this often without finishing a step between is not started again. */
const CRASHES_IN_A_ROW = 3;

export interface ActiveRunOptions {
  readonly id: string;
  readonly directory: string;
  readonly catalog: Catalog;
  readonly events: EventBus;
  /** The training steps that are still to do are left out. */
  readonly finetuneOnly: boolean;
}

/**
 * One run while it trains: owns its engine process, keeps what the engine reports, and starts the engine again from the last checkpoint when
 * it crashes.
 */
export class ActiveRun {
  readonly id: string;
  /** Settles once the run has left the active state and its rows say how. Never rejects. */
  readonly ended: Promise<void>;
  readonly #options: ActiveRunOptions;
  readonly #job: number;
  readonly #meter = new ProgressMeter();
  readonly #steps: StepMetrics[] = [];
  readonly #curves: RunCurves | null;
  readonly #memory: MemorySampler;
  readonly #usesDevice: boolean;
  #flushTimer: NodeJS.Timeout | undefined;
  #engine: TrainingEngine | undefined;
  #workers: WorkerLoads | null = null;
  #enginesBefore = 0;
  readonly #environment: Readonly<Record<string, string>>;
  #request: 'pause' | 'stop' | undefined;
  #pausedStatus: RunStatus = 'paused';
  #crashes = 0;
  #seconds: number;
  #countedFrom: number | undefined;

  constructor(options: ActiveRunOptions) {
    this.id = options.id;
    this.#options = options;
    const run = options.catalog.runs.get(options.id);
    this.#seconds = run.seconds;
    this.#usesDevice = run.config.device !== 'cpu' && nvidiaDriverLoaded();
    this.#environment = engineEnvironment(run.config);
    this.#curves = run.config.tensorBoard ? new RunCurves(join(options.directory, 'tensorboard')) : null;
    this.#memory = new MemorySampler(
      (sample) => options.catalog.runs.addMemory(options.id, sample),
      (error) => this.#log('warning', `The memory in use is not known: ${serializeError(error).message}`),
    );
    this.#job = options.catalog.jobs.create({
      kind: 'train',
      title: `Train ${run.name}`,
      unit: 'steps',
      run: run.id,
    }).id;
    this.#updateJob({ status: 'running', done: run.step, total: run.totalSteps });
    options.catalog.runs.update(run.id, { status: 'running', phase: 'preparing', error: null });
    this.#changed();
    this.ended = this.#run();
  }

  /** Asks for a pause at the next step boundary and waits for it. @param status what the run is called then. */
  async pause(status: RunStatus = 'paused'): Promise<void> {
    this.#request ??= 'pause';
    this.#pausedStatus = status;
    this.#engine?.send({ kind: 'pause' });
    await this.ended;
  }

  async stop(): Promise<void> {
    this.#request = 'stop';
    this.#engine?.send({ kind: 'stop' });
    await this.ended;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const end = await this.#runEngineOnce();
        if ('outcome' in end) return this.#finish(end.outcome);
        if (end.error.code === 'cancelled' && this.#request !== undefined) {
          return this.#settle(this.#request === 'stop' ? 'stopped' : this.#pausedStatus);
        }
        if (!end.crashed || ++this.#crashes >= CRASHES_IN_A_ROW) return this.#fail(end.error);
        if (this.#request !== undefined) return this.#settle(this.#request === 'stop' ? 'stopped' : 'interrupted');
        this.#log('warning', `${end.error.message} Starting it again from the last checkpoint.`);
      }
    } catch (error) {
      this.#fail(deserializeError(serializeError(error)));
    } finally {
      await this.#memory.settled();
      this.#curves?.close();
    }
  }

  /** One engine process from its start to its end. */
  async #runEngineOnce(): Promise<{ outcome: TrainingOutcome } | { error: StudioError; crashed: boolean }> {
    let end: { outcome: TrainingOutcome } | { error: StudioError; crashed: boolean } | undefined;
    const engine = this.#newEngine((message) => {
      end = this.#receive(message) ?? end;
      if (end !== undefined) void engine.close();
    });
    this.#engine = engine;
    const { directory, finetuneOnly } = this.#options;
    engine.send({ kind: 'train', directory, finetuneOnly });
    // Asked for before the engine was there: it must hear it too.
    if (this.#request !== undefined) engine.send({ kind: this.#request });
    const exit = await engine.exited;
    this.#engine = undefined;
    this.#workers = null;
    this.#flush();
    return end ?? { error: engine.crash(exit), crashed: engine.startsAgain };
  }

  /** Of this machine, or those of the cluster that the run asks for. */
  #newEngine(onMessage: (message: FromEngine) => void): TrainingEngine {
    const environment = this.#environment;
    const { catalog, directory } = this.#options;
    const { name, request } = catalog.runs.get(this.id);
    const isRestart = this.#enginesBefore++ > 0;
    if (request.cluster === undefined) return new EngineProcess(onMessage, { environment });
    return new ClusterEngine({
      ...{ cluster: request.cluster, directory, environment, isRestart, onMessage },
      purpose: `Train ${name}`,
      onWorkers: (addresses) => (this.#workers = new WorkerLoads(addresses)),
      log: (level, message) => this.#log(level, message),
    });
  }

  /** How the workers of a cluster fare; none where the run trains on this machine. */
  get workers(): WorkerLoad[] {
    return this.#workers?.list() ?? [];
  }

  #receive(message: FromEngine): { outcome: TrainingOutcome } | { error: StudioError; crashed: false } | undefined {
    switch (message.kind) {
      case 'training':
        this.#keep(message.event);
        return undefined;
      case 'trained':
        return { outcome: message.outcome };
      case 'failed':
        return { error: deserializeError(message.error), crashed: false };
      default:
        return undefined;
    }
  }

  #keep(event: TrainingEvent): void {
    const { runs } = this.#options.catalog;
    switch (event.type) {
      case 'started':
        // Steps after the checkpoint are repeated exactly; their old rows go.
        this.#flush();
        runs.deleteStepsAfter(this.id, event.nextStep - 1);
        runs.update(this.id, {
          step: event.nextStep,
          runtime: { version: event.version, device: event.device, precision: event.precision },
        });
        this.#countedFrom = performance.now();
        break;
      case 'phase':
        this.#flush();
        runs.update(this.id, { phase: event.phase });
        this.#updateJob({ message: event.phase });
        this.#changed();
        break;
      case 'step':
        this.#crashes = 0;
        this.#steps.push(event.metrics);
        this.#curves?.addStep(event.metrics);
        this.#flushTimer ??= setTimeout(() => this.#flush(), FLUSH_INTERVAL_MILLISECONDS);
        break;
      case 'replica':
        this.#keepLoad(event);
        break;
      case 'evaluation':
        this.#flush();
        runs.addEvaluation(this.id, event.evaluation);
        this.#curves?.addEvaluation(event.evaluation);
        this.#changed();
        break;
      case 'checkpoint':
        this.#flush();
        if (event.best !== null) runs.update(this.id, { best: event.best });
        this.#changed();
        break;
      case 'round':
        keepTrainingRound(this.#options.catalog, this.id, event);
        this.#options.events.publish({ type: 'rounds.changed' });
        break;
      case 'feedbackExtreme':
        runs.addFeedbackExtreme(this.id, event);
        break;
      case 'badImage':
        runs.addBadImage(this.id, event.image, event.path, event.reason);
        break;
      case 'finetune':
        this.#updateJob({ message: `fine-tuning: epoch ${event.epoch} of ${event.epochs}` });
        break;
      case 'log':
        this.#log(event.level, event.message);
        break;
    }
  }

  #keepLoad(event: Extract<TrainingEvent, { type: 'replica' }>): void {
    const warning = this.#workers?.add(event) ?? null;
    if (warning === null) return;
    this.#log('warning', warning);
    this.#changed();
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const steps = this.#steps.splice(0);
    const last = steps.at(-1);
    if (last === undefined) return;
    const { catalog, events } = this.#options;
    const { totalSteps } = catalog.runs.summary(this.id);
    const progress = this.#meter.read(last.step + 1, totalSteps);
    catalog.runs.appendSteps(this.id, steps);
    catalog.runs.update(this.id, {
      step: last.step + 1,
      imagesPerSecond: last.imagesPerSecond,
      secondsLeft: progress.secondsLeft,
      seconds: this.#countSeconds(),
    });
    this.#updateJob({
      done: progress.done,
      total: progress.total,
      rate: progress.rate,
      secondsLeft: progress.secondsLeft,
    });
    const pid = this.#engine instanceof EngineProcess ? this.#engine.pid : undefined;
    this.#memory.note(last.step, pid, this.#usesDevice);
    events.publish({ type: 'runs.progress', run: this.id, step: last.step });
  }

  #countSeconds(): number {
    const now = performance.now();
    if (this.#countedFrom !== undefined) this.#seconds += (now - this.#countedFrom) / 1000;
    this.#countedFrom = now;
    return this.#seconds;
  }

  #finish(outcome: TrainingOutcome): void {
    if (outcome.best !== null) this.#options.catalog.runs.update(this.id, { best: outcome.best });
    if (outcome.status === 'finished') this.#options.catalog.runs.update(this.id, { phase: 'done' });
    this.#settle(outcome.status === 'paused' ? this.#pausedStatus : outcome.status);
  }

  #fail(error: StudioError): void {
    this.#log('error', error.message);
    this.#options.catalog.runs.update(this.id, { error: error.toJSON() });
    this.#updateJob({ error: error.toJSON() });
    this.#settle('failed');
  }

  #settle(status: RunStatus): void {
    const { runs } = this.#options.catalog;
    runs.update(this.id, { status, secondsLeft: null, imagesPerSecond: null, seconds: this.#countSeconds() });
    this.#updateJob({ status: status === 'stopped' ? 'cancelled' : status, rate: null, secondsLeft: null });
    this.#changed();
  }

  #updateJob(patch: Parameters<Catalog['jobs']['update']>[1]): void {
    const job = this.#options.catalog.jobs.update(this.#job, patch);
    this.#options.events.publish({ type: 'jobs.changed', job });
  }

  #log(level: 'info' | 'warning' | 'error', message: string): void {
    this.#options.catalog.runs.addLog(this.id, level, message);
  }

  #changed(): void {
    this.#options.events.publish({ type: 'runs.changed', run: this.id });
  }
}

/** TensorFlow makes its threads when it is loaded, before any setting of a session is read. */
export function engineEnvironment({ threads }: TrainingConfig): Record<string, string> {
  if (threads === 0) return {};
  return { TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: String(threads) };
}
