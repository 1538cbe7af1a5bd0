import { StudioError } from '#shared/errors.ts';
import type { BootstrapChoice, DifferingImage, EvaluationRecord, PairComparison } from '#shared/evaluation.ts';
import { bootstrapDifference } from './bootstrap.ts';
import type { MappedPredictions } from './class-mapping.ts';
import { classScores, confusionMatrix } from './confusion.ts';
import { mcNemar } from './mcnemar.ts';
import { predictedClasses } from './prediction-set.ts';

export interface ComparedEvaluation {
  readonly record: EvaluationRecord;
  readonly predictions: MappedPredictions;
}

/**
 * Two networks on the images that both have answers for. Paths are left to the caller.
 * @param limit of the images listed. @throws StudioError 'bad-input' when their classes, or the images, are not the same.
 */
export function comparePair(
  one: ComparedEvaluation,
  other: ComparedEvaluation,
  { limit, ...bootstrap }: BootstrapChoice & { readonly limit: number },
): PairComparison {
  const classes = [...one.predictions.classNames];
  if (classes.join('\n') !== other.predictions.classNames.join('\n')) {
    throw new StudioError(
      'bad-input',
      `The networks tell different classes: ${classes.join(', ')}; ${other.predictions.classNames.join(', ')}.`,
      { hint: 'Say what their classes count as.', commandLine: '--map FILE, lines of NAME,CLASS' },
    );
  }
  const rows = pairedRows(one.predictions, other.predictions);
  const first = restricted(one.predictions, rows.first);
  const second = restricted(other.predictions, rows.second);
  const [firstRight, secondRight] = [first, second].map(({ predicted }) =>
    Uint8Array.from(predicted, (predictedClass, row) => (predictedClass === first.labels[row] ? 1 : 0)),
  ) as [Uint8Array, Uint8Array];
  const count = first.labels.length;
  const test = mcNemar(countWhere(firstRight, secondRight, 1, 0), countWhere(firstRight, secondRight, 0, 1));
  return {
    first: one.record,
    second: other.record,
    classes,
    count,
    unpaired: one.predictions.labels.length + other.predictions.labels.length - 2 * count,
    bothRight: countWhere(firstRight, secondRight, 1, 1),
    bothWrong: countWhere(firstRight, secondRight, 0, 0),
    mcNemar: test,
    accuracyDifference: {
      value: (test.onlySecond - test.onlyFirst) / count,
      interval: bootstrapDifference(first.labels, firstRight, secondRight, bootstrap),
    },
    perClass: classDifferences(first, second, firstRight, secondRight, bootstrap),
    differing: differingImages(first, second).slice(0, limit),
  };
}

interface Restricted extends MappedPredictions {
  readonly predicted: Int32Array;
}

function classDifferences(
  first: Restricted,
  second: Restricted,
  firstRight: Uint8Array,
  secondRight: Uint8Array,
  bootstrap: BootstrapChoice,
): PairComparison['perClass'] {
  const [firstScores, secondScores] = [first, second].map((part) =>
    classScores(confusionMatrix(part), part.classNames),
  );
  return first.classNames.map((name, index) => {
    const [one, two] = [firstScores![index]!, secondScores![index]!];
    const difference = (key: 'recall' | 'precision' | 'f1'): PairComparison['perClass'][number]['recall'] => ({
      first: one[key],
      second: two[key],
      difference: two[key] - one[key],
    });
    const own = (right: Uint8Array): Uint8Array => right.filter((_, row) => first.labels[row] === index);
    const labels = first.labels.filter((label) => label === index);
    return {
      name,
      support: one.support,
      recall: difference('recall'),
      interval: one.support === 0 ? null : bootstrapDifference(labels, own(firstRight), own(secondRight), bootstrap),
      precision: difference('precision'),
      f1: difference('f1'),
    };
  });
}

/** Those where the two are furthest apart in what they give to the true class come first. */
function differingImages(first: Restricted, second: Restricted): DifferingImage[] {
  const width = first.classNames.length;
  const found: { row: number; distance: number }[] = [];
  for (let row = 0; row < first.labels.length; row++) {
    const label = first.labels[row]!;
    if ((first.predicted[row] === label) === (second.predicted[row] === label)) continue;
    const place = row * width + label;
    found.push({ row, distance: Math.abs(first.probabilities[place]! - second.probabilities[place]!) });
  }
  found.sort((one, other) => other.distance - one.distance || one.row - other.row);
  const said = (part: Restricted, row: number): DifferingImage['first'] => {
    const predicted = part.predicted[row]!;
    return { predicted: part.classNames[predicted]!, confidence: part.probabilities[row * width + predicted]! };
  };
  return found.map(({ row }) => ({
    image: first.ids[row]!,
    path: null,
    label: first.classNames[first.labels[row]!]!,
    right: first.predicted[row] === first.labels[row] ? 'first' : 'second',
    first: said(first, row),
    second: said(second, row),
  }));
}

/** Rows of both of the same image with the same label. */
function pairedRows(one: MappedPredictions, other: MappedPredictions): { first: number[]; second: number[] } {
  const rowOf = new Map(Array.from(other.ids, (id, row) => [id, row]));
  const first: number[] = [];
  const second: number[] = [];
  for (const [row, id] of one.ids.entries()) {
    const match = rowOf.get(id);
    if (match === undefined || one.labels[row] !== other.labels[match]) continue;
    first.push(row);
    second.push(match);
  }
  if (first.length > 0) return { first, second };
  throw new StudioError('bad-input', 'The two evaluations have no image in common.', {
    hint: 'Evaluate both networks on the same split.',
  });
}

function restricted(predictions: MappedPredictions, rows: readonly number[]): Restricted {
  const { ids, labels, probabilities, classNames, leftOut } = predictions;
  const width = classNames.length;
  const part = {
    ids: Float64Array.from(rows, (row) => ids[row]!),
    labels: Int32Array.from(rows, (row) => labels[row]!),
    probabilities: new Float32Array(rows.length * width),
    classNames,
    leftOut,
  };
  for (const [position, row] of rows.entries()) {
    part.probabilities.set(probabilities.subarray(row * width, (row + 1) * width), position * width);
  }
  return { ...part, predicted: predictedClasses(part) };
}

function countWhere(one: Uint8Array, other: Uint8Array, first: number, second: number): number {
  return one.reduce((count, value, row) => count + (value === first && other[row] === second ? 1 : 0), 0);
}
