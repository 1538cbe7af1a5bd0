import type { McNemar } from '#shared/evaluation.ts';
import { StudioError } from '#shared/errors.ts';

/** Below so many images on which the two differ, the approximation is poor and the exact test quick. */
const EXACT_BELOW = 25;

/**
 * McNemar's test (1947) of two networks on the same images: exact binomial, two-sided, where they differ on few images, else chi-square
 * with Edwards' continuity correction, which never goes below 0. Source: statsmodels' `mcnemar`.
 *
 * @param onlyFirst @param onlySecond images that only that network gets right.
 * @throws StudioError 'bad-input' for counts that are none.
 */
export function mcNemar(onlyFirst: number, onlySecond: number): McNemar {
  if (![onlyFirst, onlySecond].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new StudioError('bad-input', `${onlyFirst} and ${onlySecond} are no counts of images.`);
  }
  const different = onlyFirst + onlySecond;
  if (different < EXACT_BELOW) {
    const pValue = Math.min(1, 2 * lowerBinomial(Math.min(onlyFirst, onlySecond), different));
    return { onlyFirst, onlySecond, method: 'exact', statistic: null, pValue };
  }
  const statistic = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / different;
  return { onlyFirst, onlySecond, method: 'chi-square', statistic, pValue: chiSquareTail(statistic) };
}

/** P(X ≤ successes) of a fair coin thrown so many times. */
function lowerBinomial(successes: number, throws: number): number {
  let [term, sum] = [2 ** -throws, 0];
  for (let count = 0; count <= successes; count++) {
    sum += term;
    term *= (throws - count) / (count + 1);
  }
  return sum;
}

/** P(χ² > x) with one degree of freedom: erfc(√(x/2)). */
function chiSquareTail(x: number): number {
  return complementaryError(Math.sqrt(x / 2));
}

/** erfc for x ≥ 0: the power series near 0, the continued fraction beyond. Source: Abramowitz and Stegun 7.1.6 and 7.1.14. */
function complementaryError(x: number): number {
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
