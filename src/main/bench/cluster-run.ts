import { once } from 'node:events';
import { createServer } from 'node:net';
import type { BenchResult } from './catalog.ts';
import type { BenchmarkMachine } from './benchmarks.ts';
import { median } from './statistics.ts';
import { type NodeProgram, ourProgram } from './run.ts';
import { type SharingSide, startSide } from './side-process.ts';

/** The name of this benchmark's group; it has no peer. */
export const CLUSTER_GROUP = 'cluster';

const FULL = { imageSize: 64, batchSize: 32, mu: 7, blocks: 5, warmups: 1 };
const QUICK = { imageSize: 32, batchSize: 2, mu: 1, blocks: 1, warmups: 1 };

export interface ClusterBenchRequest {
  readonly machine: BenchmarkMachine;
  readonly quick: boolean;
  readonly engine: NodeProgram;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Two processes with a thread each against one with one thread, on the full meta step of a ResNet-18 with mu 7 as released: steps in turn, one
 * alone, then one together. Images a second of both, how many times as many the two make, and the share of their step that is exchange.
 * It needs two free cores.
 *
 * @throws StudioError what a side reports; the signal's reason.
 */
export async function runClusterBenchmark(request: ClusterBenchRequest): Promise<BenchResult[]> {
  const { machine, quick, engine, signal, onProgress } = request;
  const { blocks, warmups, ...sizes } = quick ? QUICK : FULL;
  const common = { kind: 'meta-step', architecture: 'resnet18', classCount: 7, ...sizes } as const;
  const workload = { ...common, precision: 'float32', device: machine.device, threads: 1 } as const;
  const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const program = ourProgram(engine, 1);
  const sides = await Promise.all([
    startSide(program, workload, signal),
    ...addresses.map((_, task) => startSide(program, { ...workload, cluster: { addresses, task } }, signal)),
  ]);
  const [alone, ...pair] = sides as [SharingSide, SharingSide, SharingSide];
  try {
    const ratios: number[] = [];
    const [single, together, shares]: [number[], number[], number[]] = [[], [], []];
    const images = sizes.batchSize * (1 + 2 * sizes.mu);
    for (let block = 0; block < warmups + blocks; block++) {
      const own = await alone.run(1);
      const both = await Promise.all(pair.map((side) => side.runTimed(1)));
      onProgress(block + 1, warmups + blocks);
      if (block < warmups) continue;
      const longest = Math.max(...both.map(({ milliseconds }) => milliseconds));
      single.push((1000 * images) / own);
      together.push((1000 * images * pair.length) / longest);
      ratios.push((pair.length * own) / longest);
      shares.push(Math.min(...both.map(({ exchangeMilliseconds }) => exchangeMilliseconds)) / longest);
    }
    const name = `${CLUSTER_GROUP}/meta-resnet18-${sizes.imageSize}px-b${sizes.batchSize}-mu${sizes.mu}`;
    const result = (what: string, unit: string, values: number[]): BenchResult => ({
      ...{ name: `${name}/${what}`, unit, ours: median(values) },
      ...{ peer: null, ratio: null },
    });
    return [
      result('one process', 'images/s', single),
      result('two processes', 'images/s', together),
      result('times as many', 'ratio', ratios),
      result('exchange', 'share of a step', shares),
    ];
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
