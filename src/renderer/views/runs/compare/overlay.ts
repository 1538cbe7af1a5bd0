import type { NetworkName, RunDetail, StepMetrics } from '#shared/training.ts';
import { type ChartData, type Span, SMOOTHINGS, type Smoothing, smooth } from '../charts/curves.ts';

/** A run of a comparison, with what tells it from the others in every chart and table: a number and a colour. */
export interface ComparedRun {
  readonly number: number;
  readonly label: string;
  readonly color: string;
  readonly isDashed: boolean;
  readonly run: RunDetail;
}

/** None of them a class's colour. */
const COLORS = ['#3d7dca', '#d9822b', '#2f9e77', '#b0529e', '#7a6ff0', '#c44e52', '#4c93a8', '#9a8a2f'] as const;

export function comparedRuns(runs: readonly RunDetail[]): ComparedRun[] {
  const isUnique = new Set(runs.map(({ name }) => name)).size === runs.length;
  return runs.map((run, index) => ({
    number: index + 1,
    label: isUnique ? run.name : run.id,
    color: COLORS[index % COLORS.length]!,
    isDashed: index >= COLORS.length,
    run,
  }));
}

interface Line {
  readonly of: ComparedRun;
  readonly points: readonly { readonly step: number; readonly value: number | null }[];
  /** Weight of the past in what is drawn; 0 draws the points themselves. */
  readonly smoothing: number;
}

/** One chart of lines that need not have their steps in common: where one has no value, its line goes on to its next. */
function overlay(
  chart: Pick<ChartData, 'title' | 'units' | 'isShare' | 'hasPoints'>,
  lines: readonly Line[],
  span: Span,
): ChartData {
  const drawn = lines.filter(({ points }) => points.some(({ value }) => value !== null));
  const measured = drawn.flatMap(({ points }) => points.map(({ step }) => step));
  const steps = [...new Set([...span, ...measured])].sort((a, b) => a - b);
  const spread = (byStep: ReadonlyMap<number, number | null>): (number | null)[] =>
    steps.map((step) => byStep.get(step) ?? null);
  return {
    ...chart,
    fitsValues: true,
    steps,
    curves: drawn.map(({ of: { number, label, color, isDashed }, points, smoothing }) => {
      const raw = points.map(({ value }) => value);
      const values = smoothing === 0 ? raw : smooth(raw, smoothing);
      return {
        label: `${number} ${label}`,
        color,
        isDashed,
        values: spread(new Map(points.map(({ step }, index) => [step, values[index] ?? null]))),
      };
    }),
  };
}

/** All charts span the longest run, so that one cursor and one zoom fit them all. */
function spanOf(runs: readonly ComparedRun[]): Span {
  return [0, Math.max(0, ...runs.map(({ run }) => run.step))];
}

const SCORE_TITLES = { accuracy: 'Accuracy on validation', meanClassAccuracy: 'Mean-class accuracy on validation' };

/** Validation accuracy of one network of each run, over the steps. */
export function scoreOverlay(
  runs: readonly ComparedRun[],
  network: NetworkName,
  score: keyof typeof SCORE_TITLES,
): ChartData {
  return overlay(
    { title: SCORE_TITLES[score], units: ['share'], isShare: true, hasPoints: true },
    runs.map((of) => ({
      of,
      smoothing: 0,
      points: of.run.evaluations
        .filter((evaluation) => evaluation.network === network && evaluation.split === 'validation')
        .map((evaluation) => ({ step: evaluation.step, value: evaluation[score] })),
    })),
    spanOf(runs),
  );
}

const METRICS = [
  { key: 'labeledLoss', title: 'Labeled loss', unit: 'nats' },
  { key: 'adaptationLoss', title: 'Adaptation loss', unit: 'nats' },
  { key: 'unlabeledLoss', title: 'Consistency loss', unit: 'nats' },
  { key: 'feedback', title: 'Feedback, old − new loss', unit: 'nats' },
  { key: 'maskMean', title: 'Share of sure pseudo labels', unit: 'share' },
  { key: 'imagesPerSecond', title: 'Throughput', unit: 'images/s' },
] as const satisfies readonly { key: keyof StepMetrics; title: string; unit: string }[];

/** What every step reports, of all runs; charts of what no run reports are left out. @param steps of each run, in the order of `runs`. */
export function metricOverlays(
  runs: readonly ComparedRun[],
  steps: readonly (readonly StepMetrics[])[],
  smoothing: Smoothing,
): ChartData[] {
  return METRICS.map(({ key, title, unit }) =>
    overlay(
      { title, units: [unit], isShare: key === 'maskMean' },
      runs.map((of, index) => ({
        of,
        smoothing: SMOOTHINGS[smoothing],
        points: (steps[index] ?? []).map((metrics) => ({ step: metrics.step, value: metrics[key] })),
      })),
      spanOf(runs),
    ),
  ).filter(({ curves }) => curves.length > 0);
}
