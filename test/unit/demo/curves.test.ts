import { describe, expect, it } from 'vitest';
import type { Point } from '#main/demo/curves.ts';
import { ellipse, mirrored, smooth, stroke, taper, trace } from '#main/demo/curves.ts';

describe('smooth', () => {
  it('goes through every point, and stays straight where they are in line', () => {
    const points: Point[] = [
      [0, 0],
      [1, 2],
      [2, 4],
      [3, 6],
    ];
    const curve = smooth(points, 4);
    expect(curve).toHaveLength(13);
    points.forEach((point, index) => expect(curve[index * 4]).toEqual(point));
    for (const [x, y] of curve) expect(y).toBeCloseTo(2 * x, 12);
  });

  it('bends without corners', () => {
    const curve = smooth(
      [
        [0, 0],
        [1, 1],
        [2, 0],
      ],
      2,
    );
    // Halfway to the top, slopes 1/2 and 0: (0 + 1)/2 + (1/2 - 0)/8
    expect(curve[1]![1]).toBeCloseTo(0.5625, 12);
    expect(curve[3]![1]).toBeCloseTo(0.5625, 12);
  });
});

describe('stroke', () => {
  it('runs along both sides of the line at half the width', () => {
    const line: Point[] = [
      [0, 1],
      [4, 1],
    ];
    expect(stroke(line, (share) => 1 + share)).toEqual([
      [0, 1.5],
      [4, 2],
      [4, 0],
      [0, 0.5],
    ]);
  });

  it('thins towards both ends', () => {
    const width = taper(2, 0.25);
    expect([0, 0.5, 1].map(width).map((value) => Number(value.toFixed(12)))).toEqual([0.5, 2, 0.5]);
  });
});

describe('shapes', () => {
  it('puts an ellipse’s points on it', () => {
    for (const [x, y] of ellipse(3, 4, 2, 1, 9)) expect(((x - 3) / 2) ** 2 + (y - 4) ** 2).toBeCloseTo(1, 12);
  });

  it('mirrors to the face’s other side, and traces from end to end', () => {
    expect(mirrored([[2, 3]])).toEqual([[-2, 3]]);
    expect(trace(1, 3, 3, (t): Point => [t, t * t])).toEqual([
      [1, 1],
      [2, 4],
      [3, 9],
    ]);
  });
});
