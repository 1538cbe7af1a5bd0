import { readFileSync, existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { cohensKappa } from '#main/audit/kappa.ts';
import { nearestNeighbours } from '#main/audit/neighbours.ts';
import { RANK_METHODS } from '#shared/review.ts';
import { orderOf, rankLabels } from '#main/audit/ranking.ts';

const classNames = ['a', 'b', 'c'];

test('labels are ranked by the margin of the given class, or by its probability alone', () => {
  const predictions = {
    labels: [0, 0, 1, 2],
    probabilities: [0.9, 0.1, 0, 0.3, 0.4, 0.3, 0.25, 0.25, 0.5, 0.45, 0.45, 0.1],
    classNames,
  };
  const margin = rankLabels(predictions, 'normalized-margin');
  // (1 - own + best other) / 2
  expect([...margin.scores].map((score) => Number(score.toFixed(6)))).toEqual([0.1, 0.55, 0.625, 0.675]);
  expect([...margin.order]).toEqual([3, 2, 1, 0]);
  const self = rankLabels(predictions, 'self-confidence');
  expect([...self.order]).toEqual([3, 2, 1, 0]);
  expect(self.scores[1]).toBeCloseTo(0.7, 6);
});

test('by the odds, a label that is out of the question comes before one of two that are alike', () => {
  const predictions = {
    labels: [0, 0, 0],
    probabilities: [0.2, 0.6, 0.2, 0.001, 0.45, 0.549, 0.5, 0.3, 0.2],
    classNames,
  };
  const { order, scores } = rankLabels(predictions);
  expect([...order]).toEqual([1, 0, 2]);
  expect(scores[1]).toBeCloseTo(Math.log(549) / Math.log(1000), 5);
  expect(scores[0]).toBeCloseTo(Math.log(3) / Math.log(1000), 5);
  expect(scores[2]).toBe(0);
});

test('the order is stable, and what is not known comes last', () => {
  expect([...orderOf(Float32Array.from([0.5, NaN, 0.7, 0.5, 0, -0.2, -0.1, -0]))]).toEqual([2, 0, 3, 4, 7, 6, 5, 1]);
});

test('planted flips of the goldens are found far above chance by every method', () => {
  const file = new URL('../../goldens/metrics/expected.json', import.meta.url);
  expect(existsSync(file)).toBe(true);
  const golden = JSON.parse(readFileSync(file, 'utf8')) as {
    givenLabels: number[];
    flipped: number[];
    probabilities: number[][];
  };
  const flipped = new Set(golden.flipped);
  const names = Array.from({ length: 7 }, (_, index) => `class ${index}`);
  const predictions = { labels: golden.givenLabels, probabilities: golden.probabilities.flat(), classNames: names };
  const precisionAt = (order: Uint32Array, k: number) =>
    order.subarray(0, k).filter((row) => flipped.has(row)).length / k;
  const chance = flipped.size / golden.givenLabels.length;
  for (const method of RANK_METHODS)
    expect(precisionAt(rankLabels(predictions, method).order, 100), method).toBeGreaterThan(2 * chance);
});

test('a million labels of seven classes are ranked in three seconds', () => {
  const [rows, classes] = [1_000_000, 7];
  const stream = new RandomStream(1, 'audit');
  const probabilities = new Float32Array(rows * classes);
  const labels = new Int8Array(rows);
  for (let row = 0; row < rows; row++) {
    const top = stream.integer(classes);
    for (let column = 0; column < classes; column++) {
      probabilities[row * classes + column] = column === top ? 0.4 : 0.1;
    }
    labels[row] = stream.chance(0.9) ? top : stream.integer(classes);
  }
  const names = Array.from({ length: classes }, (_, index) => `class ${index}`);
  const started = performance.now();
  const { order } = rankLabels({ labels, probabilities, classNames: names });
  expect((performance.now() - started) / 1000).toBeLessThan(3);
  expect(order).toHaveLength(rows);
});

test('kappa is that of a hand calculation, of full agreement and of none', () => {
  // Cohen's own kind of table: observed .7, expected .5 × .6 + .5 × .4 = .5, kappa .4. Variance by hand: see the formula, 0.0084.
  const half = cohensKappa([
    [45, 5],
    [25, 25],
  ])!;
  expect(half.observed).toBeCloseTo(0.7, 12);
  expect(half.kappa).toBeCloseTo(0.4, 12);
  expect(
    cohensKappa([
      [10, 0],
      [0, 5],
    ])!.kappa,
  ).toBeCloseTo(1, 12);
  expect(
    cohensKappa([
      [0, 5],
      [5, 0],
    ])!.kappa,
  ).toBeCloseTo(-1, 12);
  expect(
    cohensKappa([
      [7, 0],
      [0, 0],
    ]),
  ).toEqual({ observed: 1, kappa: null, interval: null });
  expect(
    cohensKappa([
      [0, 0],
      [0, 0],
    ]),
  ).toBeNull();
});

test('kappa’s interval covers the kappa of the population in about 95 of 100 repeats', () => {
  // Shares of a 3×3 table; its kappa: observed .69, expected .4 × .41 + .35 × .35 + .25 × .24.
  const shares = [0.3, 0.06, 0.04, 0.06, 0.24, 0.05, 0.05, 0.05, 0.15];
  const truth = (0.69 - (0.4 * 0.41 + 0.35 * 0.35 + 0.25 * 0.24)) / (1 - (0.4 * 0.41 + 0.35 * 0.35 + 0.25 * 0.24));
  let covered = 0;
  for (let seed = 0; seed < 300; seed++) {
    const stream = new RandomStream(seed, 'audit');
    const counts = shares.map(() => 0);
    for (let item = 0; item < 200; item++) {
      let left = stream.uniform();
      let cell = 0;
      while (cell < 8 && left >= shares[cell]!) left -= shares[cell++]!;
      counts[cell]!++;
    }
    const { interval } = cohensKappa([counts.slice(0, 3), counts.slice(3, 6), counts.slice(6)])!;
    if (truth >= interval![0] && truth <= interval![1]) covered++;
  }
  expect(covered / 300).toBeGreaterThan(0.92);
  expect(covered / 300).toBeLessThan(0.985);
});

/** Vectors in clusters, as a network's last layer makes them. */
function clustered(length: number, size: number): Float32Array {
  const stream = new RandomStream(3, 'audit');
  const centers = Float32Array.from({ length: 40 * size }, () => stream.normal());
  return Float32Array.from(
    { length: length * size },
    (_, index) => centers[(Math.floor(index / size) % 40) * size + (index % size)]! + 0.5 * stream.normal(),
  );
}

test('neighbours are the ones a full comparison finds', () => {
  const size = 5;
  const values = clustered(70, size);
  const found = nearestNeighbours(values, size, 3);
  const unit = (row: number) => {
    const vector = [...values.subarray(row * size, (row + 1) * size)];
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  for (let row = 0; row < 70; row++) {
    const expected = Array.from({ length: 70 }, (_, other) => ({
      other,
      similarity: unit(row).reduce((sum, value, index) => sum + value * unit(other)[index]!, 0),
    }))
      .filter(({ other }) => other !== row)
      .sort((one, other) => other.similarity - one.similarity);
    expect([...found.subarray(row * 3, row * 3 + 3)]).toEqual(expected.slice(0, 3).map(({ other }) => other));
  }
  expect([...nearestNeighbours(values.subarray(0, 10), size, 3)]).toEqual([1, -1, -1, 0, -1, -1]);
});

test('the forest finds nine of ten of the nearest in clustered data, the same every time', () => {
  const size = 16;
  const values = clustered(3_000, size);
  const exact = nearestNeighbours(values, size, 10);
  const forest = nearestNeighbours(values, size, 10, 0);
  let found = 0;
  for (let row = 0; row < 3_000; row++) {
    const nearest = new Set(exact.subarray(row * 10, row * 10 + 10));
    for (const other of forest.subarray(row * 10, row * 10 + 10)) if (nearest.has(other)) found++;
  }
  expect(found / 30_000).toBeGreaterThan(0.85);
  expect(nearestNeighbours(values, size, 10, 0)).toEqual(forest);
});
