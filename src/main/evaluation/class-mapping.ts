import { StudioError } from '#shared/errors.ts';
import type { ClassMap } from '#shared/evaluation.ts';
import { EXPRESSIONS, expressionIndex } from '#shared/expressions.ts';
import type { PredictionSet } from './prediction-set.ts';

/** What a network said about images, in its own classes. */
export interface NetworkAnswers {
  /** [N] catalog ids. */
  readonly ids: ArrayLike<number>;
  /** [N] index of each image's class among the studio's expressions. */
  readonly labels: ArrayLike<number>;
  /** [N×K] row-major. */
  readonly probabilities: ArrayLike<number>;
  /** [K] */
  readonly networkClasses: readonly string[];
}

export interface MappedPredictions extends PredictionSet {
  readonly ids: Float64Array;
  readonly labels: Int32Array;
  readonly probabilities: Float32Array;
  /** Images that are not scored, by class name. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/**
 * Brings a network and data of other classes together: classes meet by name, in any usual spelling. Images of classes that the network does
 * not tell are left out and counted; classes without images stay, and what is taken for them is wrong. Classes that count as one have their
 * probabilities added; those mapped to null lose theirs to the rest.
 *
 * @throws StudioError 'bad-input' when the map names a class that neither has, or fewer than two classes or no image are left.
 */
export function mapClasses(answers: NetworkAnswers, map: ClassMap = {}): MappedPredictions {
  const { networkClasses, labels, probabilities } = answers;
  const target = targetOf(map, networkClasses);
  const classNames = [...new Set(networkClasses.map(target).filter((name) => name !== null))].toSorted(inUsualOrder);
  if (classNames.length < 2) {
    throw new StudioError('bad-input', `The class map leaves ${classNames.length} classes of the network.`, {
      hint: 'Leave at least two apart.',
    });
  }
  const columns = networkClasses.map((name) => classNames.indexOf(target(name) ?? ''));
  const targetOfLabel = EXPRESSIONS.map(({ name }) => classNames.indexOf(target(name) ?? ''));
  const leftOut: Record<string, number> = {};
  const kept: number[] = [];
  for (let row = 0; row < labels.length; row++) {
    if (targetOfLabel[labels[row]!]! >= 0) kept.push(row);
    else {
      const name = EXPRESSIONS[labels[row]!]!.name;
      leftOut[name] = (leftOut[name] ?? 0) + 1;
    }
  }
  if (kept.length === 0) {
    throw new StudioError('bad-input', `The network tells none of the images’ classes: ${classNames.join(', ')}.`, {
      hint: 'Say what its classes count as.',
      commandLine: '--map FILE, lines of NAME,CLASS',
    });
  }
  const width = classNames.length;
  const mapped = new Float32Array(kept.length * width);
  for (const [position, row] of kept.entries()) {
    addRow(mapped.subarray(position * width, (position + 1) * width), probabilities, row * columns.length, columns);
  }
  return {
    ids: Float64Array.from(kept, (row) => answers.ids[row]!),
    labels: Int32Array.from(kept, (row) => targetOfLabel[labels[row]!]!),
    probabilities: mapped,
    classNames,
    leftOut,
  };
}

function addRow(into: Float32Array, from: ArrayLike<number>, start: number, columns: readonly number[]): void {
  let dropped = false;
  for (const [index, column] of columns.entries()) {
    if (column >= 0) into[column]! += from[start + index]!;
    else dropped = true;
  }
  if (!dropped) return;
  const sum = into.reduce((total, value) => total + value, 0);
  // All of it went to classes that do not count: what is left says nothing.
  if (sum === 0) into.fill(1 / into.length);
  else for (let column = 0; column < into.length; column++) into[column]! /= sum;
}

function targetOf(map: ClassMap, networkClasses: readonly string[]): (name: string) => string | null {
  const known = new Set([...networkClasses.map(usualName), ...EXPRESSIONS.map(({ name }) => name)]);
  const targets = new Map<string, string | null>();
  for (const [from, to] of Object.entries(map)) {
    const unknown = known.has(usualName(from)) ? to !== null && !known.has(usualName(to)) && to : from;
    if (typeof unknown === 'string') {
      throw new StudioError('bad-input', `The class map names “${unknown}”, which is no class of network or data.`, {
        hint: `The network tells ${networkClasses.join(', ')}; the data may hold ${EXPRESSIONS.map(({ name }) => name).join(', ')}.`,
      });
    }
    targets.set(usualName(from), to === null ? null : usualName(to));
  }
  return (name) => {
    const usual = usualName(name);
    return targets.has(usual) ? targets.get(usual)! : usual;
  };
}

function usualName(name: string): string {
  const index = expressionIndex(name);
  return index === undefined ? name.trim() : EXPRESSIONS[index]!.name;
}

/** The studio's order, then other names as they come. */
function inUsualOrder(one: string, other: string): number {
  const place = (name: string): number => expressionIndex(name) ?? EXPRESSIONS.length;
  return place(one) - place(other);
}
