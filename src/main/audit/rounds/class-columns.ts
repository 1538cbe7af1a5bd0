import { StudioError } from '#shared/errors.ts';
import { DEFAULT_CLASS_COUNT, EXPRESSIONS, classNames, expressionIndex } from '#shared/expressions.ts';

/** Where the columns of a network's answer go among the studio's classes. */
export interface ClassColumns {
  /** Columns of a row of the round: the studio's classes from the first on. */
  readonly classCount: number;
  /** [K] class index of each column of the answer. */
  readonly targets: readonly number[];
}

/**
 * @param names of the columns, in any usual spelling. @param whose begins the sentence of an error.
 * @throws StudioError 'unsupported' for a name that is no expression, 'bad-input' for one that is there twice.
 */
export function classColumnsOf(names: readonly string[], whose: string): ClassColumns {
  const targets = names.map((name) => {
    const index = expressionIndex(name);
    if (index !== undefined) return index;
    throw new StudioError('unsupported', `${whose} knows the class “${name}”, which the studio does not.`, {
      hint: `Its classes are ${EXPRESSIONS.map((expression) => expression.name).join(', ')}.`,
    });
  });
  const double = targets.findIndex((target, column) => targets.indexOf(target) !== column);
  if (double !== -1) {
    throw new StudioError('bad-input', `${whose} has the class ${EXPRESSIONS[targets[double]!]!.name} twice.`);
  }
  // A network of the first few classes keeps just those; any other has its places among the seven, or eight with contempt.
  const isPrefix = classNames(names.length).every((name, index) => EXPRESSIONS[targets[index]!]!.name === name);
  if (isPrefix && names.length >= 2) return { classCount: names.length, targets };
  return { classCount: Math.max(DEFAULT_CLASS_COUNT, Math.max(...targets) + 1), targets };
}

/** Rows of a network's answer as rows of the round; classes it does not know have the probability 0. */
export function placeColumns(values: Float32Array, { classCount, targets }: ClassColumns): Float32Array {
  if (targets.length === classCount && targets.every((target, column) => target === column)) return values;
  const rows = values.length / targets.length;
  const placed = new Float32Array(rows * classCount);
  for (let row = 0; row < rows; row++) {
    for (const [column, target] of targets.entries()) {
      placed[row * classCount + target] = values[row * targets.length + column]!;
    }
  }
  return placed;
}
