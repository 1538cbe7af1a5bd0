import { describe, expect, it } from 'vitest';
import { coverageAt, Raster } from '#main/demo/raster.ts';

const rectangle = (left: number, top: number, right: number, bottom: number): number[] => [
  left,
  top,
  right,
  top,
  right,
  bottom,
  left,
  bottom,
];

describe('Raster', () => {
  it('covers each pixel by the area of it that lies inside', () => {
    const mask = new Raster(4, 3).mask(rectangle(0.5, 0.5, 2.25, 2));
    // Columns are covered by .5, 1, .25, rows by .5, 1, 0.
    expect([0, 1, 2, 3].map((column) => coverageAt(mask, column, 0))).toEqual([0.25, 0.5, 0.125, 0]);
    expect([0, 1, 2, 3].map((column) => coverageAt(mask, column, 1))).toEqual([0.5, 1, 0.25, 0]);
    expect(coverageAt(mask, 1, 2)).toBe(0);
  });

  it('gives a slanted shape its exact area, whichever way round it is drawn', () => {
    // Half of base 6.5 times height 5.25; both corners off the pixel grid.
    const triangle = [1.25, 1, 7.75, 3, 1.25, 6.25];
    const backwards = [1.25, 6.25, 7.75, 3, 1.25, 1];
    const raster = new Raster(9, 8);
    for (const polygon of [triangle, backwards]) {
      const area = raster.mask(polygon).coverage.reduce((sum, coverage) => sum + coverage, 0);
      expect(area).toBeCloseTo((6.5 * 5.25) / 2, 5);
    }
  });

  it('leaves out what lies beside the picture', () => {
    const mask = new Raster(3, 3).mask(rectangle(-5, -5, 1.5, 9));
    expect([0, 1, 2].map((column) => coverageAt(mask, column, 2))).toEqual([1, 0.5, 0]);
    expect(new Raster(3, 3).mask(rectangle(5, 5, 7, 7)).coverage).toHaveLength(0);
  });

  it('blends by coverage and opacity, inside the clip only', () => {
    const raster = new Raster(2, 1);
    raster.fill(rectangle(0, 0, 2, 1), [1, 0.5, 0]);
    raster.fill(rectangle(0, 0, 2, 1), [0, 0, 1], 0.5, raster.mask(rectangle(1, 0, 2, 1)));
    // Left untouched. Right: half of it and half blue; 127.5 goes to the even 128, 63.75 to 64.
    expect([...raster.toImage().data]).toEqual([255, 128, 0, 128, 64, 128]);
  });

  it('fades a glow from its centre to nothing at its rim', () => {
    const raster = new Raster(5, 1);
    raster.glow({ x: 2.5, y: 0.5, radiusX: 2, radiusY: 2 }, [1, 1, 1], 1);
    // (1 - d²/4)² at d = 0, 1, 2
    expect([0, 1, 2, 3, 4].map((column) => raster.pixels[column * 3])).toEqual([0, 0.5625, 1, 0.5625, 0]);
  });
});
