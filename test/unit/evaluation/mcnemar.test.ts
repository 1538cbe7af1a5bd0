import { describe, expect, it } from 'vitest';
import { mcNemar } from '#main/evaluation/mcnemar.ts';

describe('mcNemar', () => {
  it('is exact where the two differ on few images', () => {
    // Two-sided: 2·P(X ≤ 1) of 10 throws = 2·(1 + 10)/1024.
    expect(mcNemar(1, 9)).toEqual({
      onlyFirst: 1,
      onlySecond: 9,
      method: 'exact',
      statistic: null,
      pValue: 22 / 1024,
    });
    expect(mcNemar(9, 1).pValue).toBe(22 / 1024);
    expect(mcNemar(5, 5).pValue).toBe(1); // twice the lower half would be more than 1
    expect(mcNemar(0, 0).pValue).toBe(1);
  });

  it('is chi-square with continuity correction else', () => {
    // (|7-18|-1)²/25 = 4 and (|2-23|-1)²/25 = 16: two and four standard deviations, both tails.
    expect(mcNemar(7, 18)).toMatchObject({ method: 'chi-square', statistic: 4 });
    expect(mcNemar(7, 18).pValue).toBeCloseTo(0.04550026389635842, 14);
    expect(mcNemar(23, 2)).toMatchObject({ method: 'chi-square', statistic: 16 });
    expect(mcNemar(23, 2).pValue / 6.334248366623996e-5).toBeCloseTo(1, 12);
    expect(mcNemar(100, 100)).toMatchObject({ statistic: 0, pValue: 1 });
  });

  it('says when the counts are none', () => {
    expect(() => mcNemar(-1, 2)).toThrow(/no counts of images/);
    expect(() => mcNemar(0.5, 2)).toThrow(/no counts of images/);
  });
});
