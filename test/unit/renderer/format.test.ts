import { describe, expect, test } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatPoints,
  formatRate,
  formatRatio,
  formatShare,
  plural,
} from '../../../src/renderer/text/format.ts';

describe('numbers', () => {
  test('counts separate thousands', () => {
    expect(formatCount(28_709)).toBe('28,709');
    expect(plural(1, 'image')).toBe('1 image');
    expect(plural(2_000, 'image')).toBe('2,000 images');
  });

  test('rates have three significant digits, and an exponent only where digits would be many', () => {
    expect(formatRate(0)).toBe('0');
    expect(formatRate(1234.5)).toBe('1,230');
    expect(formatRate(0.01234)).toBe('0.0123');
    expect(formatRate(1e-5)).toBe('1e-5');
    expect(formatRate(3.206e-7)).toBe('3.21e-7');
    expect(formatRate(2_500_000)).toBe('2.5e6');
  });

  test('shares are percent, differences of shares are points with their sign', () => {
    expect(formatShare(0.6364)).toBe('63.6 %');
    expect(formatPoints(0.0312)).toBe('+3.1');
    expect(formatPoints(-0.0312)).toBe('−3.1');
    expect(formatPoints(-0.0004)).toBe('0.0');
  });

  test('ratios lose their decimals from a hundred on', () => {
    expect(formatRatio(384 / 72)).toBe('5.3 : 1');
    expect(formatRatio(134_415 / 381)).toBe('353 : 1');
  });

  test('bytes count in thousands', () => {
    expect(formatBytes(999)).toBe('999 bytes');
    expect(formatBytes(1_536)).toBe('1.5 kB');
    expect(formatBytes(273_000_000)).toBe('273.0 MB');
  });
});

describe('times', () => {
  test('times past are told in their largest unit, and as a date beyond a month', () => {
    const now = Date.parse('2026-03-31T12:00:00Z');
    expect(formatAgo(now - 59_000, now)).toBe('just now');
    expect(formatAgo(now - 5 * 60_000, now)).toBe('5 min ago');
    expect(formatAgo(now - 3 * 3_600_000, now)).toBe('3 h ago');
    expect(formatAgo(now - 2 * 86_400_000, now)).toBe('2 d ago');
    expect(formatAgo(Date.parse('2026-01-15T12:00:00Z'), now)).toBe('Jan 15, 2026');
  });
});
