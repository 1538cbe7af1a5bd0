import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { TrainingConfig, TrainingManifest } from '#shared/training.ts';
import { unusedAsReleased } from '#shared/training-check.ts';
import { createImagePool } from '../imaging/pool.ts';
import { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import type { ClusterMember, Precision } from '../tensorflow/capture/config-proto.ts';
import { mixedPrecisionOf } from '../tensorflow/capture/precision.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import { BadImages } from './bad-images.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { trainingBatches } from './batches.ts';
import { checkManifest } from './check-manifest.ts';
import { type Checkpoint, loadCheckpoint } from './checkpoint.ts';
import type { TrainingEvent, TrainingOutcome } from './events.ts';
import { graphExecutor, type StepExecutor } from './executor.ts';
import { finetune } from './finetune.ts';
import { learnerVariables } from './learner.ts';
import { findTowers } from './towers.ts';
import { adaptationWeights, BEST, BEST_ADAPTATION, scoreFinetuned, validator } from './model-selection.ts';
import { type ReplicaExecutor, replicaExecutor } from './replica-executor.ts';
import {
  checkFinite,
  deviceCount,
  isWriter,
  requestedEnd,
  type RunContext,
  type RunControl,
  type RunProgress,
  saveRun,
} from './run-context.ts';
import { runWatch } from './run-watch.ts';
import { trainingStepper } from './training-steps.ts';
import {
  exportLearner,
  exportTrainingState,
  newLearner,
  newTrainingState,
  restoreLearner,
  restoreNetwork,
  restoreTrainingState,
  stateVariables,
  withoutPrefix,
} from './training-state.ts';

export interface TrainRunOptions {
  readonly config: TrainingConfig;
  readonly manifest: TrainingManifest;
  /** The run's folder, which exists: where it finds its last checkpoint, if it has one, and saves new ones. */
  readonly directory: string;
  readonly control: RunControl;
  readonly emit: (event: TrainingEvent) => void;
  /** Leaves out the training steps that are still to do, for good: fine-tunes the best there is. */
  readonly finetuneOnly?: boolean;
  /**
   * Trains together with other processes, which are given the same settings and images: each takes its part of every batch. The first one
   * writes the checkpoints; the others tell only of themselves. A process trains with one cluster in its life.
   */
  readonly cluster?: ClusterMember;
  /** Takes the processor for so many devices, to try several towers on a machine that has one. */
  readonly cpuDevices?: number;
}

/**
 * Trains a run from its beginning or its last checkpoint to its end: the training steps, with an evaluation and a checkpoint every so many,
 * then fine-tuning of the best network. On the same machine with the same number of threads an interrupted and resumed run computes the
 * very numbers of an uninterrupted one.
 *
 * @throws StudioError when it cannot start or go on: images or weights that cannot be used, a full disk, not enough memory, a loss that is
 * not a number, another process of the cluster that is gone. Checkpoints saved so far are intact.
 */
export async function trainRun({
  config,
  manifest,
  directory,
  control,
  emit: tell,
  finetuneOnly = false,
  cluster: member,
  cpuDevices,
}: TrainRunOptions): Promise<TrainingOutcome> {
  const { runtime, library } = await loadTensorFlow();
  checkManifest(config, manifest);
  const precision: Precision = config.mixedPrecision ? mixedPrecisionOf(runtime.device) : 'float32';
  const session = { precision, allowGrowth: true, ...(cpuDevices === undefined ? {} : { cpuDevices }) };
  const deviceType = runtime.device === 'gpu' ? 'GPU' : 'CPU';
  const cluster = member ?? null;
  const emit = isWriter({ cluster }) ? tell : ownEventsOf(tell);
  const towers = await findTowers(library, session, deviceType, towersWished(config, cluster));
  const devices = deviceCount({ towers, cluster });
  const warnings: string[] = [];
  const last = await loadCheckpoint(directory, 'last', (message) => warnings.push(message));
  const progress = progressOf(config, last);
  const firstDevices = last?.state.firstDevices ?? last?.state.devices ?? devices;
  emit({
    type: 'started',
    nextStep: progress.step,
    device: devices === 1 ? runtime.deviceName : `${devices} × ${runtime.deviceName}`,
    version: runtime.version,
    precision,
  });
  emit({ type: 'phase', phase: 'preparing' });
  warnings.push(
    ...unusedAsReleased(config),
    ...unmetWishes(config, precision, { devices, towers, cluster }),
    ...otherDevices(last, devices, firstDevices),
  );
  for (const message of warnings) emit({ type: 'log', level: 'warning', message });

  const bad = new BadImages(last?.state.badImages ?? [], (image, reason) =>
    emit({ type: 'badImage', image: image.id, path: image.reference.path, reason }),
  );
  const pool = createImagePool({ workers: config.workers, cacheBytes: config.cacheMegabytes * 2 ** 20 });
  const buffers = new BatchBuffers();
  const run: RunContext = {
    config,
    manifest,
    directory,
    control,
    emit,
    progress,
    pool,
    bad,
    buffers,
    library,
    session,
    towers,
    deviceType,
    cluster,
    firstDevices,
  };
  try {
    const trainsOn = !finetuneOnly && progress.finetuneSteps === null;
    // As in the released program one process fine-tunes: the labeled images are few.
    const end = (trainsOn ? await train(run, last) : null) ?? (isWriter(run) ? await finetuneBest(run) : null);
    if (end === null) emit({ type: 'phase', phase: 'done' });
    return { status: end ?? 'finished', step: progress.step, best: progress.best };
  } finally {
    await pool.close();
  }
}

/** What the settings ask for and this machine's run does without. */
function unmetWishes(
  { mixedPrecision, worldSize, synchronizeNormalization }: TrainingConfig,
  precision: Precision,
  { devices, towers, cluster }: { devices: number; towers: readonly string[]; cluster: ClusterMember | null },
): string[] {
  if (synchronizeNormalization && towers.length > 1) {
    throw new StudioError('unsupported', 'BatchNorm over all images needs a process for each device.', {
      hint: 'Start a worker for each device of this machine, or train without synchronised normalisation.',
      commandLine: 'CUDA_VISIBLE_DEVICES=N face2exp worker --listen HOST:PORT',
    });
  }
  return [
    ...(synchronizeNormalization && cluster === null
      ? ['Synchronised normalisation changes nothing: the run trains in one process.']
      : []),
    ...(mixedPrecision && precision === 'float32'
      ? ['This processor has no faster arithmetic for mixed precision: the run computes in float32.']
      : []),
    ...(worldSize > devices
      ? [
          `The run asks for ${worldSize} devices and computes on ${devices === 1 ? 'one' : devices}: there are no more here.`,
        ]
      : []),
  ];
}

/** A step takes a batch for each device: with another number of them the rest of a run sees other batches. */
function otherDevices(last: Checkpoint | null, devices: number, firstDevices: number): string[] {
  if (last === null || last.state.devices === devices) return [];
  const rates =
    devices === firstDevices
      ? 'learning rates are as set'
      : `learning rates are multiplied by ${devices}/${firstDevices}, as the batches are`;
  return [
    `The run was on ${last.state.devices} devices and goes on with ${devices}: its batches change their size here, and ${rates}.`,
  ];
}

/** Devices of a cluster are counted through all its processes; one each unless more are asked for. */
function towersWished({ worldSize }: TrainingConfig, cluster: ClusterMember | null): number {
  return cluster === null ? worldSize : Math.floor(worldSize / cluster.addresses.length);
}

/** What a process tells that is not the first of its cluster: what is not the same in all of them. */
function ownEventsOf(emit: (event: TrainingEvent) => void): (event: TrainingEvent) => void {
  return (event) => {
    if (event.type === 'replica' || event.type === 'badImage') emit(event);
    else if (event.type === 'log' && event.level !== 'info') emit(event);
  };
}

function progressOf(config: TrainingConfig, last: Checkpoint | null): RunProgress {
  if (last === null) return { step: config.startStep, finetuneSteps: null, best: null, bestAdaptation: null };
  const { step, finetuneSteps, best, bestAdaptation } = last.state;
  return { step, finetuneSteps, best, bestAdaptation };
}

/** The training steps that are still to do. @returns how the person ended them early, or null. */
async function train(run: RunContext, last: Checkpoint | null): Promise<'paused' | 'stopped' | null> {
  const { config, manifest, progress, emit } = run;
  if (progress.step >= config.totalSteps) return null;
  const state =
    last === null
      ? await newTrainingState(config, run.session.precision)
      : restoreTrainingState(config, last.tensors, 'the last checkpoint', run.session.precision);
  const variables = stateVariables(state);
  const replicas = replicasOf(run);
  const executor: StepExecutor = replicas ?? graphExecutor(run.library, run.session);
  const batches = trainingBatches(run, config, manifest, {
    towers: run.towers.length,
    rank: replicas?.group.rank,
    processes: replicas?.group.size,
  });
  try {
    const rateFactor = deviceCount(run) / run.firstDevices;
    const makeStep = trainingStepper(config, state, replicas?.together ?? executor, {
      towers: run.towers,
      replicas: replicas?.group,
      rateFactor,
    });
    const validate = validator(run, state, executor, replicas);
    const watch = runWatch(run, state, executor, replicas);
    emit({ type: 'phase', phase: 'training' });
    while (progress.step < config.totalSteps) {
      const end = replicas === null ? requestedEnd(run) : replicas.agreedRequest();
      if (end !== null) {
        await executor.readVariables(variables);
        await saveRun(run, await exportTrainingState(state), ['last']);
        return end;
      }

      const { step } = progress;
      const begun = performance.now();
      const batch = await batches.take(step, config.totalSteps);
      const loaded = performance.now();
      const { weakLabels, ...report } = await makeStep(step, batch);
      batch.release();
      const done = performance.now();
      checkFinite(report, `step ${step}`);
      const imageCount = (batch.images.length / (config.imageSize ** 2 * 3)) * (replicas?.group.size ?? 1);
      const imagesPerSecond = (1000 * imageCount) / (done - begun);
      const times = { dataMilliseconds: loaded - begun, stepMilliseconds: done - loaded, imagesPerSecond };
      if (replicas !== null) tellOfReplica(run, replicas, step, times);
      emit({ type: 'step', metrics: { ...report, ...times } });
      progress.step = step + 1;
      watch.step(step, report.feedback, batch, weakLabels);
      await watch.round();

      const isEvaluated = progress.step % config.evaluateEvery === 0 || progress.step === config.totalSteps;
      const isKept = config.checkpointEvery > 0 && progress.step % config.checkpointEvery === 0;
      if (isEvaluated || isKept) {
        const better = isEvaluated ? await validate() : { best: false, bestAdaptation: false };
        await executor.readVariables(variables);
        const tensors = await exportTrainingState(state);
        await saveRun(run, tensors, [
          ...(better.best ? [BEST] : []),
          ...(isEvaluated ? ['last'] : []),
          ...(isKept ? [`step-${progress.step}`] : []),
        ]);
        if (better.bestAdaptation) await saveRun(run, adaptationWeights(tensors), [BEST_ADAPTATION]);
      }
      // Lets messages in: a request to pause would otherwise wait for as long as batches are ready.
      await setImmediate();
    }
    return null;
  } finally {
    await batches.drain();
    await executor.close();
    tf.dispose(variables);
  }
}

/** @returns null where the run's process trains alone. */
function replicasOf({ cluster, library, session, towers, deviceType, control }: RunContext): ReplicaExecutor | null {
  if (cluster === null) return null;
  const group = new ProcessGroup(cluster, towers[0] ?? `/device:${deviceType}:0`);
  return replicaExecutor(library, { ...session, cluster }, group, () => requestedEnd({ control }));
}

function tellOfReplica(
  { emit }: RunContext,
  { group, exchangeMilliseconds }: ReplicaExecutor,
  step: number,
  times: { dataMilliseconds: number; stepMilliseconds: number; imagesPerSecond: number },
): void {
  const { dataMilliseconds, stepMilliseconds, imagesPerSecond } = times;
  emit({
    type: 'replica',
    rank: group.rank,
    step,
    dataMilliseconds,
    stepMilliseconds,
    exchangeMilliseconds: exchangeMilliseconds(),
    imagesPerSecond: imagesPerSecond / group.size,
  });
}

/** Fine-tunes the adaptation network, or its average, that validation liked best, scores it, and saves it as `finetuned`. @returns as {@link finetune}. */
async function finetuneBest(run: RunContext): Promise<'paused' | 'stopped' | null> {
  const { config, directory, progress, emit, session } = run;
  const { precision } = session;
  if (config.finetuneEpochs === 0) return null;
  const warn = (message: string): void => emit({ type: 'log', level: 'warning', message });
  const last = await loadCheckpoint(directory, 'last', warn);
  const best = (await loadCheckpoint(directory, BEST_ADAPTATION, warn)) ?? last;
  const chosen = progress.bestAdaptation?.network ?? (config.ema === 0 ? 'adaptation' : 'ema');
  const learner =
    progress.finetuneSteps === null
      ? newLearner(config, 'finetuned', restoreNetwork(config, chosen, best!.tensors, 'the best checkpoint'), precision)
      : restoreLearner(config, 'finetuned', last!.tensors, 'the last checkpoint', precision);
  const trained = withoutPrefix(last!.tensors, 'finetuned.');
  emit({ type: 'phase', phase: 'finetuning' });
  try {
    const end = await finetune(run, learner, trained);
    if (end !== null) return end;
    await scoreFinetuned(run, learner.network);
    const finetuned = await exportLearner('finetuned', learner);
    await saveRun(run, finetuned, ['finetuned']);
    await saveRun(run, new Map([...trained, ...finetuned]), ['last']);
    return null;
  } finally {
    tf.dispose(learnerVariables(learner));
  }
}
