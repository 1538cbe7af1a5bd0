import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StudioError } from '#shared/errors.ts';
import { mixedPrecisionOf } from '../tensorflow/capture/precision.ts';
import { runtimeStatus } from '../tensorflow/setup/status.ts';
import { allBenchmarks, type Benchmark, BENCHMARK_GROUPS, type BenchmarkMachine } from './benchmarks.ts';
import type { BenchResult } from './catalog.ts';
import { CATALOG_GROUP } from './catalog-run.ts';
import { findJpegFiles } from './images.ts';
import { type BlockTimes, measureInterleaved } from './measure.ts';
import { writePhotographs } from './photographs.ts';
import { type Side, type SideProgram, startSide } from './side-process.ts';
import { compare, type Comparison } from './statistics.ts';
import { WINDOW_GROUP } from './window/window.ts';

/** How the studio starts its own child processes. */
export interface NodeProgram {
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface BenchRequest {
  /** A group, a benchmark, or the first parts of its name; all when left out. */
  readonly name: string | undefined;
  /** A Python with torch; null measures without a peer. */
  readonly peerPython: string | null;
  /** A folder with JPEG files for the pipeline; null generates some. */
  readonly imageFolder: string | null;
  readonly machine: BenchmarkMachine;
  readonly quick: boolean;
  /** How a process like the engine is started. */
  readonly engine: NodeProgram;
  readonly signal: AbortSignal;
  readonly onProgress: (benchmark: string, done: number, total: number) => void;
}

/** A figure for each side. */
interface Sides<Value> {
  readonly ours: Value;
  readonly peer: Value | null;
}

/** A benchmark's result: medians over the blocks of both sides, in its unit, and what is needed to judge them. */
export interface Measurement extends BenchResult, Comparison {
  /** Which ratios mean that the studio is faster: those below 1 or above 1. */
  readonly better: 'lower' | 'higher';
  /** The arithmetic; null where there is no network. */
  readonly precision: string | null;
  /** The figure of every block, in the order measured. */
  readonly blocks: Sides<readonly number[]>;
  /** In each block. */
  readonly repetitions: number;
  /** Peak of resident memory, workers included, bytes. */
  readonly memory: Sides<number | null>;
  /** Of programs and libraries, by name. */
  readonly versions: Sides<Readonly<Record<string, string>>>;
  /** What is to be known about a side. */
  readonly notes: readonly string[];
}

/** Pictures of the pipeline's benchmark: more than fit into a processor's caches, decoded or not. */
const PICTURES = { full: 48, quick: 4 };
const PICTURES_OF_A_FOLDER = 256;

/** This machine, as TensorFlow would use it now. @param threads threads of each side, and image workers of each. */
export function benchmarkMachine(threads: number): BenchmarkMachine {
  const device = runtimeStatus()?.info.device ?? 'cpu';
  return { device, mixedPrecision: mixedPrecisionOf(device), threads };
}

/**
 * Measures, one benchmark after the other.
 *
 * @throws StudioError 'usage' for a name that no benchmark has, 'not-found' and 'unavailable' for a Python that cannot serve as peer, the
 *   signal's reason when it was aborted.
 */
export async function runBenchmarks(request: BenchRequest): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'face2exp-bench-'));
  try {
    const results: Measurement[] = [];
    for (const benchmark of await chosenBenchmarks(request, folder)) {
      results.push(await runBenchmark(benchmark, request));
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function chosenBenchmarks(request: BenchRequest, folder: string): Promise<Benchmark[]> {
  const { name, machine, quick, imageFolder, signal } = request;
  const isChosen = (benchmark: Benchmark): boolean => name === undefined || `${benchmark.name}/`.startsWith(`${name}/`);
  const chosen = (paths: readonly string[]): Benchmark[] => allBenchmarks(machine, paths, quick).filter(isChosen);
  const wanted = chosen([]);
  if (wanted.length === 0) throw unknownName(name!, allBenchmarks(machine, [], quick));
  if (!wanted.some(({ workload }) => workload.kind === 'pipeline')) return wanted;
  const paths =
    imageFolder === null
      ? await writePhotographs(folder, quick ? PICTURES.quick : PICTURES.full, signal)
      : await findJpegFiles(imageFolder, PICTURES_OF_A_FOLDER);
  return chosen(paths);
}

function unknownName(name: string, benchmarks: readonly Benchmark[]): StudioError {
  const names = [...BENCHMARK_GROUPS, CATALOG_GROUP, WINDOW_GROUP, ...benchmarks.map((benchmark) => benchmark.name)];
  return new StudioError('usage', `There is no benchmark ${name}.`, { hint: `There are ${names.join(', ')}.` });
}

async function runBenchmark(benchmark: Benchmark, request: BenchRequest): Promise<Measurement> {
  const { name, plan } = benchmark;
  const { ours, peer } = await startSides(benchmark, request);
  try {
    const times = await measureInterleaved(ours, peer, plan, (done, total) => request.onProgress(name, done, total));
    return measurementOf(benchmark, times, ours, peer);
  } finally {
    await Promise.all([ours.close(), peer?.close()]);
  }
}

/** Both get ready at the same time; where one cannot, the other is ended. */
async function startSides(
  { workload }: Benchmark,
  { engine, machine: { threads }, peerPython, signal }: BenchRequest,
): Promise<{ ours: Side; peer: Side | null }> {
  const programs = [ourProgram(engine, threads), ...(peerPython === null ? [] : [peerProgram(peerPython, threads)])];
  const starts = await Promise.allSettled(programs.map((program) => startSide(program, workload, signal)));
  const sides = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  try {
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    const [ours, peer = null] = sides;
    checkSameNetwork(ours!, peer);
    return { ours: ours!, peer };
  } catch (error) {
    await Promise.all(sides.map((side) => side.close()));
    throw error;
  }
}

function checkSameNetwork({ ready: ours }: Side, peer: Side | null): void {
  if (peer === null || ours.parameters === peer.ready.parameters) return;
  throw new StudioError(
    'internal',
    `The two sides do not compute the same: the studio's networks have ${ours.parameters} parameters, the peer's ${peer.ready.parameters}.`,
  );
}

/** The studio's own side. @param threads of TensorFlow. */
export function ourProgram({ parameters, environment }: NodeProgram, threads: number): SideProgram {
  return {
    name: 'own',
    command: process.execPath,
    parameters: [...parameters, fileURLToPath(new URL('./ours/main.ts', import.meta.url))],
    environment: {
      ...environment,
      // TensorFlow's pools are made when its library is loaded.
      TF_NUM_INTRAOP_THREADS: String(threads),
      TF_NUM_INTEROP_THREADS: String(threads),
    },
    hint: 'This is a fault of the studio or of its runtime; `face2exp doctor` checks both.',
  };
}

/** The peer's programs, written in Python. */
const PEER_FILE = fileURLToPath(new URL('../../../resources/bench/peer.py', import.meta.url));

function peerProgram(python: string, threads: number): SideProgram {
  return {
    name: 'PyTorch',
    command: python,
    // -B: nothing is written beside the programs.
    parameters: ['-B', PEER_FILE],
    environment: { OMP_NUM_THREADS: String(threads) },
    hint: 'Name a Python with torch, numpy and pillow by --peer-python, or leave it out to measure the studio alone.',
  };
}

function measurementOf(benchmark: Benchmark, times: BlockTimes, ours: Side, peer: Side | null): Measurement {
  const { name, unit, workload } = benchmark;
  const figures = (milliseconds: readonly number[]): number[] => milliseconds.map((time) => figureOf(benchmark, time));
  const blocks = { ours: figures(times.ours), peer: times.peer === null ? null : figures(times.peer) };
  return {
    name,
    unit,
    ...compare(blocks.ours, blocks.peer),
    better: unit === 'ms' ? 'lower' : 'higher',
    precision: workload.kind === 'pipeline' ? null : workload.precision,
    blocks,
    repetitions: times.repetitions,
    memory: { ours: ours.peakMemory(), peer: peer === null ? null : peer.peakMemory() },
    versions: { ours: ours.ready.versions, peer: peer === null ? null : peer.ready.versions },
    notes: [ours.ready.note, peer?.ready.note].filter((note) => note !== null && note !== undefined),
  };
}

function figureOf({ unit, images }: Benchmark, milliseconds: number): number {
  return unit === 'ms' ? milliseconds : (images * 1000) / milliseconds;
}
