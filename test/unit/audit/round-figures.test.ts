import { expect, test } from 'vitest';
import { reliabilityOf } from '#main/audit/rounds/calibration.ts';
import { classColumnsOf, placeColumns } from '#main/audit/rounds/class-columns.ts';
import { type RoundColumns, joinColumns } from '#main/audit/rounds/columns.ts';
import { ThresholdIndex, confidenceHistogram } from '#main/audit/rounds/confidences.ts';
import { countFlips, flippedPlaces } from '#main/audit/rounds/flips.ts';

/** [image, label, confidence] */
const columns = (...rows: readonly (readonly [number, number, number])[]): RoundColumns => ({
  images: Float64Array.from(rows, ([image]) => image),
  labels: Uint8Array.from(rows, ([, label]) => label),
  confidences: Float32Array.from(rows, ([, , confidence]) => confidence),
});

const FROM = columns([1, 0, 0.5], [3, 1, 0.6], [4, 2, 0.7], [6, 0, 0.8], [9, 1, 0.9]);
const TO = columns([2, 0, 0.5], [3, 2, 0.6], [4, 2, 0.7], [6, 1, 0.8], [9, 1, 0.9], [12, 0, 0.4]);

test('flips are counted over the images that both rounds have', () => {
  expect(countFlips(FROM, TO, 3)).toEqual({
    compared: 4,
    changed: 2,
    onlyFrom: 1,
    onlyTo: 2,
    matrix: [
      [0, 1, 0],
      [0, 1, 1],
      [0, 0, 1],
    ],
  });
  expect(countFlips(columns(), TO, 3)).toMatchObject({ compared: 0, changed: 0, onlyTo: 6 });
});

test('the images behind a cell come in order, a page at a time', () => {
  const idsOf = (choice: Parameters<typeof flippedPlaces>[2]): number[] =>
    flippedPlaces(FROM, TO, choice).map(({ from }) => FROM.images[from]!);
  expect(idsOf({ afterId: 0, limit: 10 })).toEqual([3, 6]);
  expect(idsOf({ afterId: 0, limit: 1 })).toEqual([3]);
  expect(idsOf({ afterId: 3, limit: 10 })).toEqual([6]);
  expect(idsOf({ fromClass: 0, afterId: 0, limit: 10 })).toEqual([6]);
  expect(idsOf({ toClass: 2, afterId: 0, limit: 10 })).toEqual([3]);
  expect(idsOf({ fromClass: 2, toClass: 2, afterId: 0, limit: 10 })).toEqual([4]);
});

test('a histogram has a bin for every confidence, one included', () => {
  const round = columns([1, 0, 0], [2, 0, 0.24], [3, 0, 0.25], [4, 1, 1], [5, 1, 0.999]);
  expect(confidenceHistogram(round, 2, 4)).toEqual([
    [2, 1, 0, 0],
    [0, 0, 0, 2],
  ]);
});

test('a threshold accepts what is at it, as float32 numbers are compared', () => {
  // 0.95 as float32 is a little less than 0.95: training accepts it, and so does the preview.
  const index = new ThresholdIndex(columns([1, 0, 0.95], [2, 0, 0.94], [3, 1, 0.5], [4, 0, 0.99]), 2);
  expect(index.accepted(0, 0.95)).toEqual({ count: 3, accepted: 2 });
  expect(index.accepted(0, 0)).toEqual({ count: 3, accepted: 3 });
  expect(index.accepted(0, 1)).toEqual({ count: 3, accepted: 0 });
  expect(index.accepted(1, 0.5)).toEqual({ count: 1, accepted: 1 });
});

test('calibration looks at the images whose class is known, and at no others', () => {
  const round = columns([1, 0, 0.6], [2, 1, 0.6], [3, 1, 0.9], [4, 0, 1]);
  const found = reliabilityOf(round, Uint8Array.of(0, 0, 8, 0), 2, 2);
  expect(found).toMatchObject({ known: 3, given: [2, 1], right: [2, 0] });
  expect(found.accuracy).toBeCloseTo(2 / 3);
  // All three lie in (0.5, 1]: mean confidence 2.2 / 3, accuracy 2 / 3.
  expect(found.ece).toBeCloseTo(0.2 / 3, 6);
  expect(found.bins.map(({ count }) => count)).toEqual([0, 3]);
  expect(reliabilityOf(round, Uint8Array.of(8, 8, 8, 8), 2)).toMatchObject({ known: 0, accuracy: null, ece: null });
});

test('columns are joined in order', () => {
  expect(joinColumns([columns([1, 0, 0.5]), columns([2, 1, 0.25], [3, 2, 1])])).toEqual(
    columns([1, 0, 0.5], [2, 1, 0.25], [3, 2, 1]),
  );
});

test('classes go to their places in the studio’s order, whatever the network’s', () => {
  const two = classColumnsOf(['Happiness', 'neutral'], 'The network');
  expect(two).toEqual({ classCount: 7, targets: [1, 0] });
  expect([...placeColumns(Float32Array.of(0.75, 0.25), two)]).toEqual([0.25, 0.75, 0, 0, 0, 0, 0]);
  expect(classColumnsOf(['neutral', 'happy'], 'The network').classCount).toBe(2);
  expect(classColumnsOf(['contempt', 'happy'], 'The network').classCount).toBe(8);
  expect(() => classColumnsOf(['happy', 'cat'], 'The network')).toThrow('The network knows the class “cat”');
  expect(() => classColumnsOf(['happy', 'joy'], 'The network')).toThrow('the class happy twice');
});
