import { setImmediate } from 'node:timers/promises';
import type { BootstrapChoice, Interval, Intervals } from '#shared/evaluation.ts';
import { RandomStream } from '#shared/random.ts';
import { accuracyOf, classScores, macroF1Of, meanClassAccuracyOf } from './confusion.ts';
import type { PredictionSet } from './prediction-set.ts';
import { checkPredictionSet, predictedClasses } from './prediction-set.ts';

/** Draws between two pauses in which a host answers others. */
const DRAWS_PER_TURN = 2_000_000;

/**
 * 95 % intervals of every metric, by the bootstrap (Efron and Tibshirani 1993, percentile method): the images are drawn again with
 * replacement, of each class as many as there are, so that a rare class is in every resample.
 *
 * @throws StudioError as `checkPredictionSet`; with the signal's reason once it is aborted.
 */
export async function bootstrapIntervals(
  predictions: PredictionSet,
  { resamples, seed }: BootstrapChoice,
  signal?: AbortSignal,
): Promise<Intervals> {
  checkPredictionSet(predictions);
  const strata = stratified(predictions);
  const width = predictions.classNames.length;
  const values = new Map<string, Float64Array>();
  const note = (name: string, resample: number, value: number): void => {
    const list = values.get(name) ?? new Float64Array(resamples);
    list[resample] = value;
    values.set(name, list);
  };
  const turn = Math.max(1, Math.floor(DRAWS_PER_TURN / strata.count));
  for (let resample = 0; resample < resamples; resample++) {
    const { confusion, top2, nll, brier } = drawnAgain(strata, width, seed, resample);
    const scores = classScores(confusion, predictions.classNames);
    note('accuracy', resample, accuracyOf(confusion));
    note('meanClassAccuracy', resample, meanClassAccuracyOf(scores));
    note('macroF1', resample, macroF1Of(confusion, scores));
    note('top2', resample, top2);
    note('nll', resample, nll);
    note('brier', resample, brier);
    for (const [index, { precision, recall, f1 }] of scores.entries()) {
      note(`precision ${index}`, resample, precision);
      note(`recall ${index}`, resample, recall);
      note(`f1 ${index}`, resample, f1);
    }
    if ((resample + 1) % turn === 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  const interval = (name: string): Interval => percentiles95(values.get(name)!);
  return {
    accuracy: interval('accuracy'),
    top2: interval('top2'),
    meanClassAccuracy: interval('meanClassAccuracy'),
    macroF1: interval('macroF1'),
    nll: interval('nll'),
    brier: interval('brier'),
    perClass: predictions.classNames.map((_, index) => ({
      precision: interval(`precision ${index}`),
      recall: interval(`recall ${index}`),
      f1: interval(`f1 ${index}`),
    })),
  };
}

/**
 * The 95 % interval of how much more often the second network is right than the first, by a bootstrap over the images, drawn again within
 * their classes. @param first @param second [N] 1 where right. @param labels [N].
 */
export function bootstrapDifference(
  labels: ArrayLike<number>,
  first: Uint8Array,
  second: Uint8Array,
  { resamples, seed }: BootstrapChoice,
): Interval {
  const rows = rowsByClass(labels);
  const gains = rows.map((row) => Int8Array.from(row, (position) => second[position]! - first[position]!));
  const values = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    const draw = indexDrawer(seed, resample);
    let sum = 0;
    for (const gain of gains) for (let draws = gain.length; draws > 0; draws--) sum += gain[draw(gain.length)]!;
    values[resample] = sum / labels.length;
  }
  return percentiles95(values);
}

/** What a resample needs of each image, images of a class side by side. */
interface Stratum {
  readonly predicted: Uint8Array;
  readonly inTop2: Uint8Array;
  readonly loss: Float64Array;
  readonly squaredDistance: Float64Array;
}
interface Strata {
  readonly count: number;
  readonly classes: readonly { readonly label: number; readonly images: Stratum }[];
}

function stratified(predictions: PredictionSet): Strata {
  const { labels, probabilities, classNames } = predictions;
  const width = classNames.length;
  const epsilon = probabilities instanceof Float32Array ? 2 ** -23 : Number.EPSILON;
  const predicted = predictedClasses(predictions);
  const classes = rowsByClass(labels).map((rows) => ({
    label: labels[rows[0]!]!,
    images: {
      predicted: Uint8Array.from(rows, (row) => predicted[row]!),
      inTop2: new Uint8Array(rows.length),
      loss: new Float64Array(rows.length),
      squaredDistance: new Float64Array(rows.length),
    },
    rows,
  }));
  for (const { label, rows, images } of classes) {
    for (const [position, row] of rows.entries()) {
      const start = row * width;
      const own = probabilities[start + label]!;
      let ahead = 0;
      let distance = 0;
      for (let column = 0; column < width; column++) {
        const other = probabilities[start + column]!;
        if (other > own || (other === own && column < label)) ahead++;
        distance += (other - (column === label ? 1 : 0)) ** 2;
      }
      images.inTop2[position] = ahead < 2 ? 1 : 0;
      images.loss[position] = -Math.log(Math.min(1 - epsilon, Math.max(epsilon, own)));
      images.squaredDistance[position] = distance;
    }
  }
  return { count: labels.length, classes };
}

function drawnAgain(
  { count, classes }: Strata,
  width: number,
  seed: number,
  resample: number,
): { confusion: number[][]; top2: number; nll: number; brier: number } {
  const draw = indexDrawer(seed, resample);
  const confusion = Array.from({ length: width }, () => new Array<number>(width).fill(0));
  let [inTop2, loss, distance] = [0, 0, 0];
  for (const { label, images } of classes) {
    const row = confusion[label]!;
    const { length } = images.predicted;
    for (let draws = length; draws > 0; draws--) {
      const position = draw(length);
      row[images.predicted[position]!]!++;
      inTop2 += images.inTop2[position]!;
      loss += images.loss[position]!;
      distance += images.squaredDistance[position]!;
    }
  }
  return { confusion, top2: inTop2 / count, nll: loss / count, brier: distance / count };
}

function rowsByClass(labels: ArrayLike<number>): number[][] {
  const rows = Map.groupBy(
    Array.from({ length: labels.length }, (_, row) => row),
    (row) => labels[row]!,
  );
  return [...rows.values()];
}

/**
 * Indices below a bound, quickly: xoshiro128** (Blackman and Vigna 2018), begun from the studio's own numbers for each resample. The bound is
 * multiplied in, which favours no index by more than bound / 2^32.
 */
function indexDrawer(seed: number, resample: number): (bound: number) => number {
  const stream = new RandomStream(seed, 'bootstrap', 0, resample);
  let [a, b, c, d] = [stream.next() | 1, stream.next(), stream.next(), stream.next()];
  return (bound) => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return Math.floor((result * bound) / 2 ** 32);
  };
}

/** The 2.5th and 97.5th percentiles, between two values in proportion, as NumPy's. */
function percentiles95(values: Float64Array): Interval {
  const sorted = values.toSorted();
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)]!;
    return below + (place - Math.floor(place)) * (sorted[Math.ceil(place)]! - below);
  };
  return [at(0.025), at(0.975)];
}
