import { StudioError } from '#shared/errors.ts';
import { negativeLogLikelihood } from './calibration.ts';
import type { PredictionSet } from './prediction-set.ts';
import { checkPredictionSet } from './prediction-set.ts';

/** Temperatures that are searched: a network that needs others is no network that was trained. */
const [COLDEST, HOTTEST] = [0.05, 20];
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
/** Of the logarithm of the temperature. */
const PRECISION = 1e-6;
/** The smallest float32 that is not zero: what stands for a probability too small to be kept. */
const SMALLEST = 2 ** -149;

/**
 * The temperature that makes probabilities fit the labels best (Guo et al., ICML 2017): the minimum of the mean log loss of
 * softmax(log p / T), by golden-section search over log T, in which the loss has one minimum. It changes confidence, never the class.
 *
 * @throws StudioError 'bad-input' when there are no images, the numbers are no probabilities, or no temperature is best: a network that is
 * right, or wrong, on every image wants ever less, or more.
 */
export function fitTemperature(predictions: PredictionSet): number {
  checkPredictionSet(predictions);
  const loss = (logarithm: number): number => negativeLogLikelihood(withTemperature(predictions, Math.exp(logarithm)));
  let [low, high] = [Math.log(COLDEST), Math.log(HOTTEST)];
  let [one, other] = [high - GOLDEN_RATIO * (high - low), low + GOLDEN_RATIO * (high - low)];
  let [oneLoss, otherLoss] = [loss(one), loss(other)];
  while (high - low > PRECISION) {
    if (oneLoss < otherLoss) {
      [high, other, otherLoss] = [other, one, oneLoss];
      one = high - GOLDEN_RATIO * (high - low);
      oneLoss = loss(one);
    } else {
      [low, one, oneLoss] = [one, other, otherLoss];
      other = low + GOLDEN_RATIO * (high - low);
      otherLoss = loss(other);
    }
  }
  const temperature = Math.exp((low + high) / 2);
  if (temperature > COLDEST * 1.001 && temperature < HOTTEST * 0.999) return temperature;
  const reason = temperature > 1 ? 'the network is as good as guessing' : 'the network is right on nearly all of them';
  throw new StudioError(
    'bad-input',
    `No temperature between ${COLDEST} and ${HOTTEST} fits these ${predictions.labels.length} images best: ${reason}.`,
    { hint: temperature > 1 ? 'Train it further, then calibrate.' : 'Calibrate on more images.' },
  );
}

/** The same predictions at another temperature: softmax(log p / T). [N×K] in double precision. */
export function withTemperature(predictions: PredictionSet, temperature: number): PredictionSet {
  const { labels, probabilities, classNames } = predictions;
  const width = classNames.length;
  const scaled = new Float64Array(labels.length * width);
  for (let start = 0; start < scaled.length; start += width) {
    let largest = -Infinity;
    for (let column = start; column < start + width; column++) {
      scaled[column] = Math.log(Math.max(SMALLEST, probabilities[column]!)) / temperature;
      if (scaled[column]! > largest) largest = scaled[column]!;
    }
    let sum = 0;
    for (let column = start; column < start + width; column++) {
      scaled[column] = Math.exp(scaled[column]! - largest);
      sum += scaled[column]!;
    }
    for (let column = start; column < start + width; column++) scaled[column]! /= sum;
  }
  return { labels, probabilities: scaled, classNames };
}
