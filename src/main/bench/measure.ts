import type { Side } from './side-process.ts';

/** How a benchmark is measured. */
export interface BlockPlan {
  /** Blocks of each side that count. */
  readonly blocks: number;
  /** Blocks before them that do not: the first ones pay for memory, plans and caches. */
  readonly warmupBlocks: number;
  readonly warmupRepetitions: number;
  /** A block of the faster side lasts about this long. */
  readonly blockMilliseconds: number;
  /** Repetitions of a block are a multiple of this: as many as there are workers, so that none of them idles at the end. */
  readonly repetitionMultiple: number;
}

/** Milliseconds of one repetition, a figure for each block. */
export interface BlockTimes {
  readonly ours: readonly number[];
  readonly peer: readonly number[] | null;
  /** In a block. */
  readonly repetitions: number;
}

/**
 * Runs both sides in turn, ours, peer, ours, peer, so that a machine that becomes slower or faster does so for both. A block has the same
 * number of repetitions on both sides, which the fastest block of the warm-up tells.
 *
 * @param onBlock called after each pair of blocks, those of the warm-up included.
 */
export async function measureInterleaved(
  ours: Side,
  peer: Side | null,
  plan: BlockPlan,
  onBlock: (done: number, total: number) => void,
): Promise<BlockTimes> {
  const total = plan.warmupBlocks + plan.blocks;
  let repetitions = rounded(plan.warmupRepetitions, plan);
  let fastest = Infinity;
  for (let block = 0; block < plan.warmupBlocks; block++) {
    const { own, other } = await runPair(ours, peer, repetitions);
    fastest = Math.min(own, other ?? Infinity);
    onBlock(block + 1, total);
  }
  repetitions = rounded(plan.blockMilliseconds / fastest, plan);
  const own: number[] = [];
  const other: number[] = [];
  for (let block = 0; block < plan.blocks; block++) {
    const pair = await runPair(ours, peer, repetitions);
    own.push(pair.own);
    if (pair.other !== null) other.push(pair.other);
    onBlock(plan.warmupBlocks + block + 1, total);
  }
  return { ours: own, peer: peer === null ? null : other, repetitions };
}

async function runPair(
  ours: Side,
  peer: Side | null,
  repetitions: number,
): Promise<{ own: number; other: number | null }> {
  const own = (await ours.run(repetitions)) / repetitions;
  const other = peer === null ? null : (await peer.run(repetitions)) / repetitions;
  return { own, other };
}

function rounded(repetitions: number, { repetitionMultiple }: BlockPlan): number {
  return Math.max(1, Math.ceil(repetitions / repetitionMultiple)) * repetitionMultiple;
}
