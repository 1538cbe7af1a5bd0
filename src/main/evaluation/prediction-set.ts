import { StudioError } from '#shared/errors.ts';

/** What a network said about N images of known class, K classes. */
export interface PredictionSet {
  /** [N] class index of each image, 0 … K-1. */
  readonly labels: ArrayLike<number>;
  /** [N×K] row-major; each row is a probability distribution over the classes. */
  readonly probabilities: ArrayLike<number>;
  /** [K] */
  readonly classNames: readonly string[];
}

/** Rows of a float16 softmax sum to 1 within about 1e-3; anything further off is not a distribution but logits, or a wrong layout. */
const ROW_SUM_TOLERANCE = 1e-2;

/**
 * Refuses a set whose numbers would make every metric meaningless.
 * @throws StudioError `bad-input` naming the first row that is wrong.
 */
export function checkPredictionSet({ labels, probabilities, classNames }: PredictionSet): void {
  const classCount = classNames.length;
  if (labels.length === 0) {
    throw new StudioError('bad-input', 'There are no images to score.', {
      hint: 'Choose a split that holds labeled images.',
    });
  }
  if (probabilities.length !== labels.length * classCount) {
    throw new StudioError(
      'bad-input',
      `Expected ${labels.length} × ${classCount} probabilities, one row an image, but got ${probabilities.length} numbers.`,
      { hint: 'Check that the network and the data have the same classes.' },
    );
  }
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new StudioError(
        'bad-input',
        `Image ${row} has the label ${label}, which is none of the ${classCount} classes.`,
        {
          hint: 'Leave unlabeled images out, or choose the class list the data was labeled with.',
        },
      );
    }
    checkRow(probabilities, row, classCount);
  }
}

function checkRow(probabilities: ArrayLike<number>, row: number, classCount: number): void {
  let sum = 0;
  for (let column = 0; column < classCount; column++) {
    const probability = probabilities[row * classCount + column]!;
    if (Number.isNaN(probability)) {
      throw new StudioError('bad-input', `The network's answer for image ${row} is not a number (NaN).`, {
        hint: 'The training has diverged: lower the learning rate or clip gradients, and start from an earlier checkpoint.',
      });
    }
    if (probability < 0 || probability > 1 + ROW_SUM_TOLERANCE) {
      throw new StudioError('bad-input', `Image ${row} has the probability ${probability}, outside 0 … 1.`, {
        hint: 'Give softmax outputs, not logits.',
      });
    }
    sum += probability;
  }
  if (Math.abs(sum - 1) > ROW_SUM_TOLERANCE) {
    throw new StudioError('bad-input', `The probabilities of image ${row} sum to ${sum}, not to 1.`, {
      hint: 'Give softmax outputs, not logits, with one row an image.',
    });
  }
}

/** [N] the most probable class of each row; the lowest index wins a tie, as in NumPy's argmax. */
export function predictedClasses({ labels, probabilities, classNames }: PredictionSet): Int32Array {
  const classCount = classNames.length;
  return Int32Array.from({ length: labels.length }, (_, row) => {
    let best = 0;
    for (let column = 1; column < classCount; column++) {
      if (probabilities[row * classCount + column]! > probabilities[row * classCount + best]!) best = column;
    }
    return best;
  });
}
