import { expect, test } from 'vitest';
import { WorkerLoads } from '#main/host/services/worker-loads.ts';

const ADDRESSES = ['gpu-1:7070', 'gpu-2:7070', 'gpu-3:7070'];

/** One step of all workers: what each computes, milliseconds; they wait for the slowest. @returns what was told. */
function step(loads: WorkerLoads, number: number, computing: readonly number[]): string[] {
  const slowest = Math.max(...computing);
  return computing.flatMap((milliseconds, rank) => {
    const sentence = loads.add({
      ...{ type: 'replica', rank, step: number, dataMilliseconds: 10, imagesPerSecond: 40 },
      stepMilliseconds: slowest + 20,
      exchangeMilliseconds: slowest + 20 - milliseconds,
    });
    return sentence === null ? [] : [sentence];
  });
}

function steps(loads: WorkerLoads, first: number, count: number, computing: readonly number[]): string[] {
  return Array.from({ length: count }, (_, index) => step(loads, first + index, computing)).flat();
}

test('loads are means of the last twenty steps, by rank, without the exchange in the computing', () => {
  const loads = new WorkerLoads(ADDRESSES);
  steps(loads, 0, 5, [1000, 1000, 1000]);
  steps(loads, 5, 20, [100, 300, 100]);
  expect(loads.list()).toEqual([
    load(0, { computeMilliseconds: 100, exchangeMilliseconds: 220 }),
    load(1, { computeMilliseconds: 300, exchangeMilliseconds: 20, isStraggling: true }),
    load(2, { computeMilliseconds: 100, exchangeMilliseconds: 220 }),
  ]);
});

function load(rank: number, part: object): object {
  return {
    ...{ rank, address: ADDRESSES[rank], step: 24, imagesPerSecond: 40, dataMilliseconds: 10, isStraggling: false },
    ...part,
  };
}

test('a straggler is named once, when it has kept the others waiting for twenty steps', () => {
  const loads = new WorkerLoads(ADDRESSES);
  expect(steps(loads, 0, 19, [170, 300, 170])).toEqual([]);
  expect(steps(loads, 19, 1, [170, 300, 170])).toEqual([
    'Worker gpu-2:7070 keeps the others waiting: 310 ms a step of its own, the others 180 ms.',
  ]);
  expect(steps(loads, 20, 100, [170, 300, 170])).toEqual([]);
});

test('one that recovers and straggles again is named again; a few slow steps are not worth a word', () => {
  const loads = new WorkerLoads(ADDRESSES.slice(0, 2));
  expect(steps(loads, 0, 20, [100, 200])).toHaveLength(1);
  expect(steps(loads, 20, 60, [100, 100])).toEqual([]);
  expect(steps(loads, 80, 3, [100, 200])).toEqual([]);
  expect(steps(loads, 83, 40, [100, 100])).toEqual([]);
  expect(steps(loads, 123, 60, [100, 200])).toHaveLength(1);
});

test('a few milliseconds in a step of hundreds keep nobody waiting', () => {
  const loads = new WorkerLoads(ADDRESSES.slice(0, 2));
  const tell = (rank: number, milliseconds: number): string | null =>
    loads.add({
      ...{ type: 'replica', rank, step: 0, dataMilliseconds: 0, imagesPerSecond: 40 },
      ...{ stepMilliseconds: 200 + milliseconds, exchangeMilliseconds: 200 },
    });
  for (let step = 0; step < 50; step++) expect([tell(0, 5), tell(1, 9)]).toEqual([null, null]);
});

test('one long step in twenty-five, as where a checkpoint is written, makes no straggler', () => {
  const loads = new WorkerLoads(ADDRESSES.slice(0, 2));
  for (let step = 0; step < 200; step += 25) {
    expect([...steps(loads, step, 24, [100, 100]), ...steps(loads, step + 24, 1, [5000, 100])]).toEqual([]);
  }
});

test('a worker alone, and equal ones, keep nobody waiting', () => {
  expect(steps(new WorkerLoads(['gpu-1:7070']), 0, 50, [500])).toEqual([]);
  expect(steps(new WorkerLoads(ADDRESSES), 0, 50, [100, 110, 120])).toEqual([]);
});
