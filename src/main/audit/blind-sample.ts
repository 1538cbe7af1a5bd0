import { RandomStream } from '#shared/random.ts';
import { StudioError } from '#shared/errors.ts';
import { wilsonInterval } from '../evaluation/intervals.ts';

/** A label that may be drawn. */
export interface Labeled {
  readonly image: number;
  readonly label: number;
}

/**
 * Draws up to `perClass` images of each class without replacement, and mixes them, so that whoever judges them one after the other cannot tell
 * the class from the place, and has judged about as many of each class wherever they stop.
 *
 * @returns the sample in the order of judging; the same for the same population and seed.
 */
export function drawSample(population: readonly Labeled[], perClass: number, seed: number): Labeled[] {
  const byLabel = [...Map.groupBy(population, ({ label }) => label)].sort(([one], [other]) => one - other);
  const places: { readonly key: number; readonly drawn: Labeled }[] = [];
  for (const [label, images] of byLabel) {
    const order = [...images];
    const stream = new RandomStream(seed, 'audit', label);
    const count = Math.min(perClass, order.length);
    for (let place = 0; place < count; place++) {
      const other = place + stream.integer(order.length - place);
      [order[place], order[other]] = [order[other]!, order[place]!];
      // Evenly spread over the whole, with a random shift within its own stretch.
      places.push({ key: (place + stream.uniform()) / count, drawn: order[place]! });
    }
  }
  return places.sort((one, other) => one.key - other.key).map(({ drawn }) => drawn);
}

/** What was judged of one class. */
export interface Stratum {
  /** Labels of the class there are. */
  readonly population: number;
  /** Of the judged ones, how many were right. Those that could not be told are in neither. */
  readonly right: number;
  readonly judged: number;
}

export interface Estimate {
  readonly precision: number;
  /** 95 %. */
  readonly interval: [lower: number, upper: number];
}

/** Precision of one class, with Wilson's interval. Null where nothing was judged; exact where everything was. */
export function classEstimate({ population, right, judged }: Stratum): Estimate | null {
  if (judged === 0) return null;
  const precision = right / judged;
  // Nothing is left to chance once all labels of a class were judged.
  if (judged === population) return { precision, interval: [precision, precision] };
  return { precision, interval: wilsonInterval(right, judged) };
}

/**
 * Precision over all classes, each counting for as many labels as it has (stratified sampling: Cochran, "Sampling Techniques", chapter 5). The
 * interval is Wilson's for as many independent judgements as would have the same variance (the effective sample size of Kish), with Laplace's
 * estimate of each class's variance, so that a class of which a few were judged, all right, is not taken for certain.
 *
 * @returns null until each class that has labels has a judged one. @throws StudioError 'bad-input' for an empty population.
 */
export function wholeEstimate(strata: readonly Stratum[]): Estimate | null {
  const present = strata.filter(({ population }) => population > 0);
  const total = present.reduce((sum, { population }) => sum + population, 0);
  if (total === 0) throw new StudioError('bad-input', 'There is no label to estimate the precision of.');
  if (present.some(({ judged }) => judged === 0)) return null;
  let precision = 0;
  let variance = 0;
  let smoothed = 0;
  for (const { population, right, judged } of present) {
    const weight = population / total;
    precision += (weight * right) / judged;
    const share = (right + 1) / (judged + 2);
    smoothed += weight * share;
    const unseen = population === 1 ? 0 : (population - judged) / (population - 1);
    variance += (weight ** 2 * unseen * share * (1 - share)) / judged;
  }
  if (variance === 0) return { precision, interval: [precision, precision] };
  const effective = (smoothed * (1 - smoothed)) / variance;
  return { precision, interval: wilsonInterval(precision * effective, effective) };
}

/** Whether an audit may stop, and why or why not, in a sentence. */
export interface Stop {
  readonly isEnough: boolean;
  readonly sentence: string;
}

/**
 * The stopping rule: enough once the interval of the whole reaches at most `target` to either side on average, and that of every class
 * `classTarget`, or everything drawn was judged.
 */
export function stopRule(
  strata: readonly (Stratum & { readonly name: string; readonly remaining: number })[],
  { target, classTarget }: { readonly target: number; readonly classTarget: number },
): Stop {
  const whole = wholeEstimate(strata);
  const present = strata.filter(({ population }) => population > 0);
  const unjudged = present.filter(({ judged, remaining }) => judged === 0 && remaining > 0);
  if (unjudged.length > 0) {
    return { isEnough: false, sentence: `Nothing was judged yet of ${unjudged.map(({ name }) => name).join(', ')}.` };
  }
  const wide = present.filter((stratum) => reachOf(classEstimate(stratum)) > classTarget);
  const wideName = wide.map(({ name }) => name).join(', ');
  const reach = reachOf(whole);
  if (reach <= target && wide.length === 0) {
    return {
      isEnough: true,
      sentence: `Enough: the whole is known to ±${percent(reach)}, and every class to ±${percent(classTarget)}.`,
    };
  }
  const remaining = present.reduce((sum, stratum) => sum + stratum.remaining, 0);
  if (remaining === 0) {
    return {
      isEnough: true,
      sentence: `All that was drawn is judged; ${reach <= target ? `${wideName} would need more images` : `the whole is known to ±${percent(reach)}, not to ±${percent(target)}`}. Draw a larger sample for more.`,
    };
  }
  const missing = [
    ...(reach > target ? [`the whole is known to ±${percent(reach)}, wanted is ±${percent(target)}`] : []),
    ...(wide.length > 0 ? [`${wideName} to more than ±${percent(classTarget)}`] : []),
  ];
  return { isEnough: false, sentence: `Go on: ${missing.join('; ')}.` };
}

const reachOf = (estimate: Estimate | null): number =>
  estimate === null ? Infinity : (estimate.interval[1] - estimate.interval[0]) / 2;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
