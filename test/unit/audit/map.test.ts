import { describe, expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { LandmarkForest } from '#main/audit/map/landmark-forest.ts';
import { MAP_STAGES, doneShare, plannedSeconds } from '#main/audit/map/plan.ts';
import { principalSubspace, projectRows } from '#main/audit/map/principal-subspace.ts';
import { normalizeRows } from '#main/audit/vectors.ts';
import { type EmbeddingRows, type MapOptions, projectMap } from '#main/audit/map/project.ts';
import { nearestNeighbours } from '#main/audit/neighbours.ts';

const SIZE = 48;
const GROUPS = 6;

interface Clusters extends EmbeddingRows {
  readonly values: Float32Array;
  readonly groups: Uint8Array;
}

/** Groups that lie apart, each a bent sheet of two dimensions, as what a network sees of the faces of a class. */
function clusters(count: number, seed = 5, size = SIZE): Clusters {
  const stream = new RandomStream(seed, 'demo');
  const vector = (): number[] => Array.from({ length: size }, () => stream.normal());
  const shapes = Array.from({ length: GROUPS }, () => ({ middle: vector(), along: vector(), across: vector() }));
  const values = new Float32Array(count * size);
  const groups = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const group = stream.integer(GROUPS);
    groups[row] = group;
    const { middle, along, across } = shapes[group]!;
    const [one, other] = [stream.between(-0.6, 0.6), stream.between(-0.3, 0.3)];
    for (let index = 0; index < size; index++) {
      values[row * size + index] =
        middle[index]! + one * along[index]! + (other + one ** 2) * across[index]! + 0.02 * stream.normal();
    }
  }
  const read = (first: number, rows: number): Promise<Float32Array> =>
    Promise.resolve(values.slice(first * size, (first + rows) * size));
  return { count, size, read, values, groups };
}

const OPTIONS: MapOptions = { sample: 20_000, neighbours: 15, seed: 1, onProgress: () => undefined };

/** The nearest others of some points in the plane. */
function nearInPlane(positions: Float32Array, point: number, count: number): number[] {
  const distanceTo = (other: number): number =>
    (positions[2 * other]! - positions[2 * point]!) ** 2 + (positions[2 * other + 1]! - positions[2 * point + 1]!) ** 2;
  return Array.from({ length: positions.length / 2 }, (_, other) => other)
    .filter((other) => other !== point)
    .sort((one, other) => distanceTo(one) - distanceTo(other))
    .slice(0, count);
}

/** Of the points' ten nearest in the plane, the share of the same group. */
function agreement(positions: Float32Array, groups: Uint8Array, points: readonly number[]): number {
  const same = points.map(
    (point) => nearInPlane(positions, point, 10).filter((other) => groups[other] === groups[point]).length / 10,
  );
  return same.reduce((sum, share) => sum + share, 0) / points.length;
}

/** Venna and Kaski's: 1 where nobody is near in the plane who was not near before; 0.5 by chance. */
function trustworthiness(values: Float32Array, size: number, positions: Float32Array, near: number): number {
  const count = positions.length / 2;
  const ranks = nearestNeighbours(values, size, count - 1);
  let penalty = 0;
  for (let point = 0; point < count; point++) {
    const order = [...ranks.subarray(point * (count - 1), (point + 1) * (count - 1))];
    for (const other of nearInPlane(positions, point, near)) penalty += Math.max(0, order.indexOf(other) + 1 - near);
  }
  return 1 - (2 * penalty) / (count * near * (2 * count - 3 * near - 1));
}

describe('a map of embeddings', () => {
  test('keeps neighbours together and groups apart', { timeout: 120_000 }, async () => {
    const rows = clusters(600);
    const map = await projectMap(rows, OPTIONS);
    expect(map).toMatchObject({ landmarks: 600, neighbours: 15, components: 32 });
    expect(map.isLandmark.every((value) => value === 1)).toBe(true);
    expect(trustworthiness(rows.values, SIZE, map.positions, 10)).toBeGreaterThan(0.95);
    const all = Array.from({ length: 600 }, (_, point) => point);
    expect(agreement(map.positions, rows.groups, all)).toBeGreaterThan(0.98);
    const largest = map.positions.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeCloseTo(1, 5);
  });

  test('places the others where their group was laid out', { timeout: 120_000 }, async () => {
    const rows = clusters(3_000);
    const map = await projectMap(rows, { ...OPTIONS, sample: 500 });
    const placed = Array.from({ length: 3_000 }, (_, point) => point).filter((point) => map.isLandmark[point] === 0);
    expect(placed).toHaveLength(2_500);
    expect(map.landmarks).toBe(500);
    const some = placed.filter((_, index) => index % 10 === 0);
    expect(agreement(map.positions, rows.groups, some)).toBeGreaterThan(0.97);
  });

  test('never places a point in the empty space between groups', { timeout: 120_000 }, async () => {
    // Threads that cross at one place, which the plane has to tear apart.
    const stream = new RandomStream(8, 'demo');
    const middles = Array.from({ length: 7 }, () => Array.from({ length: SIZE }, () => stream.normal()));
    const values = Float32Array.from(
      Array.from({ length: 4_000 }, () => {
        const [one, other] = [middles[stream.integer(7)]!, middles[stream.integer(7)]!];
        const share = stream.uniform();
        return one.map((value, index) => share * value + (1 - share) * other[index]! + 0.05 * stream.normal());
      }).flat(),
    );
    const rows: EmbeddingRows = {
      count: 4_000,
      size: SIZE,
      read: (first, count) => Promise.resolve(values.slice(first * SIZE, (first + count) * SIZE)),
    };
    const { positions, isLandmark } = await projectMap(rows, { ...OPTIONS, sample: 1_000 });
    const landmarks = Array.from({ length: 4_000 }, (_, point) => point).filter((point) => isLandmark[point] === 1);
    const gapOf = (point: number): number =>
      Math.min(
        ...landmarks.map((other) =>
          Math.hypot(
            positions[2 * other]! - positions[2 * point]!,
            positions[2 * other + 1]! - positions[2 * point + 1]!,
          ),
        ),
      );
    const gaps = Array.from({ length: 4_000 }, (_, point) => point)
      .filter((point) => isLandmark[point] === 0)
      .map(gapOf);
    expect(gaps.filter((gap) => gap > 0.04).length / gaps.length).toBeLessThan(0.002);
  });

  test('is the same for the same seed, and another for another', { timeout: 120_000 }, async () => {
    const rows = clusters(400);
    const options = { ...OPTIONS, sample: 200 };
    const [one, again, other] = [
      await projectMap(rows, options),
      await projectMap(rows, options),
      await projectMap(rows, { ...options, seed: 2 }),
    ];
    expect(again.positions).toEqual(one.positions);
    expect(again.isLandmark).toEqual(one.isLandmark);
    expect(other.positions).not.toEqual(one.positions);
  });

  test('tells how far it is, never backwards, and ends at all of it', { timeout: 60_000 }, async () => {
    const told: { stage: string; done: number }[] = [];
    await projectMap(clusters(300), {
      ...OPTIONS,
      sample: 100,
      onProgress: (stage, done) => told.push({ stage, done }),
    });
    expect([...new Set(told.map(({ stage }) => stage))]).toEqual([...MAP_STAGES]);
    for (const [index, { done }] of told.entries()) expect(done).toBeGreaterThanOrEqual(told[index - 1]?.done ?? 0);
    expect(told.at(-1)!.done).toBeCloseTo(1, 10);
  });

  test('takes the smallest sets, and copies of one face', { timeout: 60_000 }, async () => {
    const few = await projectMap(clusters(8), OPTIONS);
    expect(few).toMatchObject({ landmarks: 8, neighbours: 7 });
    const copies = await projectMap(
      { count: 40, size: 4, read: (_, rows) => Promise.resolve(new Float32Array(rows * 4).fill(2)) },
      OPTIONS,
    );
    expect(copies.positions.every(Number.isFinite)).toBe(true);
  });

  test('says what it cannot map', async () => {
    await expect(projectMap(clusters(7), OPTIONS)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('8 faces at least, and there are 7') as string,
    });
    const rows = clusters(50);
    rows.values[3 * SIZE + 2] = Number.POSITIVE_INFINITY;
    await expect(projectMap(rows, OPTIONS)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('Embedding 4 ') as string,
    });
  });
});

test('the principal subspace holds what the vectors are made of, and no more than there is', () => {
  const stream = new RandomStream(1, 'demo');
  const size = 20;
  const directions = Array.from({ length: 3 }, () => Array.from({ length: size }, () => stream.normal()));
  const rows = new Float32Array(200 * size);
  for (let row = 0; row < 200; row++) {
    const weights = directions.map(() => stream.normal());
    for (let index = 0; index < size; index++) {
      rows[row * size + index] = directions.reduce((sum, direction, of) => sum + weights[of]! * direction[index]!, 0);
    }
  }
  normalizeRows(rows, size);
  const basis = principalSubspace(rows, size, 5, 1);
  expect(basis).toHaveLength(3 * size);
  const reduced = new Float32Array(200 * 3);
  projectRows(rows, size, basis, reduced, 0);
  // Vectors of length 1 keep it: nothing of them is outside.
  for (let row = 0; row < 200; row++) {
    const length = Math.hypot(...reduced.subarray(row * 3, row * 3 + 3));
    expect(length).toBeCloseTo(1, 3);
  }
});

test('the forest finds most of the nearest landmarks, the nearest first', () => {
  const { values } = clusters(5_000);
  const landmarks = values.slice(0, 4_000 * SIZE);
  normalizeRows(values, SIZE);
  normalizeRows(landmarks, SIZE);
  const forest = new LandmarkForest(landmarks, SIZE, 7);
  const [found, similarities] = [new Int32Array(5), new Float32Array(5)];
  let hits = 0;
  for (let row = 4_000; row < 4_100; row++) {
    forest.nearest(values, row, found, similarities);
    expect([...similarities]).toEqual([...similarities].sort((one, other) => other - one));
    const all = Array.from({ length: 4_000 }, (_, landmark) => {
      let cosine = 0;
      for (let index = 0; index < SIZE; index++)
        cosine += values[row * SIZE + index]! * landmarks[landmark * SIZE + index]!;
      return { landmark, cosine };
    });
    const nearest = all.sort((one, other) => other.cosine - one.cosine).slice(0, 5);
    hits += nearest.filter(({ landmark }) => found.includes(landmark)).length;
  }
  expect(hits / 500).toBeGreaterThan(0.8);
});

test('the plan grows with the work, and the share of it adds up', () => {
  const planned = plannedSeconds({ points: 13_000, size: 512, landmarks: 13_000, neighbours: 15, epochs: 200 });
  const larger = plannedSeconds({ points: 1_000_000, size: 512, landmarks: 20_000, neighbours: 15, epochs: 200 });
  expect(planned.place).toBe(0);
  for (const stage of MAP_STAGES) expect(larger[stage]).toBeGreaterThanOrEqual(planned[stage]);
  expect(doneShare(planned, 'subspace', 0)).toBe(0);
  expect(doneShare(planned, 'layout', 1)).toBeCloseTo(1, 10);
});
