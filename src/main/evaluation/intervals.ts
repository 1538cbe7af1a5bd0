import { StudioError } from '#shared/errors.ts';

/** Quantile of the standard normal that leaves 2.5 % above it. */
const NORMAL_QUANTILE_95 = 1.959963984540054;

/**
 * The 95 % confidence interval of a share, such as an accuracy, from `hits` of `count` (Wilson, 1927): unlike the usual ± it never leaves
 * [0,1] and is right for few images and for shares near 0 or 1.
 * @throws StudioError `bad-input` unless 0 ≤ hits ≤ count and count > 0.
 */
export function wilsonInterval(hits: number, count: number): [lower: number, upper: number] {
  if (!(count > 0 && hits >= 0 && hits <= count)) {
    throw new StudioError('bad-input', `A share of ${hits} out of ${count} has no confidence interval.`, {
      hint: 'Give a count above 0 and no more hits than that.',
    });
  }
  const squared = NORMAL_QUANTILE_95 ** 2;
  const share = hits / count;
  const center = (share + squared / (2 * count)) / (1 + squared / count);
  const reach =
    (NORMAL_QUANTILE_95 / (1 + squared / count)) *
    Math.sqrt((share * (1 - share)) / count + squared / (4 * count ** 2));
  return [Math.max(0, center - reach), Math.min(1, center + reach)];
}

/** Two-sided 95 % points of Student's t for 1 … 30 degrees of freedom. Source: NIST/SEMATECH e-Handbook, 1.3.6.7.2, with more digits. */
const STUDENT_QUANTILES_95 = [
  12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511, 2.3646242516, 2.3060041352,
  2.2621571628, 2.228138852, 2.2009851601, 2.1788128297, 2.1603686565, 2.1447866879, 2.1314495456, 2.1199052992,
  2.1098155778, 2.1009220402, 2.0930240544, 2.0859634473, 2.0796138447, 2.0738730679, 2.0686576104, 2.0638985616,
  2.0595385528, 2.0555294386, 2.0518305165, 2.0484071418, 2.0452296421, 2.0422724563,
];

/** A mean of runs that differ by their seed alone. */
export interface MeanInterval {
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation; null for a single value. */
  readonly deviation: number | null;
  /** 95 % interval of the mean by Student's t; null for a single value. */
  readonly interval: [lower: number, upper: number] | null;
}

/** @param values at least one. */
export function meanInterval(values: readonly number[]): MeanInterval {
  const count = values.length;
  const mean = values.reduce((total, value) => total + value, 0) / count;
  if (count < 2) return { count, mean, deviation: null, interval: null };
  const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / (count - 1));
  const reach = (studentQuantile95(count - 1) * deviation) / Math.sqrt(count);
  return { count, mean, deviation, interval: [mean - reach, mean + reach] };
}

/** Beyond the table, Cornish and Fisher's expansion about the normal quantile, right to seven digits there. */
function studentQuantile95(degrees: number): number {
  const listed = STUDENT_QUANTILES_95[degrees - 1];
  if (listed !== undefined) return listed;
  const z = NORMAL_QUANTILE_95;
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92_160 * degrees ** 4)
  );
}
