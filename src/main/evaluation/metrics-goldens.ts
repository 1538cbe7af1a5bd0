import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { ConfidentLearning } from './confident-learning.ts';
import { confidentLearning } from './confident-learning.ts';
import { wilsonInterval } from './intervals.ts';
import type { Metrics } from './metrics.ts';
import { evaluatePredictions } from './metrics.ts';

/** One compared number or array of numbers. */
export interface GoldenResult {
  readonly name: string;
  readonly ok: boolean;
  /** Largest absolute difference; infinite where the shapes differ or a number is missing. */
  readonly maxError: number;
  readonly tolerance: number;
}

const TOLERANCE = 1e-9;
/** Reference programs sum these in float32. */
const BINNED_TOLERANCE = 1e-6;
/** Half a unit in the sixth decimal, to which the probabilities are stored. */
const STORED_ROUNDING = 5.1e-7;

interface MetricsGolden {
  readonly classes: number;
  readonly labels: number[];
  readonly givenLabels: number[];
  readonly probabilities: number[][];
  readonly expected: Record<string, unknown>;
}

/**
 * Compares the metrics with those of scikit-learn and cleanlab kept in `directory/expected.json`.
 * @throws StudioError `not-found` or `corrupt` when the file is missing or not of that layout.
 */
export async function runMetricsGoldens(directory: string): Promise<GoldenResult[]> {
  const golden = await readGolden(join(directory, 'expected.json'));
  const classNames = Array.from({ length: golden.classes }, (_, index) => `class ${index}`);
  const probabilities = golden.probabilities.flatMap(closeRow);
  const metrics = evaluatePredictions({ labels: golden.labels, probabilities, classNames });
  const confident = confidentLearning({ labels: golden.givenLabels, probabilities, classNames });
  return [
    ...metricCases(metrics, golden.expected),
    ...confidentCases(confident, golden.expected),
    ...intervalCases(golden.expected),
  ];
}

function metricCases(metrics: Metrics, expected: Record<string, unknown>): GoldenResult[] {
  const { perClass } = metrics;
  return [
    compare('accuracy', metrics.accuracy, expected['accuracy']),
    compare('top2', metrics.top2, expected['top2']),
    compare('meanClassAccuracy', metrics.meanClassAccuracy, expected['meanClassAccuracy']),
    compare('confusion', metrics.confusion, expected['confusion']),
    compare(
      'precision',
      perClass.map((score) => score.precision),
      expected['precision'],
    ),
    compare(
      'recall',
      perClass.map((score) => score.recall),
      expected['recall'],
    ),
    compare(
      'f1',
      perClass.map((score) => score.f1),
      expected['f1'],
    ),
    compare(
      'support',
      perClass.map((score) => score.support),
      expected['support'],
    ),
    compare('macroF1', metrics.macroF1, expected['macroF1']),
    compare('ece15', metrics.ece, expected['ece15'], BINNED_TOLERANCE),
    compare('nll', metrics.nll, expected['nll']),
    compare('brier', metrics.brier, expected['brier']),
    compare('averagePrecision', metrics.averagePrecision, expected['averagePrecision']),
  ];
}

function confidentCases(confident: ConfidentLearning, expected: Record<string, unknown>): GoldenResult[] {
  return [
    compare('confidentThresholds', confident.thresholds, expected['confidentThresholds'], BINNED_TOLERANCE),
    compare('confidentJointCounts', confident.counts, expected['confidentJointCounts']),
    compare('confidentJoint', confident.joint, expected['confidentJoint']),
    compare('offDiagonal', confident.offDiagonal, expected['offDiagonal']),
  ];
}

/** The expected intervals are keyed by "hits/count". */
function intervalCases(expected: Record<string, unknown>): GoldenResult[] {
  return Object.entries(asRecord(expected['wilson95'])).map(([share, interval]) => {
    const [hits, count] = share.split('/').map(Number);
    return compare(`wilson95 ${share}`, wilsonInterval(hits ?? NaN, count ?? NaN), interval);
  });
}

/**
 * Undoes the rounding of a row's last entry. The reference program closes each row to a sum of 1 in its last entry, and its scores there
 * carry float64 rounding that the stored six decimals lose. Average precision needs it: it treats equal scores as one threshold, and
 * without the rounding the last class has ties that its reference figure was computed without.
 */
function closeRow(row: readonly number[]): number[] {
  const others = row.slice(0, -1);
  const rest = 1 - others.reduce((total, probability) => total + probability, 0);
  return Math.abs(rest - row.at(-1)!) <= STORED_ROUNDING ? [...others, rest] : [...row];
}

function compare(name: string, actual: unknown, expected: unknown, tolerance: number = TOLERANCE): GoldenResult {
  const maxError = largestDifference(actual, expected);
  return { name, ok: maxError <= tolerance, maxError, tolerance };
}

function largestDifference(actual: unknown, expected: unknown): number {
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length === expected.length) {
    return actual.reduce<number>(
      (largest, value, index) => Math.max(largest, largestDifference(value, expected[index])),
      0,
    );
  }
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  return Math.abs(Number(actual) - Number(expected));
}

async function readGolden(path: string): Promise<MetricsGolden> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw toStudioError(error);
  });
  try {
    const { classes, labels, givenLabels, probabilities, expected } = asRecord(JSON.parse(text));
    if (typeof classes !== 'number') throw new TypeError('"classes" is not a number');
    return {
      classes,
      labels: asNumbers(labels),
      givenLabels: asNumbers(givenLabels),
      probabilities: asRows(probabilities, classes),
      expected: asRecord(expected),
    };
  } catch (cause) {
    throw new StudioError('corrupt', `${path} is not a set of metrics goldens: ${(cause as Error).message}.`, {
      hint: 'Give a folder with an expected.json that holds classes, labels, givenLabels, probabilities and expected.',
      cause,
    });
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('an object was expected');
  return value as Record<string, unknown>;
}

function asNumbers(value: unknown): number[] {
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'number')) {
    throw new TypeError('a list of numbers was expected');
  }
  return value;
}

function asRows(value: unknown, width: number): number[][] {
  if (!Array.isArray(value)) throw new TypeError('"probabilities" is not a list of rows');
  return value.map((row) => {
    const numbers = asNumbers(row);
    if (numbers.length !== width) throw new TypeError(`a row of probabilities does not hold ${width} numbers`);
    return numbers;
  });
}
