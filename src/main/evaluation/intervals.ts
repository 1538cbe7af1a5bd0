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
