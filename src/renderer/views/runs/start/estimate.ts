import type { Evaluation, StepMetrics, TrainingConfig, Trial } from '#shared/training.ts';

/** What one step takes, milliseconds, and one image of an evaluation. */
export interface StepTimes {
  /** Of the base network alone, and of a baseline's step; null where none was timed. */
  readonly alone: number | null;
  /** Of base and adaptation network together; null where none was timed. */
  readonly full: number | null;
  readonly perImage: number;
}

export interface TimedRun {
  readonly config: TrainingConfig;
  readonly steps: readonly StepMetrics[];
  readonly evaluations: readonly Pick<Evaluation, 'imagesPerSecond'>[];
}

/** What must be the same for one run to tell how long another takes. Batches may differ: time grows with their images. */
const SAME = ['method', 'architecture', 'width', 'stem', 'imageSize', 'mixedPrecision', 'device', 'threads'] as const;

export function isOfSameSize(one: TrainingConfig, other: TrainingConfig): boolean {
  return SAME.every((key) => one[key] === other[key]);
}

/** Steps at the start, in which TensorFlow still chooses its kernels, are not those that follow. */
const SETTLING_STEPS = 3;

/** The times of an earlier run, from its middle step; null while it has too few. */
export function timesOfRun({ config, steps, evaluations }: TimedRun): StepTimes | null {
  const settled = steps.slice(SETTLING_STEPS);
  const time = (metrics: StepMetrics): number => metrics.dataMilliseconds + metrics.stepMilliseconds;
  const { method, baseWarmupSteps } = config;
  const isFull = ({ step }: StepMetrics): boolean => method === 'meta-face2exp' && step >= baseWarmupSteps;
  const full = median(settled.filter(isFull).map(time));
  const alone = median(settled.filter((metrics) => !isFull(metrics)).map(time));
  if (full === null && alone === null) return null;
  const rate = median(evaluations.map(({ imagesPerSecond }) => imagesPerSecond));
  return { alone, full, perImage: rate !== null && rate > 0 ? 1000 / rate : forwardTime({ alone, full }, config) };
}

/** The times that a few timed steps tell. */
export function timesOfTrial({ aloneMilliseconds, fullMilliseconds }: Trial, config: TrainingConfig): StepTimes {
  const steps = { alone: aloneMilliseconds, full: fullMilliseconds };
  return { ...steps, perImage: forwardTime(steps, config) };
}

/**
 * A forward pass of one image: a third of forward and backward together. A full step has, for each labeled image, one such pair and two
 * forward passes, and for each of its `mu` unlabeled ones three pairs: two views for the base network, one for the adaptation network.
 */
function forwardTime({ alone, full }: Omit<StepTimes, 'perImage'>, { batchSize, mu }: TrainingConfig): number {
  if (alone !== null) return alone / (3 * batchSize);
  return (full ?? 0) / (batchSize * (5 + 9 * mu));
}

export interface Estimate {
  /** Seconds. */
  readonly training: number;
  readonly evaluating: number;
  readonly finetuning: number;
}

/**
 * How long a run takes on a machine where steps take so long. @param timed the settings under which they were timed: time is taken to grow
 * with the images of a step. @returns null when the steps it needs were not timed.
 */
export function estimateRun(
  config: TrainingConfig,
  images: { readonly labeled: number; readonly validation: number },
  times: StepTimes,
  timed: TrainingConfig,
): Estimate | null {
  const aloneSteps = config.method === 'meta-face2exp' ? Math.min(config.baseWarmupSteps, config.totalSteps) : 0;
  const fullSteps = config.totalSteps - aloneSteps;
  const isMeta = config.method === 'meta-face2exp';
  const imagesOf = (one: TrainingConfig): number => one.batchSize * (one.method === 'supervised' ? 1 : 1 + one.mu);
  const fullTime = isMeta ? times.full : (times.alone ?? times.full);
  if (fullTime === null) return null;
  const fullScale = imagesOf(config) / imagesOf(timed);
  const perAlone =
    times.alone === null || !isMeta
      ? times.perImage * 3 * config.batchSize
      : times.alone * (config.batchSize / timed.batchSize);
  const networks = (isMeta ? 2 : 1) + (config.ema > 0 ? 1 : 0);
  const evaluations = Math.ceil(config.totalSteps / config.evaluateEvery);
  return {
    training: (aloneSteps * perAlone + fullSteps * fullTime * fullScale) / 1000,
    evaluating: (evaluations * networks * images.validation * times.perImage) / 1000,
    finetuning: (config.finetuneEpochs * images.labeled * 3 * times.perImage) / 1000,
  };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
