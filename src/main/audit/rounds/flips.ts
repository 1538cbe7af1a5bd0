import { firstWhere } from '#shared/sorted.ts';
import type { RoundColumns } from './columns.ts';

export interface FlipCounts {
  readonly compared: number;
  readonly changed: number;
  readonly onlyFrom: number;
  readonly onlyTo: number;
  /** [K×K] rows are classes of the earlier round, columns of the later one. */
  readonly matrix: number[][];
}

/** How the labels of the images that two rounds share went from one class to another. @param classCount of the round that has more. */
export function countFlips(from: RoundColumns, to: RoundColumns, classCount: number): FlipCounts {
  const counts = new Float64Array(classCount * classCount);
  let compared = 0;
  eachShared(from, to, (earlier, later) => {
    compared++;
    counts[from.labels[earlier]! * classCount + to.labels[later]!]!++;
    return true;
  });
  const matrix = Array.from({ length: classCount }, (_, row) => [
    ...counts.subarray(row * classCount, (row + 1) * classCount),
  ]);
  const kept = matrix.reduce((sum, row, index) => sum + row[index]!, 0);
  return {
    compared,
    changed: compared - kept,
    onlyFrom: from.images.length - compared,
    onlyTo: to.images.length - compared,
    matrix,
  };
}

export interface FlipChoice {
  /** Class indices; any when left out. */
  readonly fromClass?: number | undefined;
  readonly toClass?: number | undefined;
  readonly afterId: number;
  readonly limit: number;
}

/** Images whose label changed, ascending: their places in both rounds. */
export function flippedPlaces(
  from: RoundColumns,
  to: RoundColumns,
  { fromClass, toClass, afterId, limit }: FlipChoice,
): { readonly from: number; readonly to: number }[] {
  const places: { from: number; to: number }[] = [];
  eachShared(
    from,
    to,
    (earlier, later) => {
      const [before, after] = [from.labels[earlier]!, to.labels[later]!];
      const isWanted =
        (fromClass === undefined || before === fromClass) && (toClass === undefined || after === toClass);
      // A cell of the diagonal is asked for by its class on both sides: what stayed.
      const isShown = before !== after || (fromClass !== undefined && toClass !== undefined);
      if (isWanted && isShown) places.push({ from: earlier, to: later });
      return places.length < limit;
    },
    afterId,
  );
  return places;
}

/** Walks both rounds at once. @param visit gets the places of an image that both have; false ends the walk. */
function eachShared(
  from: RoundColumns,
  to: RoundColumns,
  visit: (from: number, to: number) => boolean,
  afterId = 0,
): void {
  let earlier = firstWhere(from.images, (image) => image > afterId);
  let later = firstWhere(to.images, (image) => image > afterId);
  while (earlier < from.images.length && later < to.images.length) {
    const difference = from.images[earlier]! - to.images[later]!;
    if (difference === 0 && !visit(earlier, later)) return;
    if (difference <= 0) earlier++;
    if (difference >= 0) later++;
  }
}
