import { expect, test } from 'vitest';
import { type Evaluation, type StepMetrics, trainingConfigSchema } from '#shared/training.ts';
import type { Catalog } from '#main/catalog/catalog.ts';
import { temporaryCatalog } from './temporary-catalog.ts';

function addRun(catalog: Catalog, id: string): void {
  catalog.runs.create({
    id,
    name: id,
    totalSteps: 100,
    config: trainingConfigSchema.parse({ totalSteps: 100 }),
    request: { config: {}, labeled: 'set', validation: 'validation' },
    snapshot: { classes: ['neutral'], labeledCounts: [1], unlabeled: 0, validation: 1, digest: 'd' },
  });
}

const metrics = (step: number): StepMetrics => ({
  ...{ step, baseLearningRate: 0.1, adaptationLearningRate: 0.2, labeledLoss: 1.5, unlabeledLoss: null },
  ...{
    unlabeledLossMasked: null,
    maskMean: 0.25,
    unlabeledWeight: 1,
    udaLoss: 2,
    adaptationLoss: 1.25,
    labeledLossOld: 1,
  },
  ...{
    labeledLossNew: 0.5,
    feedback: 0.5,
    feedbackLoss: 0.75,
    baseLoss: 2.75,
    baseGradientNorm: 3,
    adaptationGradientNorm: null,
  },
  ...{ dataMilliseconds: 1, stepMilliseconds: 2, imagesPerSecond: 1000 },
});

const evaluation = (step: number, accuracy: number): Evaluation => ({
  ...{
    network: 'adaptation',
    split: 'validation',
    step,
    count: 1,
    failed: 0,
    accuracy,
    top2: 1,
    meanClassAccuracy: accuracy,
  },
  ...{ confusion: [[1]], perClass: [{ name: 'neutral', precision: 1, recall: 1, f1: 1, support: 1 }] },
  ...{ ece: 0.1, nll: 0.2, imagesPerSecond: 10 },
});

test('a run is kept with everything it reported', () => {
  const catalog = temporaryCatalog();
  addRun(catalog, 'first');
  catalog.runs.appendSteps('first', [metrics(0), metrics(1)]);
  catalog.runs.addEvaluation('first', evaluation(2, 0.5));
  catalog.runs.addLog('first', 'warning', 'Slow.');
  const best = { step: 2, network: 'adaptation', accuracy: 0.5, meanClassAccuracy: 0.5 } as const;
  catalog.runs.update('first', { status: 'running', step: 2, best, secondsLeft: 9 });
  expect(catalog.runs.steps('first')).toEqual([metrics(0), metrics(1)]);
  expect(catalog.runs.get('first')).toMatchObject({
    status: 'running',
    step: 2,
    best,
    evaluations: [evaluation(2, 0.5)],
    log: [{ level: 'warning', message: 'Slow.' }],
  });
  expect(catalog.runs.list()).toMatchObject([{ id: 'first', accuracies: [0.5], secondsLeft: 9, error: null }]);
  expect(() => catalog.runs.get('second')).toThrow('no run second');
});

test('thinned steps are evenly spaced, never more than asked for, and end with the last', () => {
  const catalog = temporaryCatalog();
  addRun(catalog, 'long');
  catalog.runs.appendSteps(
    'long',
    Array.from({ length: 1000 }, (_, step) => metrics(step)),
  );
  const thinned = catalog.runs.steps('long', { maximumPoints: 11 }).map(({ step }) => step);
  // 1,000 steps in ten gaps: every hundredth.
  expect(thinned).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 999]);
  expect(catalog.runs.steps('long', { afterStep: 996 }).map(({ step }) => step)).toEqual([997, 998, 999]);
});

test('resuming from a checkpoint takes back what came after it', () => {
  const catalog = temporaryCatalog();
  addRun(catalog, 'run');
  catalog.runs.appendSteps('run', [metrics(0), metrics(1), metrics(2), metrics(3)]);
  catalog.runs.addEvaluation('run', evaluation(2, 0.4));
  catalog.runs.addEvaluation('run', evaluation(4, 0.6));
  // The checkpoint was made after two steps, 0 and 1, and the evaluation that follows them.
  catalog.runs.deleteStepsAfter('run', 1);
  expect(catalog.runs.steps('run').map(({ step }) => step)).toEqual([0, 1]);
  expect(catalog.runs.evaluations('run').map(({ step }) => step)).toEqual([2]);
  catalog.runs.appendSteps('run', [metrics(1), metrics(2)]);
  expect(catalog.runs.steps('run')).toHaveLength(3);
});

test('a bad picture is counted once', () => {
  const catalog = temporaryCatalog();
  addRun(catalog, 'run');
  catalog.runs.addBadImage('run', 7, '/a.png', 'cut short');
  catalog.runs.addBadImage('run', 7, '/a.png', 'cut short');
  expect(catalog.runs.get('run').badImages).toBe(1);
});

test('what a killed host left running is interrupted, and nothing else', () => {
  const catalog = temporaryCatalog();
  for (const [id, status] of [
    ['a', 'running'],
    ['b', 'queued'],
    ['c', 'paused'],
    ['d', 'finished'],
  ] as const) {
    addRun(catalog, id);
    catalog.runs.update(id, { status });
  }
  const job = catalog.jobs.create({ kind: 'import', title: 'Import', unit: 'images', run: null });
  catalog.jobs.update(job.id, { status: 'running', done: 5, total: 10 });
  expect(catalog.markInterrupted()).toMatchObject([{ id: job.id, status: 'interrupted', done: 5 }]);
  const statuses = Object.fromEntries(catalog.runs.list().map(({ id, status }) => [id, status]));
  expect(statuses).toEqual({ a: 'interrupted', b: 'interrupted', c: 'paused', d: 'finished' });
  expect(catalog.markInterrupted()).toEqual([]);
});

test('a deleted run takes its records with it and leaves its jobs', () => {
  const catalog = temporaryCatalog();
  addRun(catalog, 'run');
  catalog.runs.appendSteps('run', [metrics(0)]);
  const job = catalog.jobs.create({ kind: 'train', title: 'Train', unit: 'steps', run: 'run' });
  catalog.runs.remove('run');
  expect(catalog.runs.steps('run')).toEqual([]);
  expect(catalog.jobs.get(job.id).run).toBeNull();
});
