import { expect, test } from 'vitest';
import { Prefetcher } from '#main/training/prefetch.ts';
import { Sampler } from '#main/training/sampler.ts';

test('every epoch holds every image once, in an order of its own', () => {
  const sampler = new Sampler(10, 3, 'order-labeled');
  const epochs = [0, 1].map((epoch) => sampler.draws(epoch * 10, 10).map(({ image }) => image));
  for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(epochs[0]).not.toEqual(epochs[1]);
});

test('a place in the stream holds the same image however it is reached', () => {
  const walked = new Sampler(7, 5, 'order-unlabeled');
  const whole = [0, 1, 2, 3, 4, 5].flatMap((batch) => walked.draws(batch * 4, 4));
  const jumped = new Sampler(7, 5, 'order-unlabeled').draws(13, 5);
  expect(jumped).toEqual(whole.slice(13, 18));
  // Position 13 of 7 images: the second pass, place 6; then the third pass begins.
  expect(jumped.map(({ epoch, position }) => [epoch, position])).toEqual([
    [1, 6],
    [2, 0],
    [2, 1],
    [2, 2],
    [2, 3],
  ]);
});

test('items are made ahead, up to the end, and no item twice', async () => {
  const made: number[] = [];
  const prefetcher = new Prefetcher(async (index) => (made.push(index), index), 2);
  expect(await prefetcher.take(5, 8)).toBe(5);
  expect(made).toEqual([5, 6, 7]);
  expect([await prefetcher.take(6, 8), await prefetcher.take(7, 8)]).toEqual([6, 7]);
  expect(made).toEqual([5, 6, 7]);
});

test('a failure is told when its item is taken', async () => {
  const prefetcher = new Prefetcher(
    (index) => (index === 1 ? Promise.reject(new Error('bad')) : Promise.resolve(index)),
    1,
  );
  expect(await prefetcher.take(0, 3)).toBe(0);
  await expect(prefetcher.take(1, 3)).rejects.toThrow('bad');
  await prefetcher.drain();
});
