import { expect, test } from 'vitest';
import { type BlockPlan, measureInterleaved } from '#main/bench/measure.ts';
import type { Side } from '#main/bench/side-process.ts';

const PLAN: BlockPlan = {
  blocks: 3,
  warmupBlocks: 2,
  warmupRepetitions: 2,
  blockMilliseconds: 100,
  repetitionMultiple: 1,
};

/** A side on which each repetition takes the next of `times`; the last one stays. */
function scriptedSide(name: string, times: number[], log: string[]): Side {
  return {
    ready: { kind: 'ready', versions: {}, parameters: null, note: null },
    run: (repetitions) => {
      log.push(`${name} ${repetitions}`);
      return Promise.resolve((times.length > 1 ? times.shift()! : times[0]!) * repetitions);
    },
    peakMemory: () => null,
    close: () => Promise.resolve(),
  };
}

test('blocks take turns, the warm-up does not count, and the faster side sets the length of a block', async () => {
  const log: string[] = [];
  const done: string[] = [];
  const ours = scriptedSide('ours', [90, 20, 21, 22, 23], log);
  const peer = scriptedSide('peer', [50, 40, 41, 42, 43], log);
  const times = await measureInterleaved(ours, peer, PLAN, (block, total) => done.push(`${block}/${total}`));
  // The fastest repetition of the warm-up took 20 ms: five of them last 100 ms.
  expect(times).toEqual({ ours: [21, 22, 23], peer: [41, 42, 43], repetitions: 5 });
  expect(log).toEqual([
    ...['ours 2', 'peer 2', 'ours 2', 'peer 2'],
    ...['ours 5', 'peer 5', 'ours 5', 'peer 5', 'ours 5', 'peer 5'],
  ]);
  expect(done).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5']);
});

test('repetitions are a multiple of the workers, and never none', async () => {
  const log: string[] = [];
  const alone = await measureInterleaved(
    scriptedSide('ours', [30], log),
    null,
    { ...PLAN, repetitionMultiple: 4 },
    () => {},
  );
  // 100 ms are 3.3 repetitions of 30 ms.
  expect(alone).toEqual({ ours: [30, 30, 30], peer: null, repetitions: 4 });
  expect(log.slice(0, 3)).toEqual(['ours 4', 'ours 4', 'ours 4']);
  const slow = await measureInterleaved(scriptedSide('ours', [900], []), null, PLAN, () => {});
  expect(slow.repetitions).toBe(1);
});
