import { expect, test } from 'vitest';
import { type StepMetrics, type TrainingConfig, trainingConfigSchema } from '#shared/training.ts';
import {
  estimateRun,
  isOfSameSize,
  timesOfRun,
  timesOfTrial,
} from '../../../src/renderer/views/runs/start/estimate.ts';

const config = (change: Partial<TrainingConfig> = {}): TrainingConfig =>
  trainingConfigSchema.parse({ batchSize: 10, mu: 3, ...change });

/** Steps 0 … n−1 that take so many milliseconds each, a tenth of it waiting for images. */
const steps = (times: readonly number[]): StepMetrics[] =>
  times.map((time, step) => ({ step, dataMilliseconds: time / 10, stepMilliseconds: (time * 9) / 10 }) as StepMetrics);

test('an earlier run tells the middle time of its steps of each kind, without the first ones', () => {
  const timed = config({ baseWarmupSteps: 6, totalSteps: 10 });
  const times = timesOfRun({
    config: timed,
    steps: steps([900, 900, 900, 20, 30, 40, 100, 300, 200, 200]),
    evaluations: [{ imagesPerSecond: 500 }],
  });
  expect(times!.alone).toBeCloseTo(30, 9); // of 20, 30, 40
  expect(times!.full).toBeCloseTo(200, 9); // of 100, 200, 200, 300
  expect(times!.perImage).toBeCloseTo(2, 9); // 1000 ms / 500
});

test('a run of a few steps tells nothing', () => {
  expect(timesOfRun({ config: config(), steps: steps([900, 900]), evaluations: [] })).toBeNull();
});

test('a run is the sum of its steps, its evaluations of each network, and its fine-tuning', () => {
  const wanted = config({ totalSteps: 100, baseWarmupSteps: 40, evaluateEvery: 30, finetuneEpochs: 2 });
  const estimate = estimateRun(wanted, { labeled: 50, validation: 200 }, { alone: 30, full: 200, perImage: 2 }, wanted);
  expect(estimate!.training).toBeCloseTo(13.2, 9); // 40 × 30 ms + 60 × 200 ms
  expect(estimate!.evaluating).toBeCloseTo(3.2, 9); // 4 times 2 networks × 200 images × 2 ms
  expect(estimate!.finetuning).toBeCloseTo(0.6, 9); // 2 × 50 images × 3 × 2 ms
});

test('time grows with the images of a step', () => {
  const timed = config({ totalSteps: 100 });
  const wanted = config({ totalSteps: 100, batchSize: 20, evaluateEvery: 100, finetuneEpochs: 0 });
  const images = { labeled: 50, validation: 0 };
  const estimate = estimateRun(wanted, images, { alone: null, full: 200, perImage: 2 }, timed);
  expect(estimate!.training).toBeCloseTo(40, 9); // 100 × 200 ms × 2
});

test('without full steps timed there is no estimate for a run that has some', () => {
  const images = { labeled: 50, validation: 10 };
  expect(estimateRun(config(), images, { alone: 30, full: null, perImage: 1 }, config())).toBeNull();
});

test('a trial of the base network alone tells a forward pass: a third of a step, by its images', () => {
  const trial = { aloneMilliseconds: 60, fullMilliseconds: 300, memoryBytes: null, device: 'cpu' };
  expect(timesOfTrial(trial, config())).toEqual({ alone: 60, full: 300, perImage: 2 }); // 60 / (3 × 10)
});

test('only a run of the same network, size, method and device tells how long another takes', () => {
  expect(isOfSameSize(config(), config({ batchSize: 3, momentum: 0.1 }))).toBe(true);
  for (const change of [{ width: 8 }, { imageSize: 64 }, { method: 'fixmatch' }, { device: 'cpu' }] as const) {
    expect(isOfSameSize(config(), config(change))).toBe(false);
  }
});
