import { expect, test } from 'vitest';
import { RandomStream, permutation, philox } from '#shared/random.ts';

// Known answers of the Random123 distribution for philox4x32, 10 rounds (file kat_vectors).
test('philox gives the published known answers', () => {
  expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  const ones = 0xffffffff;
  expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
    0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
  ]);
});

test('a stream depends on its address alone', () => {
  const draw = (seed: number, epoch: number, index: number): number[] => {
    const stream = new RandomStream(seed, 'view-weak', epoch, index);
    return Array.from({ length: 9 }, () => stream.uniform());
  };
  expect(draw(5, 1, 2)).toEqual(draw(5, 1, 2));
  expect(draw(5, 1, 2)).not.toEqual(draw(5, 1, 3));
  expect(draw(5, 1, 2)).not.toEqual(draw(5, 2, 2));
  expect(draw(5, 1, 2)).not.toEqual(draw(6, 1, 2));
  expect(new RandomStream(5, 'view-weak').uniform()).not.toBe(new RandomStream(5, 'view-strong').uniform());
});

test('uniform numbers have the mean and variance of the uniform distribution', () => {
  const stream = new RandomStream(1, 'demo');
  const count = 20_000;
  const values = Array.from({ length: count }, () => stream.uniform());
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  // Standard error of the mean is 1/√(12·20000) = 0.002; five of them.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.0102);
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.004);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
});

test('integers reach every value below their bound evenly', () => {
  const stream = new RandomStream(3, 'demo');
  const counts = new Array<number>(7).fill(0);
  for (let draw = 0; draw < 7_000; draw++) counts[stream.integer(7)]!++;
  // 1,000 expected each, standard deviation √(7000·1/7·6/7) = 29; five of them.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(146);
});

test('a permutation holds every index once, repeats, and differs by epoch', () => {
  const order = permutation(1000, 4, 'order-labeled', 2);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  expect(permutation(1000, 4, 'order-labeled', 2)).toEqual(order);
  expect(permutation(1000, 4, 'order-labeled', 3)).not.toEqual(order);
});
