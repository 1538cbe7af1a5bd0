import type { RuntimeInfo } from '#shared/runtime.ts';
import type { Architecture } from '#shared/training.ts';
import type { Precision } from '../tensorflow/capture/config-proto.ts';
import type { BlockPlan } from './measure.ts';
import type { Workload } from './protocol.ts';

/** What is measured interleaved with a peer. */
export const BENCHMARK_GROUPS = ['step', 'pipeline', 'inference'] as const;

/** One benchmark: its name, the work of one repetition, and how that is counted. */
export interface Benchmark {
  /** Its group first, such as `step/resnet18-64px-b32/float32`. */
  readonly name: string;
  readonly workload: Workload;
  /** `ms`: milliseconds of a repetition, fewer are better. `images/s`: more are better. */
  readonly unit: 'ms' | 'images/s';
  /** Images that go into one repetition. */
  readonly images: number;
  readonly plan: BlockPlan;
}

export interface BenchmarkMachine {
  readonly device: RuntimeInfo['device'];
  /** What mixed precision means there; float32 where it would gain nothing. */
  readonly mixedPrecision: Precision;
  /** Threads of each side, and image workers of each. */
  readonly threads: number;
}

const FULL_PLAN: BlockPlan = {
  blocks: 7,
  warmupBlocks: 2,
  warmupRepetitions: 3,
  blockMilliseconds: 2_000,
  repetitionMultiple: 1,
};
/** Enough to see that everything works, and no more. */
const QUICK_PLAN: BlockPlan = {
  blocks: 2,
  warmupBlocks: 1,
  warmupRepetitions: 1,
  blockMilliseconds: 1,
  repetitionMultiple: 1,
};

const CLASS_COUNT = 7;
/** RandAugment of the command in the released program's README. */
const RAND_AUGMENT = { count: 2, magnitude: 16 };

interface NetworkCase {
  readonly architecture: Architecture;
  readonly imageSize: number;
  readonly batchSize: number;
  /** Of a full meta step; a supervised step where it is left out. */
  readonly mu?: number;
}

interface Cases {
  readonly steps: readonly NetworkCase[];
  readonly inference: readonly NetworkCase[];
  readonly pipeline: { readonly imageSize: number; readonly batchSize: number; readonly mu: number };
  readonly plan: BlockPlan;
}

const FULL_CASES: Cases = {
  steps: [
    { architecture: 'resnet18', imageSize: 64, batchSize: 32 },
    { architecture: 'resnet18', imageSize: 112, batchSize: 16 },
    { architecture: 'resnet50', imageSize: 112, batchSize: 4, mu: 2 },
  ],
  inference: [{ architecture: 'resnet50', imageSize: 224, batchSize: 16 }],
  pipeline: { imageSize: 224, batchSize: 4, mu: 2 },
  plan: FULL_PLAN,
};
const QUICK_CASES: Cases = {
  steps: [
    { architecture: 'resnet18', imageSize: 32, batchSize: 2 },
    { architecture: 'resnet18', imageSize: 32, batchSize: 2, mu: 1 },
  ],
  inference: [{ architecture: 'resnet18', imageSize: 32, batchSize: 2 }],
  pipeline: { imageSize: 224, batchSize: 2, mu: 1 },
  plan: QUICK_PLAN,
};

/**
 * Everything that is measured, in order. Mixed precision is left out on a machine where it is no different.
 *
 * @param paths pictures for the pipeline. @param quick small cases and few repetitions, to see that all works.
 */
export function allBenchmarks(machine: BenchmarkMachine, paths: readonly string[], quick: boolean): Benchmark[] {
  const { steps, inference, pipeline, plan } = quick ? QUICK_CASES : FULL_CASES;
  const precisions = [...new Set(['float32' as const, machine.mixedPrecision])];
  const perPrecision = (benchmark: (precision: Precision) => Benchmark): Benchmark[] => precisions.map(benchmark);
  return [
    ...steps.flatMap((item) => perPrecision((precision) => stepBenchmark(item, precision, machine, plan))),
    pipelineBenchmark(pipeline, paths, machine, plan),
    ...inference.flatMap((item) => perPrecision((precision) => inferenceBenchmark(item, precision, machine, plan))),
  ];
}

function stepBenchmark(item: NetworkCase, precision: Precision, machine: BenchmarkMachine, plan: BlockPlan): Benchmark {
  const common = networkWorkload(item, precision, machine);
  const { batchSize, mu } = item;
  return {
    name: `step/${mu === undefined ? '' : 'meta-'}${caseName(item)}/${precisionName(precision)}`,
    workload: mu === undefined ? { kind: 'supervised-step', ...common } : { kind: 'meta-step', ...common, mu },
    unit: 'ms',
    images: batchSize * (1 + 2 * (mu ?? 0)),
    plan,
  };
}

function inferenceBenchmark(
  item: NetworkCase,
  precision: Precision,
  machine: BenchmarkMachine,
  plan: BlockPlan,
): Benchmark {
  return {
    name: `inference/${caseName(item)}/${precisionName(precision)}`,
    workload: { kind: 'inference', ...networkWorkload(item, precision, machine) },
    unit: 'images/s',
    images: item.batchSize,
    plan,
  };
}

function pipelineBenchmark(
  { imageSize, batchSize, mu }: Cases['pipeline'],
  paths: readonly string[],
  { threads: workers }: BenchmarkMachine,
  plan: BlockPlan,
): Benchmark {
  return {
    name: `pipeline/${imageSize}px-b${batchSize}-mu${mu}`,
    workload: {
      kind: 'pipeline',
      ...{ paths: [...paths], imageSize, batchSize, mu, randAugment: RAND_AUGMENT, workers },
    },
    unit: 'images/s',
    images: batchSize * (1 + mu),
    plan: { ...plan, repetitionMultiple: workers },
  };
}

function networkWorkload(
  { architecture, imageSize, batchSize }: NetworkCase,
  precision: Precision,
  { device, threads }: BenchmarkMachine,
) {
  return { architecture, imageSize, batchSize, classCount: CLASS_COUNT, precision, device, threads };
}

function caseName({ architecture, imageSize, batchSize, mu }: NetworkCase): string {
  return `${architecture}-${imageSize}px-b${batchSize}${mu === undefined ? '' : `-mu${mu}`}`;
}

/** The same name on every machine, whatever mixed precision means there. */
function precisionName(precision: Precision): 'float32' | 'mixed' {
  return precision === 'float32' ? 'float32' : 'mixed';
}
