import { describe, expect, test } from 'vitest';
import { NO_CLASS } from '#shared/map.ts';
import { RandomStream } from '#shared/random.ts';
import { type SafetensorsTensor, encodeSafetensors } from '#main/interchange/safetensors.ts';
import { panned, toMap, toScreen, wholeMap, zoomed } from '../../../../src/renderer/views/labels/map/camera.ts';
import {
  COLOURINGS,
  codesOf,
  countsOf,
  densestPlace,
  legendOf,
} from '../../../../src/renderer/views/labels/map/colourings.ts';
import { type Columns, readColumns, readLabelsFor } from '../../../../src/renderer/views/labels/map/columns.ts';
import { PointIndex } from '../../../../src/renderer/views/labels/map/point-index.ts';
import { lookOf } from '../../../../src/renderer/views/labels/map/scatter.ts';

const SIZE = { width: 800, height: 500 };

function columnsOf(count: number): Columns {
  const stream = new RandomStream(2, 'demo');
  return {
    count,
    ids: Float64Array.from({ length: count }, (_, point) => 10 + 3 * point),
    positions: Float32Array.from({ length: 2 * count }, () => stream.between(-1, 1)),
    confidences: Float32Array.from({ length: count }, () => stream.uniform()),
    predicted: Uint8Array.from({ length: count }, () => stream.integer(7)),
    known: Uint8Array.from({ length: count }, () => (stream.chance(0.5) ? NO_CLASS : stream.integer(7))),
    splits: Uint8Array.from({ length: count }, () => stream.integer(4)),
    isLandmark: Uint8Array.from({ length: count }, () => stream.integer(2)),
    decided: Uint8Array.from({ length: count }, () => stream.integer(2)),
  };
}

const bytesOf = (pieces: readonly Uint8Array[]): ArrayBuffer => Uint8Array.from(Buffer.concat(pieces)).buffer;

test('columns are read as the host writes them', () => {
  const columns = columnsOf(5);
  const byte = (data: Uint8Array): SafetensorsTensor => ({ dtype: 'U8', shape: [5], data });
  const document = encodeSafetensors(
    new Map<string, SafetensorsTensor>([
      ['id', { dtype: 'F64', shape: [5], data: columns.ids }],
      ['position', { dtype: 'F32', shape: [5, 2], data: columns.positions }],
      ['confidence', { dtype: 'F32', shape: [5], data: columns.confidences }],
      ['predicted', byte(columns.predicted)],
      ['known', byte(columns.known)],
      ['split', byte(columns.splits)],
      ['landmark', byte(columns.isLandmark)],
      ['decided', byte(columns.decided)],
    ]),
  );
  expect(readColumns(bytesOf(document))).toEqual(columns);
  expect(() => readColumns(bytesOf(encodeSafetensors(new Map())))).toThrow(TypeError);
  const others = encodeSafetensors(
    new Map<string, SafetensorsTensor>([
      ['id', { dtype: 'F64', shape: [3], data: Float64Array.of(1, 13, 19) }],
      ['label', { dtype: 'U8', shape: [3], data: Uint8Array.of(5, 6, 2) }],
    ]),
  );
  expect([...readLabelsFor(columns, bytesOf(others), NO_CLASS)]).toEqual([8, 6, 8, 2, 8]);
});

describe('the camera', () => {
  test('goes from the map to the window and back, with y upwards', () => {
    const camera = { x: 0.3, y: -0.2, scale: 500 };
    const place = toScreen(camera, SIZE, 0.5, 0.1);
    expect(place.x).toBeCloseTo(500, 8);
    expect(place.y).toBeCloseTo(100, 8);
    const back = toMap(camera, SIZE, place);
    expect(back.x).toBeCloseTo(0.5, 10);
    expect(back.y).toBeCloseTo(0.1, 10);
  });

  test('shows all of the map, zooms about a place, and never loses it', () => {
    const whole = wholeMap(SIZE);
    expect(toScreen(whole, SIZE, 1, 1).y).toBeGreaterThan(0);
    expect(toScreen(whole, SIZE, 1, -1).y).toBeLessThan(SIZE.height);
    const about = { x: 500, y: 200 };
    const closer = zoomed(whole, SIZE, about, 3);
    expect(closer.scale).toBeCloseTo(whole.scale * 3, 8);
    const [before, after] = [toMap(whole, SIZE, about), toMap(closer, SIZE, about)];
    expect(after.x).toBeCloseTo(before.x, 10);
    expect(after.y).toBeCloseTo(before.y, 10);
    expect(zoomed(whole, SIZE, about, 1e9).scale).toBeLessThan(whole.scale * 1_000);
    expect(zoomed(whole, SIZE, about, 1e-9).scale).toBeGreaterThan(whole.scale / 10);
    const far = panned(whole, { x: 1e6, y: -1e6 });
    expect([far.x, far.y]).toEqual([-1, -1]);
  });
});

describe('the index of points', () => {
  const { positions } = columnsOf(4_000);
  const index = new PointIndex(positions);
  const everyone = (): boolean => true;

  test('finds the nearest that is wanted, and none beyond the radius', () => {
    const stream = new RandomStream(9, 'demo');
    for (let question = 0; question < 50; question++) {
      const place = { x: stream.between(-1.1, 1.1), y: stream.between(-1.1, 1.1) };
      const isWanted = (point: number): boolean => point % 3 === question % 3;
      let best = -1;
      let least = 0.05;
      for (let point = 0; point < 4_000; point++) {
        const distance = Math.hypot(positions[2 * point]! - place.x, positions[2 * point + 1]! - place.y);
        if (isWanted(point) && distance <= least) [best, least] = [point, distance];
      }
      expect(index.nearest(place, 0.05, isWanted)).toBe(best);
    }
  });

  test('finds all within an outline, a hole where it crosses itself left out', () => {
    const square = [
      { x: -0.5, y: -0.5 },
      { x: 0.25, y: -0.5 },
      { x: 0.25, y: 0.5 },
      { x: -0.5, y: 0.5 },
    ];
    const inside = Array.from({ length: 4_000 }, (_, point) => point).filter((point) => {
      const [x, y] = [positions[2 * point]!, positions[2 * point + 1]!];
      return x > -0.5 && x < 0.25 && y > -0.5 && y < 0.5;
    });
    expect([...index.within(square, everyone)]).toEqual(inside);
    expect([...index.within(square, (point) => point < 100)]).toEqual(inside.filter((point) => point < 100));
    const bow = [square[0]!, square[2]!, square[1]!, square[3]!];
    expect(index.within(bow, everyone).length).toBeLessThan(inside.length * 0.7);
  });
});

describe('colours', () => {
  const columns = columnsOf(900);

  test('every code that occurs is in the legend, for each colouring', () => {
    const before = columns.predicted.map((label, point) =>
      point % 5 === 0 ? NO_CLASS : point % 2 === 0 ? label : 6 - label,
    );
    for (const colouring of COLOURINGS) {
      const codes = new Set(codesOf(colouring, columns, before));
      const known = new Set(legendOf(colouring, 7).map(({ code }) => code));
      for (const code of codes) expect(known, colouring).toContain(code);
    }
  });

  test('flips are coloured by what they are now; the others recede', () => {
    const before = columns.predicted.map((label, point) =>
      point === 0 ? NO_CLASS : point === 1 ? (label + 1) % 7 : label,
    );
    const codes = codesOf('flipped', columns, before);
    const entryOf = (code: number) => legendOf('flipped', 7).find((entry) => entry.code === code)!;
    expect(codes[1]).toBe(columns.predicted[1]);
    expect(entryOf(codes[1]!)).toMatchObject({ isFaint: false, classIndex: codes[1] });
    expect(entryOf(codes[0]!).label).toBe('Not in that round');
    expect(entryOf(codes[2]!)).toMatchObject({ label: 'As before', isFaint: true });
    expect(countsOf(codes)[codes[2]!]).toBe(898);
  });

  test('a class’s letter is where most of it lies; a handful of points get none', () => {
    const positions = Float32Array.from({ length: 40 }, (_, index) =>
      index < 24 ? (index % 2 === 0 ? 0.5 : -0.5) : (index - 30) / 20,
    );
    const codes = new Uint8Array(20).fill(2);
    const place = densestPlace({ ...columns, positions }, codes, 2)!;
    expect(place.x).toBeCloseTo(0.5, 5);
    expect(place.y).toBeCloseTo(-0.5, 5);
    expect(densestPlace({ ...columns, positions }, codes, 3)).toBeNull();
  });

  test('many points are smaller and let each other through, and grow as one comes nearer', () => {
    expect(lookOf(1_000_000, 0.46).diameter).toBeLessThan(lookOf(1_000, 0.46).diameter);
    expect(lookOf(1_000_000, 0.46).opacity).toBeLessThan(lookOf(1_000, 0.46).opacity);
    expect(lookOf(1_000_000, 20).diameter).toBeGreaterThan(lookOf(1_000_000, 0.46).diameter);
  });
});
