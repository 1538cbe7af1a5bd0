import type { StepMetrics, TrainingConfig } from '#shared/training.ts';
import type { ProcessGroup } from '../tensorflow/capture/collectives.ts';
import { fixMatchStep, type FixMatchState } from './fixmatch-step.ts';
import { metaStep, type MetaState } from './meta-step.ts';
import { learningRateFactor, unlabeledWeight } from './schedule.ts';
import type { StepExecutor } from './executor.ts';
import { dropoutSeed, type Fetched } from './step.ts';
import { supervisedStep, type SupervisedStepOptions } from './supervised-step.ts';
import { startAdaptationFromBase, type SingleState, type TrainingState } from './training-state.ts';

/** What is trained in a step: the base network alone, both, or (as the baselines) the adaptation network alone. */
export type StepKind = 'base-warmup' | 'meta' | 'fixmatch' | 'supervised';

export function stepKind(config: TrainingConfig, step: number): StepKind {
  if (config.method !== 'meta-face2exp') return config.method;
  return step < config.baseWarmupSteps ? 'base-warmup' : 'meta';
}

/** First step in which the adaptation network learns. Its schedule, and the ramp of the unlabeled loss, count from there. */
export function adaptationStart(config: TrainingConfig): number {
  return config.method === 'meta-face2exp' ? config.baseWarmupSteps : 0;
}

export interface StepRates {
  readonly baseLearningRate: number;
  readonly adaptationLearningRate: number;
  readonly unlabeledWeight: number;
}

export function ratesAt(config: TrainingConfig, step: number): StepRates {
  const { totalSteps, warmupSteps, adaptationWaitSteps: waitSteps } = config;
  const start = adaptationStart(config);
  const adaptationSchedule = { totalSteps: totalSteps - start, warmupSteps, waitSteps };
  const factor = step < start ? 0 : learningRateFactor(step - start, adaptationSchedule);
  return {
    baseLearningRate: config.baseLearningRate * learningRateFactor(step, { totalSteps, warmupSteps, waitSteps: 0 }),
    adaptationLearningRate: config.adaptationLearningRate * factor,
    unlabeledWeight: step < start ? 0 : unlabeledWeight(step - start, config.lambdaUnlabeled, config.udaSteps),
  };
}

/** The images of one step, in the order its kind wants them, and the labels of the labeled ones. */
export interface Batch {
  /** [count, height, width, 3]. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** What each labeled image counts for, 1 on the average of the set. */
  readonly labelWeights: Float32Array;
}

/** What a step reports, times left out. */
export type StepReport = Omit<StepMetrics, 'dataMilliseconds' | 'stepMilliseconds' | 'imagesPerSecond'>;

/** Besides, of a meta step, the class of each unlabeled image by its weak view. */
export type TrainingStepper = (
  step: number,
  batch: Batch,
) => Promise<StepReport & { readonly weakLabels?: ArrayLike<number> }>;

/**
 * The steps of a run on its state. Each call makes one step.
 * @param sharing how each batch is shared out: `config.batchSize` labeled images for each device.
 * @throws StudioError of the returned function: 'out-of-memory'.
 */
export function trainingStepper(
  config: TrainingConfig,
  state: TrainingState,
  executor: StepExecutor,
  sharing: StepSharing = {},
): TrainingStepper {
  const { towers = [], replicas, rateFactor = 1 } = sharing;
  const split = { towers, replicas, ...imageCounts(config, towers.length) };
  const stepper = stepperOf({ ...config, ...scaledRates(config, rateFactor) }, state, executor, split);
  if (state.adaptation.lossScale === null) return stepper;
  return async (step, batch) => withoutOverflow(await stepper(step, batch));
}

/** How the images of a step are shared out; the counts are this process's. */
interface StepSplit extends ImageCounts {
  readonly towers: readonly string[];
  readonly replicas: ProcessGroup | undefined;
}

/** Who shares the batches of a run. */
export interface StepSharing {
  /** Devices of this process; one or none where there is nothing to share. */
  readonly towers?: readonly string[];
  /** Processes that train together. */
  readonly replicas?: ProcessGroup | undefined;
  /** Of the learning rates: other than 1 where a run goes on with another number of devices than it began with. */
  readonly rateFactor?: number;
}

/** The rates grow with the images of a step (Goyal et al. 2017: "the linear scaling rule"). */
function scaledRates(
  { baseLearningRate, adaptationLearningRate }: TrainingConfig,
  factor: number,
): Pick<TrainingConfig, 'baseLearningRate' | 'adaptationLearningRate'> {
  return { baseLearningRate: baseLearningRate * factor, adaptationLearningRate: adaptationLearningRate * factor };
}

function stepperOf(
  config: TrainingConfig,
  state: TrainingState,
  executor: StepExecutor,
  split: StepSplit,
): TrainingStepper {
  if (state.base !== null) return metaStepper(config, state, executor, split);
  const { adaptation: learner, average, memory } = state;
  return memory === null
    ? supervisedStepper(config, state, executor, split)
    : fixMatchStepper(config, { learner, average, memory }, executor, split);
}

/** Gradients that overflow while the loss scale finds its height are no fault: their step was left out, and has no norm. */
function withoutOverflow<Report extends StepReport>(report: Report): Report {
  const finite = (norm: number | null): number | null => (norm === null || Number.isFinite(norm) ? norm : null);
  return {
    ...report,
    baseGradientNorm: finite(report.baseGradientNorm),
    adaptationGradientNorm: finite(report.adaptationGradientNorm),
  };
}

function supervisedStepper(
  config: TrainingConfig,
  { adaptation, average }: SingleState,
  executor: StepExecutor,
  split: StepSplit,
): TrainingStepper {
  const options = { ...config, ...supervisedSplit(split), name: 'adaptation' };
  const runner = executor.prepare(supervisedStep(adaptation, average, options));
  return async (step, { images, labels, labelWeights }) => {
    const { adaptationLearningRate: learningRate } = ratesAt(config, step);
    const feeds = { images, labels, labelWeights, learningRate, dropoutSeed: dropoutSeed(config.seed, step) };
    const { loss, gradientNorm } = await runner.run(feeds);
    return {
      ...emptyReport(step),
      adaptationLearningRate: learningRate,
      adaptationLoss: loss[0]!,
      adaptationGradientNorm: gradientNorm[0]!,
    };
  };
}

function fixMatchStepper(
  config: TrainingConfig,
  state: FixMatchState,
  executor: StepExecutor,
  split: StepSplit,
): TrainingStepper {
  const runner = executor.prepare(fixMatchStep(state, { ...config, ...split }));
  return async (step, { images, labels, labelWeights }) => {
    const { adaptationLearningRate: learningRate, unlabeledWeight: weight } = ratesAt(config, step);
    const feeds = {
      images,
      labels,
      labelWeights,
      learningRate,
      unlabeledWeight: weight,
      dropoutSeed: dropoutSeed(config.seed, step),
    };
    const { loss, gradientNorm, weakLabels: _labels, ...losses } = await runner.run(feeds);
    return {
      ...emptyReport(step),
      adaptationLearningRate: learningRate,
      unlabeledWeight: weight,
      ...scalars(losses),
      adaptationLoss: loss[0]!,
      adaptationGradientNorm: gradientNorm[0]!,
    };
  };
}

export interface ImageCounts {
  readonly labeledCount: number;
  readonly unlabeledCount: number;
}

/** Labeled and unlabeled images of one step in one process: as in the released program, a batch is what each device gets. */
export function imageCounts({ batchSize, mu }: TrainingConfig, towers: number): ImageCounts {
  const labeledCount = batchSize * Math.max(1, towers);
  return { labeledCount, unlabeledCount: labeledCount * mu };
}

function supervisedSplit({
  labeledCount,
  towers,
  replicas,
}: StepSplit): Pick<SupervisedStepOptions, 'batchSize' | 'towers' | 'replicas'> {
  return { batchSize: labeledCount, towers, replicas };
}

function metaStepper(
  config: TrainingConfig,
  state: MetaState,
  executor: StepExecutor,
  split: StepSplit,
): TrainingStepper {
  const definition = metaStep(state, { ...config, ...split });
  const meta = executor.prepare(definition);
  const warmup =
    config.baseWarmupSteps === 0
      ? null
      : executor.prepare(supervisedStep(state.base, null, { ...config, ...supervisedSplit(split), name: 'base' }));
  return async (step, { images, labels, labelWeights }) => {
    const rates = ratesAt(config, step);
    const seed = dropoutSeed(config.seed, step);
    if (warmup !== null && stepKind(config, step) === 'base-warmup') {
      const { baseLearningRate } = rates;
      const feeds = { images, labels, labelWeights, learningRate: baseLearningRate, dropoutSeed: seed };
      const { loss, gradientNorm } = await warmup.run(feeds);
      return {
        ...emptyReport(step),
        baseLearningRate,
        labeledLoss: loss[0]!,
        baseLoss: loss[0]!,
        baseGradientNorm: gradientNorm[0]!,
      };
    }
    if (warmup !== null && step === config.baseWarmupSteps) {
      await executor.readVariables(definition.variables);
      startAdaptationFromBase(state);
      await executor.writeVariables(definition.variables);
    }
    const fetched = await meta.run({ images, labels, labelWeights, ...rates, dropoutSeed: seed });
    const { weakLabels, feedbackLabels: _feedback, ...losses } = fetched;
    return { ...emptyReport(step), ...rates, ...scalars(losses), weakLabels };
  };
}

function emptyReport(step: number): StepReport {
  return {
    step,
    baseLearningRate: 0,
    adaptationLearningRate: 0,
    labeledLoss: null,
    unlabeledLoss: null,
    unlabeledLossMasked: null,
    maskMean: null,
    unlabeledWeight: null,
    udaLoss: null,
    adaptationLoss: null,
    labeledLossOld: null,
    labeledLossNew: null,
    feedback: null,
    feedbackLoss: null,
    baseLoss: null,
    baseGradientNorm: null,
    adaptationGradientNorm: null,
  };
}

function scalars<Name extends string>(fetched: Fetched<Name>): Record<Name, number> {
  const entries = Object.entries<Fetched<Name>[Name]>(fetched).map(([name, value]) => [name, value[0]!]);
  return Object.fromEntries(entries) as Record<Name, number>;
}
