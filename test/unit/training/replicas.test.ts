import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { TrainingConfig } from '#shared/training.ts';
import { readSafetensors } from '#main/interchange/safetensors.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import type { Tensors } from '#main/training/checkpoint.ts';
import { graphExecutor } from '#main/training/executor.ts';
import { coveredMilliseconds } from '#main/training/replica-executor.ts';
import type { StepReport } from '#main/training/training-steps.ts';
import { exportTrainingState } from '#main/training/training-state.ts';
import { freePort } from '../../fixtures/ports.ts';
import { batchOf, makeSteps } from './replica-child.ts';
import { newRunFolder, removeRunFolders, smallConfig } from './small-run.ts';

afterAll(removeRunFolders);

const CHILD = fileURLToPath(new URL('./replica-child.ts', import.meta.url));

/** What each of some processes came to. */
async function together(
  processes: number,
  config: TrainingConfig,
): Promise<{ tensors: Tensors; reports: StepReport[] }[]> {
  const folder = newRunFolder();
  const addresses: string[] = [];
  for (let task = 0; task < processes; task++) addresses.push(`127.0.0.1:${await freePort()}`);
  const files = addresses.map((_, task) => join(folder, `${task}.safetensors`));
  const exits = files.map((file, task) =>
    once(
      spawn(process.execPath, [CHILD, String(task), addresses.join(), JSON.stringify(config), file], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TF_NUM_INTRAOP_THREADS: '1' },
      }),
      'exit',
    ),
  );
  expect(await Promise.all(exits)).toEqual(files.map(() => [0, null]));
  return Promise.all(
    files.map(async (file) => ({
      tensors: (await readSafetensors(file)).tensors,
      reports: JSON.parse(readFileSync(`${file}.json`, 'utf8')) as StepReport[],
    })),
  );
}

/** One process with a tower for each of them. */
async function alone(towerCount: number, config: TrainingConfig): Promise<{ tensors: Tensors; reports: StepReport[] }> {
  const { library } = await loadTensorFlow();
  const towers = Array.from({ length: towerCount }, (_, index) => `/device:CPU:${index}`);
  const executor = graphExecutor(library, towerCount === 1 ? {} : { cpuDevices: towerCount });
  const { reports, state } = await makeSteps(config, executor, { towers }, (step) =>
    batchOf(config, step, towerCount, null),
  );
  await executor.close();
  return { tensors: await exportTrainingState(state), reports };
}

function largestDifference(a: Tensors, b: Tensors): number {
  expect([...a.keys()].toSorted()).toEqual([...b.keys()].toSorted());
  return Math.max(
    ...Array.from(a, ([name, { data }]) => {
      if (name.includes('.momentum.')) return 0; // as large as gradients: the weights are what is compared
      const other = b.get(name)!.data;
      return Math.max(
        ...Array.from({ length: data.length }, (_, index) => Math.abs(Number(data[index]) - Number(other[index]))),
      );
    }),
  );
}

/** BatchNorm over a handful of numbers would make rounding grow tenfold a step; a few hundred keep it small. */
const STEADY = {
  ...{ stem: 'small', imageSize: 32, batchSize: 8, mu: 1 },
  ...{ baseLearningRate: 0.0003, adaptationLearningRate: 0.0003, gradientClip: 1 },
} satisfies Partial<TrainingConfig>;

test.each([
  ['2 processes, as released', 2, smallConfig({ ...STEADY, feedback: 'released' })],
  [
    '2 processes, as in the paper, with the recipe',
    2,
    smallConfig({
      ...STEADY,
      feedback: 'paper',
      separateNormalization: true,
      alignDistribution: true,
      balancePseudoLabels: true,
      maskUnlabeledLoss: true,
      threshold: 0.4,
      adaptationLabeledWeight: 1,
    }),
  ],
  ['3 processes, fixmatch', 3, smallConfig({ ...STEADY, method: 'fixmatch', threshold: 0.4 })],
  ['2 processes, supervised, with gradients clipped', 2, smallConfig({ ...STEADY, method: 'supervised' })],
])(
  '%s come to the weights of one with as many towers within 1e-5 after 20 steps, and to the same to the bit',
  { timeout: 180_000 },
  async (_, processes, config) => {
    const [each, one] = [await together(processes, config), await alone(processes, config)];
    for (const { tensors, reports } of each) {
      expect(largestDifference(tensors, each[0]!.tensors)).toBe(0);
      expect(reports).toEqual(each[0]!.reports);
    }
    expect(largestDifference(each[0]!.tensors, one.tensors)).toBeLessThan(1e-5);
    for (const [step, { adaptationLoss, maskMean }] of each[0]!.reports.entries()) {
      expect(adaptationLoss).toBeCloseTo(one.reports[step]!.adaptationLoss!, 4);
      expect(maskMean).toEqual(one.reports[step]!.maskMean);
    }
  },
);

test(
  '2 processes that normalise together come to the weights of one that normalises the whole batch',
  { timeout: 180_000 },
  async () => {
    const dropping = { baseDropout: 0, adaptationDropout: 0 }; // one process drops other features than two
    const config = smallConfig({ ...STEADY, ...dropping, feedback: 'released', synchronizeNormalization: true });
    const each = await together(2, config);
    const whole = await alone(1, { ...config, batchSize: 2 * config.batchSize });
    const apart = await alone(2, config);
    expect(largestDifference(each[0]!.tensors, each[1]!.tensors)).toBe(0);
    expect(largestDifference(each[0]!.tensors, whole.tensors)).toBeLessThan(1e-5);
    // Another computation than with each half's own statistics.
    expect(largestDifference(each[0]!.tensors, apart.tensors)).toBeGreaterThan(1e-4);
  },
);

test('milliseconds of exchanges that overlap are counted once', () => {
  expect(coveredMilliseconds([0, 4, 2, 5, 10, 11, 10.5, 10.8])).toBeCloseTo(6);
  expect(coveredMilliseconds([])).toBe(0);
});
