import { expect, test } from 'vitest';
import type { DecisionBatch, Verdict } from '#shared/review.ts';
import { runDetailSchema, trainingConfigSchema } from '#shared/training.ts';
import type { Evaluation } from '#shared/training.ts';
import { openDatabase } from '#main/catalog/database.ts';
import { addRun, addSource, metricsOf, newImage, temporaryCatalog } from './temporary-catalog.ts';

const range = (count: number, start = 0): number[] => Array.from({ length: count }, (_, index) => start + index);

function evaluationOf(step: number, evaluation: Partial<Evaluation> = {}): Evaluation {
  return {
    network: 'adaptation',
    split: 'validation',
    step,
    count: 10,
    accuracy: step / 1000,
    top2: 0.8,
    meanClassAccuracy: 0.4,
    confusion: [
      [3, 2],
      [1, 4],
    ],
    perClass: [
      { name: 'neutral', precision: 0.75, recall: 0.6, f1: 2 / 3, support: 5 },
      { name: 'happy', precision: 2 / 3, recall: 0.8, f1: 8 / 11, support: 5 },
    ],
    ece: 0.1,
    nll: 1.5,
    imagesPerSecond: 100,
    failed: 1,
    ...evaluation,
  };
}

test('a new run is queued, with what it was asked for', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'first', 500);
  const run = runDetailSchema.parse({ ...catalog.runs.get('first'), directory: '/runs/first' });
  expect(run).toMatchObject({
    id: 'first',
    status: 'queued',
    phase: 'preparing',
    step: 0,
    totalSteps: 500,
    best: null,
    accuracies: [],
    imagesPerSecond: null,
    seconds: 0,
    badImages: 0,
    error: null,
    config: { name: 'first', momentum: 0.9 },
    request: { labeled: 'faces', unlabeled: 'people' },
    snapshot: { labeledCounts: [3, 4], digest: 'abc' },
    runtime: null,
    evaluations: [],
    log: [],
  });
  expect(() => addRun(catalog, 'first')).toThrow(expect.objectContaining({ code: 'conflict' }));
});

test('an update changes what it names and nothing else; null clears', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  const best = { step: 7, network: 'ema', accuracy: 0.5, meanClassAccuracy: 0.25 } as const;
  const runtime = { version: '2.16', device: 'cpu', precision: 'float32' };
  const error = { code: 'corrupt', message: 'Gone.', hint: 'Look for it.' };
  catalog.runs.update('run', {
    status: 'running',
    phase: 'training',
    step: 9,
    best,
    runtime,
    error,
    secondsLeft: 60.5,
  });
  expect(catalog.runs.get('run')).toMatchObject({
    status: 'running',
    phase: 'training',
    step: 9,
    best,
    runtime,
    error,
  });
  catalog.runs.update('run', { status: 'paused', error: null, best: undefined, secondsLeft: null });
  expect(catalog.runs.get('run')).toMatchObject({
    ...{ status: 'paused', phase: 'training', step: 9, best, runtime },
    ...{ error: null, secondsLeft: null },
  });
});

test('a run that is not there is named, whatever is asked of it', () => {
  const { runs } = temporaryCatalog().catalog;
  const questions = [
    () => runs.get('x'),
    () => runs.summary('x'),
    () => runs.update('x', { step: 1 }),
    () => runs.remove('x'),
    () => runs.steps('x'),
    () => runs.appendSteps('x', [metricsOf(0)]),
    () => runs.deleteStepsAfter('x', 0),
    () => runs.addEvaluation('x', evaluationOf(1)),
    () => runs.addLog('x', 'info', 'Hello.'),
    () => runs.addBadImage('x', 1, 'a.png', 'damaged'),
  ];
  for (const question of questions) {
    expect(question).toThrow(
      expect.objectContaining({ code: 'not-found', message: expect.stringContaining('no run x') }),
    );
  }
});

test('steps come back as they were reported, each number in its place', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  addRun(catalog, 'other');
  const steps = range(250).map(metricsOf);
  catalog.runs.appendSteps('run', steps.slice(0, 130));
  catalog.runs.appendSteps('run', steps.slice(130));
  catalog.runs.appendSteps('other', [metricsOf(3)]);
  expect(catalog.runs.steps('run')).toEqual(steps);
  expect(catalog.runs.steps('run', { afterStep: 247 })).toEqual(steps.slice(248));
  expect(catalog.runs.steps('run', { afterStep: 249 })).toEqual([]);
  const again = { ...metricsOf(5), baseLoss: 99 };
  catalog.runs.appendSteps('run', [again]);
  expect(catalog.runs.steps('run')[5]).toEqual(again);
});

test('many steps are thinned evenly, first and last kept, and none is made up', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  catalog.runs.appendSteps('run', range(1001).map(metricsOf));
  const numbers = (options: { afterStep?: number; maximumPoints: number }): number[] =>
    catalog.runs.steps('run', options).map(({ step }) => step);
  expect(numbers({ maximumPoints: 5 })).toEqual([0, 250, 500, 750, 1000]);
  expect(numbers({ maximumPoints: 2 })).toEqual([0, 1000]);
  expect(numbers({ maximumPoints: 3, afterStep: 799 })).toEqual([800, 900, 1000]);
  expect(numbers({ maximumPoints: 1001 })).toEqual(range(1001));
  expect(numbers({ maximumPoints: 5000 })).toEqual(range(1001));
  expect(catalog.runs.steps('run', { maximumPoints: 5 })[1]).toEqual(metricsOf(250));
});

test('where steps are missing, the next one stands for them, once', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  catalog.runs.appendSteps('run', [0, 1, 2, 90, 100].map(metricsOf));
  // Wanted are 0, 25, 50, 75, 100.
  expect(catalog.runs.steps('run', { maximumPoints: 5 }).map(({ step }) => step)).toEqual([0, 90, 100]);
});

test('an evaluation comes back whole; the same one again replaces it', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  const evaluations = [
    evaluationOf(10),
    evaluationOf(20),
    evaluationOf(20, { network: 'base' }),
    evaluationOf(20, { split: 'test' }),
  ];
  for (const evaluation of evaluations.toReversed()) catalog.runs.addEvaluation('run', evaluation);
  const [ten, twenty, base, test] = evaluations;
  expect(catalog.runs.evaluations('run')).toEqual([ten, test, twenty, base]);
  const better = { ...twenty!, accuracy: 0.9, perClass: twenty!.perClass.slice(0, 1) };
  catalog.runs.addEvaluation('run', better);
  expect(catalog.runs.get('run').evaluations).toEqual([ten, test, better, base]);
});

test('the curve is the adaptation network on validation, thinned when it is long', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  for (const step of [30, 10, 20]) catalog.runs.addEvaluation('run', evaluationOf(step));
  catalog.runs.addEvaluation('run', evaluationOf(25, { network: 'base', accuracy: 0.99 }));
  catalog.runs.addEvaluation('run', evaluationOf(25, { split: 'test', accuracy: 0.98 }));
  expect(catalog.runs.summary('run').accuracies).toEqual([0.01, 0.02, 0.03]);
  for (const step of range(496, 1)) catalog.runs.addEvaluation('run', evaluationOf(step));
  const { accuracies } = catalog.runs.summary('run');
  // 496 points, 495 / 99 = 5 apart: 1, 6, 11, … 496 thousandths.
  expect(accuracies).toEqual(range(100).map((point) => (1 + point * 5) / 1000));
});

test('a resumed run forgets what came after its checkpoint', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  catalog.runs.appendSteps('run', range(30).map(metricsOf));
  for (const step of [10, 20, 30]) catalog.runs.addEvaluation('run', evaluationOf(step));
  // A checkpoint after 20 steps: 0 … 19 stay, and the evaluation made then.
  catalog.runs.deleteStepsAfter('run', 19);
  expect(catalog.runs.steps('run').map(({ step }) => step)).toEqual(range(20));
  expect(catalog.runs.evaluations('run').map(({ step }) => step)).toEqual([10, 20]);
  catalog.runs.deleteStepsAfter('run', -1);
  expect(catalog.runs.steps('run')).toEqual([]);
  expect(catalog.runs.evaluations('run')).toEqual([]);
});

test('the log keeps its order, and shows the newest lines', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'run');
  for (const number of range(1002))
    catalog.runs.addLog('run', number % 2 === 0 ? 'info' : 'warning', `Line ${number}.`);
  const { log } = catalog.runs.get('run');
  expect(log).toHaveLength(1000);
  expect(log[0]).toMatchObject({ level: 'info', message: 'Line 2.' });
  expect(log.at(-1)).toMatchObject({ level: 'warning', message: 'Line 1001.' });
});

test('a bad image is counted once a run', () => {
  const { catalog } = temporaryCatalog();
  for (const id of ['run', 'other']) addRun(catalog, id);
  for (const image of [5, 6, 5]) catalog.runs.addBadImage('run', image, `${image}.png`, 'damaged');
  catalog.runs.addBadImage('other', 5, '5.png', 'damaged');
  expect(catalog.runs.list().map(({ id, badImages }) => [id, badImages])).toEqual([
    ['other', 1],
    ['run', 2],
  ]);
  expect(catalog.runs.badImages('run', 10)).toEqual([
    { image: 5, path: '5.png', reason: 'damaged' },
    { image: 6, path: '6.png', reason: 'damaged' },
  ]);
  expect(catalog.runs.badImages('run', 1)).toHaveLength(1);
});

test('removing a run removes all it reported, and keeps its jobs', () => {
  const { catalog, file } = temporaryCatalog();
  for (const id of ['run', 'other']) {
    addRun(catalog, id);
    catalog.runs.appendSteps(id, [metricsOf(0)]);
    catalog.runs.addEvaluation(id, evaluationOf(1));
    catalog.runs.addLog(id, 'info', 'Hello.');
    catalog.runs.addBadImage(id, 1, 'a.png', 'damaged');
  }
  const job = catalog.jobs.create({ kind: 'train', title: 'Train run', unit: 'steps', run: 'run' });
  catalog.runs.remove('run');
  expect(catalog.runs.list().map(({ id }) => id)).toEqual(['other']);
  expect(catalog.jobs.get(job.id)).toMatchObject({ title: 'Train run', run: null });
  const connection = openDatabase(file);
  for (const table of ['run_step', 'run_evaluation', 'run_log', 'run_bad_image']) {
    expect(connection.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(1);
  }
  expect(connection.prepare('SELECT count(*) FROM run_evaluation_class').pluck().get()).toBe(2);
  connection.close();
  expect(catalog.integrityCheck()).toEqual([]);
});

test('tags are kept once, told in the order of the alphabet, and go with their run', () => {
  const { catalog } = temporaryCatalog();
  for (const id of ['first', 'second']) addRun(catalog, id);
  catalog.runs.changeTags('first', ['paper', 'ablation', 'paper'], []);
  catalog.runs.changeTags('second', ['paper'], []);
  catalog.runs.changeTags('first', ['kept'], ['ablation', 'never there']);
  expect(catalog.runs.get('first').tags).toEqual(['kept', 'paper']);
  expect(catalog.runs.list().map(({ id, tags }) => [id, tags])).toEqual([
    ['second', ['paper']],
    ['first', ['kept', 'paper']],
  ]);
  catalog.runs.remove('first');
  expect(catalog.runs.summary('second').tags).toEqual(['paper']);
  expect(() => catalog.runs.changeTags('first', ['x'], [])).toThrow('no run first');
});

test('memory is told over the steps, thinned with its newest sample kept, and taken back with its steps', () => {
  const { catalog } = temporaryCatalog();
  addRun(catalog, 'first');
  for (let step = 0; step < 25; step++) {
    catalog.runs.addMemory('first', { step, hostBytes: 1_000 + step, deviceBytes: step < 20 ? null : 5 });
  }
  expect(catalog.runs.memory('first', 100)).toHaveLength(25);
  const thinned = catalog.runs.memory('first', 10);
  expect(thinned.map(({ step }) => step)).toEqual([0, 3, 5, 8, 11, 13, 16, 19, 21, 24]);
  expect(thinned.at(-1)).toEqual({ step: 24, hostBytes: 1_024, deviceBytes: 5 });
  catalog.runs.addMemory('first', { step: 3, hostBytes: 7, deviceBytes: null });
  catalog.runs.deleteStepsAfter('first', 4);
  expect(catalog.runs.memory('first', 100).map(({ step, hostBytes }) => [step, hostBytes])).toEqual([
    [0, 1_000],
    [1, 1_001],
    [2, 1_002],
    [3, 7],
    [4, 1_004],
  ]);
});

test('a run records which of its labels were reviewed: what stands, and what a frozen subset kept of what was undone', () => {
  const { catalog } = temporaryCatalog();
  const paths = [1, 2, 3, 4, 5, 6].map((number) => newImage({ path: `${number}.png` }));
  catalog.images.insertBatch(addSource(catalog, 'faces'), paths);
  const decide = (image: number, verdict: Verdict, label?: number, reviewer = 'ann'): DecisionBatch =>
    catalog.decisions.record([{ image, verdict, label }], {
      ...{ reviewer, round: null, audit: null, queue: null, reason: '', seconds: 0, key: null },
    });
  const accepted = decide(1, 'accept');
  const relabeled = decide(2, 'relabel', 3);
  decide(3, 'reject');
  const byBob = decide(4, 'relabel', 5, 'bob');
  const undone = decide(5, 'relabel', 6, 'eve');
  // What the frozen subset has: the labels as they are now.
  const frozen = [1, 2, 3, 4, 5, 6].map((id) => ({ id, label: catalog.images.describe([id])[0]!.label! }));
  catalog.decisions.undo('eve');
  const request = { config: {}, labeled: 'faces', validation: 'validation' };
  const snapshot = { classes: [], labeledCounts: [], unlabeled: 0, validation: 0, digest: '' };
  const create = (id: string, labels: typeof frozen): void =>
    catalog.runs.create(
      { id, name: id, config: trainingConfigSchema.parse({}), request, snapshot, totalSteps: 1 },
      { labeled: labels, validation: [{ id: 1, label: 0 }] },
    );
  create('frozen', frozen);
  expect(catalog.runs.get('frozen').reviewed).toEqual({
    labeled: { images: 4, relabeled: 3 },
    validation: { images: 1, relabeled: 0 },
    upTo: undone.id,
    reviewers: ['ann', 'bob', 'eve'],
  });
  expect(catalog.runs.reviewedLabels('frozen', 'labeled', 0, 10)).toMatchObject([
    { image: 1, label: 0, from: 0, verdict: 'accept', batch: accepted.id, reviewer: 'ann' },
    { image: 2, label: 3, from: 0, verdict: 'relabel', batch: relabeled.id },
    { image: 4, label: 5, from: 0, verdict: 'relabel', batch: byBob.id, reviewer: 'bob' },
    { image: 5, label: 6, from: 0, verdict: 'relabel', batch: undone.id, reviewer: 'eve' },
  ]);
  expect(catalog.runs.reviewedLabels('frozen', 'labeled', 2, 1)).toMatchObject([{ image: 4 }]);
  // The source as it is: image 5 has its first label, which nobody reviewed.
  create(
    'now',
    frozen.map(({ id, label }) => ({ id, label: id === 5 ? 0 : label })),
  );
  expect(catalog.runs.get('now').reviewed).toMatchObject({ labeled: { images: 3, relabeled: 2 }, upTo: byBob.id });
  // What was decided later changes nothing of what is recorded.
  decide(1, 'relabel', 2);
  expect(catalog.runs.get('now').reviewed).toMatchObject({ labeled: { images: 3, relabeled: 2 } });
  addRun(catalog, 'without');
  expect(catalog.runs.get('without').reviewed).toBeNull();
});
