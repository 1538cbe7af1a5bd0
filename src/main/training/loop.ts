import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import type { Evaluation, NetworkName, TrainingConfig, TrainingManifest } from '#shared/training.ts';
import { createImagePool } from '../imaging/pool.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import { BadImages } from './bad-images.ts';
import { trainingBatches } from './batches.ts';
import { checkManifest } from './check-manifest.ts';
import { type Checkpoint, loadCheckpoint } from './checkpoint.ts';
import { evaluateNetworks } from './evaluate.ts';
import type { TrainingEvent, TrainingOutcome } from './events.ts';
import { graphExecutor } from './executor.ts';
import { finetune } from './finetune.ts';
import { learnerVariables } from './learner.ts';
import type { Network } from './network.ts';
import {
  checkFinite,
  requestedEnd,
  type RunContext,
  type RunControl,
  type RunProgress,
  saveRun,
} from './run-context.ts';
import { adaptationStart, trainingStepper } from './training-steps.ts';
import {
  exportLearner,
  exportTrainingState,
  networksOf,
  newLearner,
  newTrainingState,
  restoreLearner,
  restoreNetwork,
  restoreTrainingState,
  stateVariables,
  type TrainingState,
  withoutPrefix,
} from './training-state.ts';

/** Decoded images kept between epochs. */
const IMAGE_CACHE_BYTES = 512 * 2 ** 20;

export interface TrainRunOptions {
  readonly config: TrainingConfig;
  readonly manifest: TrainingManifest;
  /** The run's folder, which exists: where it finds its last checkpoint, if it has one, and saves new ones. */
  readonly directory: string;
  readonly control: RunControl;
  readonly emit: (event: TrainingEvent) => void;
}

/**
 * Trains a run from its beginning or its last checkpoint to its end: the training steps, with an evaluation and a checkpoint every so many,
 * then fine-tuning of the best network. On the same machine with the same number of threads an interrupted and resumed run computes the
 * very numbers of an uninterrupted one.
 *
 * @throws StudioError when it cannot start or go on: images or weights that cannot be used, a full disk, not enough memory, a loss that is
 * not a number. Checkpoints saved so far are intact.
 */
export async function trainRun({
  config,
  manifest,
  directory,
  control,
  emit,
}: TrainRunOptions): Promise<TrainingOutcome> {
  const { runtime, library } = await loadTensorFlow();
  checkManifest(config, manifest);
  const warnings: string[] = [];
  const last = await loadCheckpoint(directory, 'last', (message) => warnings.push(message));
  const progress = progressOf(config, last);
  emit({
    type: 'started',
    nextStep: progress.step,
    device: runtime.deviceName,
    version: runtime.version,
    precision: 'float32',
  });
  emit({ type: 'phase', phase: 'preparing' });
  for (const message of [...warnings, ...unmetWishes(config)]) emit({ type: 'log', level: 'warning', message });

  const bad = new BadImages(last?.state.badImages ?? [], (image, reason) =>
    emit({ type: 'badImage', image: image.id, path: image.reference.path, reason }),
  );
  const pool = createImagePool({ workers: config.workers, cacheBytes: IMAGE_CACHE_BYTES });
  const run: RunContext = { config, manifest, directory, control, emit, progress, pool, bad, library };
  try {
    const end = (await train(run, last)) ?? (await finetuneBest(run));
    if (end === null) emit({ type: 'phase', phase: 'done' });
    return { status: end ?? 'finished', step: progress.step, best: progress.best };
  } finally {
    await pool.close();
  }
}

/** What the settings ask for and this machine's run does without. */
function unmetWishes({ mixedPrecision, worldSize }: TrainingConfig): string[] {
  return [
    ...(mixedPrecision ? ['Mixed precision is not available here: the run computes in float32.'] : []),
    ...(worldSize > 1 ? [`The run asks for ${worldSize} devices and computes on one.`] : []),
  ];
}

function progressOf(config: TrainingConfig, last: Checkpoint | null): RunProgress {
  if (last === null) return { step: config.startStep, finetuneSteps: null, best: null };
  const { step, finetuneSteps, best } = last.state;
  return { step, finetuneSteps, best };
}

/** The training steps that are still to do. @returns how the person ended them early, or null. */
async function train(run: RunContext, last: Checkpoint | null): Promise<'paused' | 'stopped' | null> {
  const { config, manifest, progress, emit } = run;
  if (progress.step >= config.totalSteps) return null;
  const state =
    last === null ? await newTrainingState(config) : restoreTrainingState(config, last.tensors, 'the last checkpoint');
  const variables = stateVariables(state);
  const executor = graphExecutor(run.library);
  const batches = trainingBatches(run, config, manifest);
  try {
    const makeStep = trainingStepper(config, state, executor);
    emit({ type: 'phase', phase: 'training' });
    while (progress.step < config.totalSteps) {
      const end = requestedEnd(run);
      if (end !== null) {
        await executor.readVariables(variables);
        await saveRun(run, await exportTrainingState(state), ['last']);
        return end;
      }

      const { step } = progress;
      const begun = performance.now();
      const batch = await batches.take(step, config.totalSteps);
      const loaded = performance.now();
      const report = await makeStep(step, batch);
      const done = performance.now();
      checkFinite(report, `step ${step}`);
      const imageCount = batch.images.length / (config.imageSize ** 2 * 3);
      const imagesPerSecond = (1000 * imageCount) / (done - begun);
      const times = { dataMilliseconds: loaded - begun, stepMilliseconds: done - loaded, imagesPerSecond };
      emit({ type: 'step', metrics: { ...report, ...times } });
      progress.step = step + 1;

      const isEvaluated = progress.step % config.evaluateEvery === 0 || progress.step === config.totalSteps;
      const isKept = config.checkpointEvery > 0 && progress.step % config.checkpointEvery === 0;
      if (isEvaluated || isKept) {
        await executor.readVariables(variables);
        const isBest = isEvaluated && (await evaluateState(run, state));
        const names = [
          ...(isBest ? ['best'] : []),
          ...(isEvaluated ? ['last'] : []),
          ...(isKept ? [`step-${progress.step}`] : []),
        ];
        await saveRun(run, await exportTrainingState(state), names);
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

/**
 * Scores the networks that have begun to learn on the validation images. As released, the adaptation network, or its moving average where
 * there is one, is the candidate for the best.
 * @returns whether it is the best so far.
 */
async function evaluateState(run: RunContext, state: TrainingState): Promise<boolean> {
  const { config, progress, emit } = run;
  const started = progress.step > adaptationStart(config);
  const evaluations = await evaluateOnValidation(
    run,
    networksOf(state).filter(([name]) => started || name === 'base'),
  );
  logMemory(run);
  emit({ type: 'phase', phase: 'training' });
  return chooseBest(run, evaluations, state.average === null ? 'adaptation' : 'ema');
}

/** Takes a network as the best when its accuracy is higher than every one before. */
function chooseBest({ progress }: RunContext, evaluations: readonly Evaluation[], candidate: NetworkName): boolean {
  const evaluation = evaluations.find(({ network }) => network === candidate);
  if (evaluation === undefined || evaluation.accuracy <= (progress.best?.accuracy ?? -1)) return false;
  const { accuracy, meanClassAccuracy, step } = evaluation;
  progress.best = { step, network: candidate, accuracy, meanClassAccuracy };
  return true;
}

async function evaluateOnValidation(
  run: RunContext,
  networks: readonly [NetworkName, Network][],
): Promise<Evaluation[]> {
  const { config, manifest, progress, pool, bad, emit } = run;
  if (manifest.validation.length === 0 || networks.length === 0) return [];
  emit({ type: 'phase', phase: 'evaluating' });
  const evaluations = await evaluateNetworks({
    networks,
    images: manifest.validation,
    classes: manifest.classes,
    split: 'validation',
    step: progress.step,
    view: config,
    pool,
    onBadImage: (image, reason) => bad.add(image, reason),
  });
  for (const evaluation of evaluations) emit({ type: 'evaluation', evaluation });
  return evaluations;
}

/** Fine-tunes the network that validation chose, scores it, and saves it as `finetuned`. @returns as {@link finetune}. */
async function finetuneBest(run: RunContext): Promise<'paused' | 'stopped' | null> {
  const { config, directory, progress, emit } = run;
  if (config.finetuneEpochs === 0) return null;
  const warn = (message: string): void => emit({ type: 'log', level: 'warning', message });
  const last = await loadCheckpoint(directory, 'last', warn);
  const best = (await loadCheckpoint(directory, 'best', warn)) ?? last;
  const chosen = progress.best?.network ?? (config.ema === 0 ? 'adaptation' : 'ema');
  const learner =
    progress.finetuneSteps === null
      ? newLearner(config, 'finetuned', restoreNetwork(config, chosen, best!.tensors, 'the best checkpoint'))
      : restoreLearner(config, 'finetuned', last!.tensors, 'the last checkpoint');
  const trained = withoutPrefix(last!.tensors, 'finetuned.');
  emit({ type: 'phase', phase: 'finetuning' });
  try {
    const end = await finetune(run, learner, trained);
    if (end !== null) return end;
    chooseBest(run, await evaluateOnValidation(run, [['finetuned', learner.network]]), 'finetuned');
    const finetuned = await exportLearner('finetuned', learner);
    await saveRun(run, finetuned, ['finetuned']);
    await saveRun(run, new Map([...trained, ...finetuned]), ['last']);
    return null;
  } finally {
    tf.dispose(learnerVariables(learner));
  }
}

/** A leak shows here long before it hurts. */
function logMemory({ progress, emit }: RunContext): void {
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  emit({
    type: 'log',
    level: 'info',
    message: `Step ${progress.step}: ${tf.memory().numTensors} tensors, ${megabytes} MiB resident.`,
  });
}
