import { expect, test } from 'vitest';
import { allBenchmarks } from '#main/bench/benchmarks.ts';
import { workloadSchema } from '#main/bench/protocol.ts';

const MACHINE = { device: 'cpu', mixedPrecision: 'bfloat16', threads: 2 } as const;

test('every case is there in both precisions, under a name that says what it is', () => {
  const benchmarks = allBenchmarks(MACHINE, ['a.jpg'], false);
  expect(benchmarks.map(({ name, unit }) => `${name} ${unit}`)).toEqual([
    'step/resnet18-64px-b32/float32 ms',
    'step/resnet18-64px-b32/mixed ms',
    'step/resnet18-112px-b16/float32 ms',
    'step/resnet18-112px-b16/mixed ms',
    'step/meta-resnet50-112px-b4-mu2/float32 ms',
    'step/meta-resnet50-112px-b4-mu2/mixed ms',
    'pipeline/224px-b4-mu2 images/s',
    'inference/resnet50-224px-b16/float32 images/s',
    'inference/resnet50-224px-b16/mixed images/s',
  ]);
  const mixed = benchmarks.filter(({ name }) => name.endsWith('/mixed')).map(({ workload }) => workload);
  expect(mixed.map((workload) => ('precision' in workload ? workload.precision : ''))).toEqual(
    Array.from({ length: 4 }, () => 'bfloat16'),
  );
  for (const { workload } of benchmarks) expect(workloadSchema.parse(workload)).toEqual(workload);
});

test('mixed precision is left out where it is float32', () => {
  const names = allBenchmarks({ ...MACHINE, mixedPrecision: 'float32' }, ['a.jpg'], false).map(({ name }) => name);
  expect(names).toHaveLength(5);
  expect(names.filter((name) => name.endsWith('/mixed'))).toEqual([]);
});

test('pictures of the pipeline are counted once, however many views they give', () => {
  // Four labeled ones and twice as many unlabeled ones.
  const pipeline = allBenchmarks(MACHINE, ['a.jpg'], false).find(({ workload }) => workload.kind === 'pipeline');
  expect(pipeline).toMatchObject({ images: 12, plan: { repetitionMultiple: 2 }, workload: { workers: 2 } });
});
