import { EXPRESSIONS } from '#shared/expressions.ts';
import type { FeedbackExtreme } from '#shared/rounds.ts';
import type { Evaluation, MemorySample, NetworkName, StepMetrics } from '#shared/training.ts';
import { NETWORK_LABELS } from '../../../text/words.ts';

/** One line of a chart. Its values stand beside the chart's steps; null where there is none. */
export interface Curve {
  readonly label: string;
  readonly color: string;
  readonly values: readonly (number | null)[];
  /** What `values` was smoothed from, drawn faintly behind. */
  readonly raw?: readonly (number | null)[];
  readonly axis?: 'right';
  readonly isDashed?: boolean;
  /** How far what `values` is the middle of reaches, drawn as a band around it. */
  readonly band?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
  /** Its values stand for themselves: dots, with no line through them. */
  readonly isDots?: boolean;
}

export interface ChartData {
  /** Tells charts apart whose title changes; the title where it does not. */
  readonly key?: string;
  readonly title: string;
  readonly note?: string;
  /** What is along the left and the right edge. */
  readonly units: readonly [left: string, right?: string];
  readonly steps: readonly number[];
  readonly curves: readonly Curve[];
  /** Shares: the left axis runs from 0 to 1 and reads as percent. */
  readonly isShare?: boolean;
  /** Shares, too, take the room of their own range: for differences that are small beside the whole. */
  readonly fitsValues?: boolean;
  /** Few points, each worth seeing. */
  readonly hasPoints?: boolean;
  /** Steps of which there is more to see, in their order. */
  readonly picks?: readonly number[];
}

export const NETWORK_COLORS: Readonly<Record<NetworkName, string>> = {
  base: '#3d7dca',
  adaptation: '#d9822b',
  ema: '#2f9e77',
  finetuned: '#b0529e',
};

const UNLABELED_COLOR = '#7fb2e5';
const TOTAL_COLOR = '#7a86a0';

/** How much of the past a smoothed value keeps; 0 smooths nothing. */
export const SMOOTHINGS = { none: 0, light: 0.8, strong: 0.97 } as const;
export type Smoothing = keyof typeof SMOOTHINGS;

/**
 * Exponential moving average with the correction for its start (as Adam's), so that the first values are not pulled to zero: the n-th is
 * (1−w) Σ wⁿ⁻ⁱ xᵢ / (1−wⁿ). Nulls stay null and count for nothing.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let norm = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return sum / norm;
  });
}

type MetricKey = Exclude<keyof StepMetrics, 'step'>;

interface MetricCurve {
  readonly key: MetricKey;
  readonly label: string;
  readonly color: string;
  readonly axis?: 'right';
  readonly isDashed?: boolean;
}

interface MetricChart {
  readonly title: string;
  readonly units: readonly [left: string, right?: string];
  readonly curves: readonly MetricCurve[];
  /** Exact by nature: smoothing would only blur them. */
  readonly isExact?: boolean;
}

const FEEDBACK_TITLE = 'Feedback';

const METRIC_CHARTS: readonly MetricChart[] = [
  {
    title: 'Losses',
    units: ['nats'],
    curves: [
      { key: 'labeledLoss', label: 'labeled', color: NETWORK_COLORS.base },
      { key: 'unlabeledLoss', label: 'consistency', color: UNLABELED_COLOR },
      { key: 'adaptationLoss', label: 'adaptation', color: NETWORK_COLORS.adaptation },
      { key: 'baseLoss', label: 'base, all', color: TOTAL_COLOR, isDashed: true },
    ],
  },
  {
    title: 'Learning rate and mask',
    units: ['per step', 'share of sure pseudo labels'],
    isExact: true,
    curves: [
      { key: 'baseLearningRate', label: 'base', color: NETWORK_COLORS.base },
      { key: 'adaptationLearningRate', label: 'adaptation', color: NETWORK_COLORS.adaptation, isDashed: true },
      { key: 'maskMean', label: 'mask', color: UNLABELED_COLOR, axis: 'right' },
    ],
  },
  {
    title: FEEDBACK_TITLE,
    units: ['nats', 'nats'],
    curves: [
      { key: 'feedback', label: 'old − new loss', color: NETWORK_COLORS.adaptation },
      { key: 'feedbackLoss', label: 'feedback loss', color: NETWORK_COLORS.base, axis: 'right', isDashed: true },
    ],
  },
  {
    title: 'Throughput',
    units: ['images/s', 'ms a step'],
    curves: [
      { key: 'imagesPerSecond', label: 'images/s', color: NETWORK_COLORS.ema },
      { key: 'stepMilliseconds', label: 'computing', color: TOTAL_COLOR, axis: 'right' },
      { key: 'dataMilliseconds', label: 'waiting for images', color: NETWORK_COLORS.finetuned, axis: 'right' },
    ],
  },
  {
    title: 'Gradient norms',
    units: ['norm'],
    curves: [
      { key: 'baseGradientNorm', label: 'base', color: NETWORK_COLORS.base },
      { key: 'adaptationGradientNorm', label: 'adaptation', color: NETWORK_COLORS.adaptation },
    ],
  },
];

/** Charts of what every step reports; curves and charts without a single value are left out. */
export function stepCharts(steps: readonly StepMetrics[], smoothing: Smoothing): ChartData[] {
  const numbers = steps.map(({ step }) => step);
  return METRIC_CHARTS.map(({ title, units, curves, isExact = false }) => ({
    title,
    units,
    steps: numbers,
    curves: curves.flatMap(({ key, ...look }): Curve[] => {
      const raw = steps.map((metrics) => metrics[key]);
      if (raw.every((value) => value === null)) return [];
      const weight = isExact ? 0 : SMOOTHINGS[smoothing];
      return [weight === 0 ? { ...look, values: raw } : { ...look, values: smooth(raw, weight), raw }];
    }),
  })).filter(({ curves }) => curves.length > 0);
}

/** The chart of the feedback with the steps whose batches were kept as dots, each at the feedback it had; another chart as it is. */
export function withKeptBatches(chart: ChartData, kept: readonly FeedbackExtreme[]): ChartData {
  if (chart.title !== FEEDBACK_TITLE || kept.length === 0) return chart;
  const picks = kept.map(({ step }) => step).sort((a, b) => a - b);
  const steps = [...new Set([...chart.steps, ...picks])].sort((a, b) => a - b);
  const place = new Map(chart.steps.map((step, index) => [step, index]));
  const spread = (values: readonly (number | null)[]): (number | null)[] =>
    steps.map((step) => values[place.get(step) ?? -1] ?? null);
  const feedback = new Map(kept.map((extreme) => [extreme.step, extreme.feedback]));
  return {
    ...chart,
    steps,
    picks,
    curves: [
      ...chart.curves.map((curve) => ({
        ...curve,
        values: spread(curve.values),
        ...(curve.raw !== undefined && { raw: spread(curve.raw) }),
      })),
      {
        label: 'batch kept',
        color: NETWORK_COLORS.ema,
        isDots: true,
        values: steps.map((step) => feedback.get(step) ?? null),
      },
    ],
  };
}

/** Of steps in their order, the one nearest to another; null where there is none. */
export function nearestStep(steps: readonly number[], step: number): number | null {
  return steps.reduce<number | null>(
    (nearest, candidate) =>
      nearest === null || Math.abs(candidate - step) < Math.abs(nearest - step) ? candidate : nearest,
    null,
  );
}

/** Bytes in a gibibyte. */
const GIBIBYTE = 2 ** 30;

/** Memory that the run's engine held; null where nothing of it is known. */
export function memoryChart(samples: readonly MemorySample[], span: Span): ChartData | null {
  const steps = [...new Set([...span, ...samples.map(({ step }) => step)])].sort((a, b) => a - b);
  const byStep = new Map(samples.map((sample) => [sample.step, sample]));
  const curves = MEMORY_CURVES.flatMap(({ key, ...look }): Curve[] => {
    if (samples.every((sample) => sample[key] === null)) return [];
    const values = steps.map((step) => byStep.get(step)?.[key] ?? null);
    return [{ ...look, values: values.map((bytes) => (bytes === null ? null : bytes / GIBIBYTE)) }];
  });
  if (curves.length === 0) return null;
  return { title: 'Memory', units: ['GiB'], steps, curves, hasPoints: samples.length < FEW_SAMPLES };
}

/** So few samples of memory that each is worth a point. */
const FEW_SAMPLES = 40;

const MEMORY_CURVES = [
  { key: 'hostBytes', label: 'of the machine', color: TOTAL_COLOR },
  { key: 'deviceBytes', label: 'of the GPU', color: NETWORK_COLORS.ema },
] as const;

/** First and last step of a run's charts: all span the same, so that one cursor and one zoom fit them all. */
export type Span = readonly [first: number, last: number];

const SCORES = {
  accuracy: 'Accuracy on validation',
  meanClassAccuracy: 'Mean-class accuracy on validation',
} as const;

/** Accuracy of each network that was evaluated while training, or its mean over the classes. */
export function accuracyChart(
  evaluations: readonly Evaluation[],
  span: Span,
  score: keyof typeof SCORES = 'accuracy',
): ChartData {
  const steps = stepsOf(evaluations, span);
  const networks = [...new Set(evaluations.map(({ network }) => network))];
  return {
    title: SCORES[score],
    units: ['share'],
    isShare: true,
    hasPoints: true,
    steps,
    curves: networks.map((network): Curve => {
      const byStep = byStepOf(evaluations, network);
      return {
        label: NETWORK_LABELS[network],
        color: NETWORK_COLORS[network],
        values: steps.map((step) => byStep.get(step)?.[score] ?? null),
      };
    }),
  };
}

/** Recall of each class of one network. */
export function recallChart(evaluations: readonly Evaluation[], network: NetworkName, span: Span): ChartData {
  const byStep = byStepOf(evaluations, network);
  const steps = stepsOf([...byStep.values()], span);
  const classCount = Math.max(0, ...[...byStep.values()].map(({ perClass }) => perClass.length));
  return {
    key: 'recall',
    title: `Recall per class, ${NETWORK_LABELS[network].toLowerCase()}`,
    units: ['share'],
    isShare: true,
    hasPoints: true,
    steps,
    curves: EXPRESSIONS.slice(0, classCount).map(({ label, letter, color }, index) => ({
      label: `${letter} ${label}`,
      color,
      values: steps.map((step) => byStep.get(step)?.perClass[index]?.recall ?? null),
    })),
  };
}

function stepsOf(evaluations: readonly Evaluation[], span: Span): number[] {
  return [...new Set([...span, ...evaluations.map(({ step }) => step)])].sort((a, b) => a - b);
}

function byStepOf(evaluations: readonly Evaluation[], network: NetworkName): Map<number, Evaluation> {
  return new Map(evaluations.filter((evaluation) => evaluation.network === network).map((one) => [one.step, one]));
}
