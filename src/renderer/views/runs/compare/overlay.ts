import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Evaluation, NetworkName, RunDetail, StepMetrics } from '#shared/training.ts';
import { type ChartData, type Curve, type Span, SMOOTHINGS, type Smoothing, smooth } from '../charts/curves.ts';
import type { Spread } from '../search.ts';
import { type Point, meanOf, seedFamilies } from './seed-means.ts';

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
  readonly points: readonly Point[];
  /** Weight of the past in what is drawn; 0 draws the points themselves. */
  readonly smoothing: number;
}

/** One line of a chart, with steps of its own. */
interface Drawn {
  readonly look: Pick<Curve, 'label' | 'color' | 'isDashed'>;
  readonly steps: readonly number[];
  readonly values: readonly (number | null)[];
  readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] };
}

/**
 * One chart of lines that need not have their steps in common: where one has no value, its line goes on to its next.
 * @param spread draws runs that only their seeds tell apart as one line, the mean, in a band of how far they reach; null draws each.
 */
function overlay(
  chart: Pick<ChartData, 'title' | 'units' | 'isShare' | 'hasPoints'>,
  lines: readonly Line[],
  span: Span,
  spread: Spread | null,
): ChartData {
  const measured = lines.filter(({ points }) => points.some(({ value }) => value !== null)).map(smoothed);
  const drawn = spread === null ? measured.map(ownLine) : familyLines(measured, spread);
  const steps = [...new Set([...span, ...drawn.flatMap((line) => line.steps)])].sort((a, b) => a - b);
  return {
    ...chart,
    fitsValues: true,
    steps,
    curves: drawn.map(({ look, steps: own, values, band }): Curve => {
      const place = new Map(own.map((step, index) => [step, index]));
      const spreadOut = (numbers: readonly (number | null)[]): (number | null)[] =>
        steps.map((step) => numbers[place.get(step) ?? -1] ?? null);
      return {
        ...look,
        values: spreadOut(values),
        ...(band !== undefined && { band: { low: spreadOut(band.low), high: spreadOut(band.high) } }),
      };
    }),
  };
}

function smoothed({ of, points, smoothing }: Line): { of: ComparedRun; points: readonly Point[] } {
  if (smoothing === 0) return { of, points };
  const values = smooth(
    points.map(({ value }) => value),
    smoothing,
  );
  return { of, points: points.map(({ step }, index) => ({ step, value: values[index] ?? null })) };
}

type Smoothed = ReturnType<typeof smoothed>;

function ownLine({ of: { number, label, color, isDashed }, points }: Smoothed): Drawn {
  return {
    look: { label: `${number} ${label}`, color, isDashed },
    steps: points.map(({ step }) => step),
    values: points.map(({ value }) => value),
  };
}

function familyLines(lines: readonly Smoothed[], spread: Spread): Drawn[] {
  return seedFamilies(lines.map(({ of }) => of)).map((family) => {
    const members = lines.filter(({ of }) => family.includes(of));
    const [first] = members;
    if (members.length === 1) return ownLine(first!);
    const { color, isDashed, label } = first!.of;
    const numbers = members.map(({ of }) => of.number).join('+');
    const { steps, mean, low, high } = meanOf(
      members.map(({ points }) => points),
      spread,
    );
    return {
      look: { label: `${numbers} ${label}, mean of ${members.length}`, color, isDashed },
      steps,
      values: mean,
      band: { low, high },
    };
  });
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
  spread: Spread | null = null,
): ChartData {
  return evaluationOverlay(runs, network, SCORE_TITLES[score], (evaluation) => evaluation[score], spread);
}

/** Recall of one class by one network of each run, over the steps. @param index of the class. */
export function recallOverlay(
  runs: readonly ComparedRun[],
  network: NetworkName,
  index: number,
  spread: Spread | null = null,
): ChartData {
  const title = `Recall of ${EXPRESSIONS[index]!.label.toLowerCase()} on validation`;
  const chart = evaluationOverlay(runs, network, title, ({ perClass }) => perClass[index]?.recall ?? null, spread);
  return { ...chart, key: 'recall' };
}

function evaluationOverlay(
  runs: readonly ComparedRun[],
  network: NetworkName,
  title: string,
  valueOf: (evaluation: Evaluation) => number | null,
  spread: Spread | null,
): ChartData {
  return overlay(
    { title, units: ['share'], isShare: true, hasPoints: true },
    runs.map((of) => ({
      of,
      smoothing: 0,
      points: of.run.evaluations
        .filter((evaluation) => evaluation.network === network && evaluation.split === 'validation')
        .map((evaluation) => ({ step: evaluation.step, value: valueOf(evaluation) })),
    })),
    spanOf(runs),
    spread,
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
  spread: Spread | null = null,
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
      spread,
    ),
  ).filter(({ curves }) => curves.length > 0);
}
