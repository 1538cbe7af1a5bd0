import { cpSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainingManifest } from '#shared/training.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { readCheckpoint, type Tensors } from '#main/training/checkpoint.ts';
import { evaluatePredictions } from '#main/evaluation/metrics.ts';
import { predictImages } from '#main/training/evaluate.ts';
import { disposeNetwork } from '#main/training/network.ts';
import { loadCheckpointNetwork } from '#main/training/trained-network.ts';
import { CLASSES, drawManifest, eventsOf, newRunFolder, removeRunFolders, runSmall, smallConfig } from './small-run.ts';

afterAll(removeRunFolders);

let library: string;
let manifest: TrainingManifest;
let whole: Awaited<ReturnType<typeof runSmall>>;
const wholeFolder = newRunFolder();
const pausedFolder = newRunFolder();

beforeAll(async () => {
  ({ library } = await loadTensorFlow());
  manifest = await drawManifest();
  whole = await runSmall(smallConfig(), manifest, wholeFolder);
  await runSmall(smallConfig(), manifest, pausedFolder, afterStep(6));
});

/** A run that was saved after step 4, then paused after step 6, to be spoilt. */
function copyOfPausedRun(): string {
  const folder = newRunFolder();
  cpSync(pausedFolder, folder, { recursive: true });
  return folder;
}

/** The first of the highest accuracies that networks of these names had. */
function expectBestOf({ events, outcome }: typeof whole, names: readonly string[]): void {
  const candidates = eventsOf(events, 'evaluation')
    .map(({ evaluation }) => evaluation)
    .filter(({ network }) => names.includes(network));
  const highest = Math.max(...candidates.map(({ accuracy }) => accuracy));
  const first = candidates.find(({ accuracy }) => accuracy === highest)!;
  expect(outcome.best).toMatchObject({ accuracy: highest, step: first.step, network: first.network });
}

function afterStep(count: number): (events: Parameters<typeof eventsOf>[0]) => boolean {
  return (events) => eventsOf(events, 'step').length >= count;
}

async function tensorsIn(folder: string, name: string): Promise<Tensors> {
  return (await readCheckpoint(join(folder, name))).tensors;
}

/** Step losses without times. */
function losses(events: Parameters<typeof eventsOf>[0]): unknown[] {
  return eventsOf(events, 'step').map(({ metrics }) => ({
    ...metrics,
    dataMilliseconds: 0,
    stepMilliseconds: 0,
    imagesPerSecond: 0,
  }));
}

describe('an uninterrupted run', () => {
  test('reports every step, evaluation and checkpoint', () => {
    expect(whole.outcome).toMatchObject({ status: 'finished', step: 10 });
    expect(whole.events[0]).toMatchObject({ type: 'started', nextStep: 0, precision: 'float32' });
    expect(eventsOf(whole.events, 'step').map(({ metrics }) => metrics.step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(eventsOf(whole.events, 'evaluation').map(({ evaluation }) => [evaluation.step, evaluation.network])).toEqual(
      [
        ...[4, 8, 10].flatMap((step) => ['base', 'adaptation', 'ema'].map((network) => [step, network])),
        [10, 'finetuned'],
      ],
    );
    expect(eventsOf(whole.events, 'finetune').map(({ epoch, epochs }) => [epoch, epochs])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(eventsOf(whole.events, 'phase').at(-1)?.phase).toBe('done');
    const { metrics } = eventsOf(whole.events, 'step')[5]!;
    expect(Object.entries(metrics).filter(([, value]) => value === null)).toEqual([]);
    expect(metrics.imagesPerSecond).toBeGreaterThan(0);
  });

  test('an evaluation counts every image once', () => {
    for (const { evaluation } of eventsOf(whole.events, 'evaluation')) {
      expect(evaluation).toMatchObject({ count: 12, failed: 0, split: 'validation' });
      expect(evaluation.confusion.map((row) => row.reduce((sum, count) => sum + count, 0))).toEqual([4, 4, 4]);
    }
  });

  test('the best is the highest validation accuracy of any network', () => {
    expectBestOf(whole, ['base', 'adaptation', 'ema', 'finetuned']);
  });

  test('as released, the base network is no candidate, nor the adaptation network where it has an average', async () => {
    const result = await runSmall(smallConfig({ released: true, totalSteps: 8 }), manifest, newRunFolder());
    expectBestOf(result, ['ema', 'finetuned']);
    const sentences = eventsOf(result.events, 'log').map(({ message }) => message);
    expect(sentences).toContain('As in the released program, --teacher-dropout has no effect.');
  });

  test('what it saved can be used: the network scores as it did in the run', async () => {
    expect(readdirSync(wholeFolder).sort()).toEqual(['best', 'best-adaptation', 'finetuned', 'last', 'last.previous']);
    const { tensors } = await readCheckpoint(join(wholeFolder, 'best-adaptation'));
    expect([...new Set([...tensors.keys()].map((name) => name.split('.')[0]))].sort()).toEqual(['adaptation', 'ema']);
    const trained = await loadCheckpointNetwork(join(wholeFolder, 'finetuned'), 'finetuned');
    expect(trained).toMatchObject({ classes: CLASSES, step: 10, view: { imageSize: 16, releaseCrop: false } });
    const again = await predictImages(trained, manifest.validation, { library, workers: 0 });
    const reported = eventsOf(whole.events, 'evaluation').at(-1)!.evaluation;
    const { labels, probabilities, step, failed } = again;
    const metrics = evaluatePredictions({ labels, probabilities, classNames: CLASSES });
    const { network, split, imagesPerSecond: _, ...scores } = reported;
    expect({ ...metrics, step, failed }).toMatchObject(scores);
    expect([network, split]).toEqual(['finetuned', 'validation']);
    expect([...again.ids]).toEqual(manifest.validation.map(({ id }) => id));
    disposeNetwork(trained.network);
    const fromFile = await loadCheckpointNetwork(join(wholeFolder, 'last', 'weights.safetensors'), 'base');
    expect(fromFile).toMatchObject({ classes: CLASSES, step: 10, view: { imageSize: 16 } });
    disposeNetwork(fromFile.network);
    await expect(loadCheckpointNetwork(join(wholeFolder, 'finetuned'), 'base')).rejects.toThrow(
      /holds no network named base/,
    );
  });

  test('nothing is left in memory', async () => {
    const before = tf.memory().numTensors;
    await runSmall(smallConfig({ totalSteps: 2, finetuneEpochs: 1 }), manifest, newRunFolder());
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('going on exactly', () => {
  test('a run paused in training and in fine-tuning ends with the very same weights', async () => {
    const folder = newRunFolder();
    const first = await runSmall(smallConfig(), manifest, folder, afterStep(3));
    expect(first.outcome).toMatchObject({ status: 'paused', step: 3 });
    const second = await runSmall(smallConfig({ workers: 0 }), manifest, folder, afterStep(4));
    expect(second.events[0]).toMatchObject({ type: 'started', nextStep: 3 });
    expect(second.outcome).toMatchObject({ status: 'paused', step: 7 });
    const third = await runSmall(
      smallConfig({ workers: 2 }),
      manifest,
      folder,
      (events) => eventsOf(events, 'finetune').length > 0,
    );
    expect(third.outcome).toMatchObject({ status: 'paused', step: 10 });
    const fourth = await runSmall(smallConfig(), manifest, folder);
    expect(fourth.outcome).toEqual(whole.outcome);
    expect([...losses(first.events), ...losses(second.events), ...losses(third.events)]).toEqual(losses(whole.events));
    expect(await tensorsIn(folder, 'last')).toEqual(await tensorsIn(wholeFolder, 'last'));
    expect(await tensorsIn(folder, 'finetuned')).toEqual(await tensorsIn(wholeFolder, 'finetuned'));
  });

  test('a damaged last checkpoint gives way to the one before it, and the run says so', async () => {
    const folder = copyOfPausedRun();
    truncateSync(join(folder, 'last', 'weights.safetensors'), 1000);
    const resumed = await runSmall(smallConfig(), manifest, folder);
    expect(resumed.events[0]).toMatchObject({ type: 'started', nextStep: 4 });
    const [warning] = eventsOf(resumed.events, 'log').filter(({ level }) => level === 'warning');
    expect(warning?.message).toMatch(
      /last is damaged: its weights are not those that were saved.*checkpoint before it, of step 4/s,
    );
    expect(await tensorsIn(folder, 'last')).toEqual(await tensorsIn(wholeFolder, 'last'));
  });

  test('a crash between the two renames of a save leaves the checkpoint before', async () => {
    const folder = copyOfPausedRun();
    rmSync(join(folder, 'last'), { recursive: true });
    const resumed = await runSmall(smallConfig(), manifest, folder, afterStep(1));
    expect(resumed.events[0]).toMatchObject({ nextStep: 4 });
  });

  test('two damaged checkpoints end the run with an error, and nothing is overwritten', async () => {
    const folder = copyOfPausedRun();
    for (const name of ['last', 'last.previous']) writeFileSync(join(folder, name, 'state.json'), '{');
    await expect(runSmall(smallConfig(), manifest, folder)).rejects.toMatchObject({ code: 'corrupt' });
    expect(existsSync(join(folder, 'last', 'weights.safetensors'))).toBe(true);
  });
});

describe('other kinds of runs', () => {
  test('the base network warms up alone, and the adaptation network starts from it', async () => {
    const folder = newRunFolder();
    const config = smallConfig({
      baseWarmupSteps: 4,
      totalSteps: 5,
      adaptationLearningRate: 1e-12,
      finetuneEpochs: 0,
      checkpointEvery: 4,
    });
    const { events } = await runSmall(config, manifest, folder);
    const steps = eventsOf(events, 'step').map(({ metrics }) => metrics);
    expect(steps.slice(0, 4).map(({ adaptationLoss, unlabeledWeight }) => [adaptationLoss, unlabeledWeight])).toEqual(
      Array(4).fill([null, null]),
    );
    expect(steps[3]!.labeledLoss).toBe(steps[3]!.baseLoss);
    expect(steps[4]!.adaptationLoss).not.toBeNull();
    expect(
      eventsOf(events, 'evaluation')
        .filter(({ evaluation }) => evaluation.step === 4)
        .map(({ evaluation }) => evaluation.network),
    ).toEqual(['base']);
    // With next to no learning rate the adaptation network still has, after step 5, the weights the base network had after step 4.
    const handedOver = (await tensorsIn(folder, 'step-4')).get('base.layer2.0.conv1.weight')!.data;
    const after = await tensorsIn(folder, 'last');
    expect(after.get('adaptation.layer2.0.conv1.weight')!.data).toEqual(handedOver);
    expect(after.get('base.layer2.0.conv1.weight')!.data).not.toEqual(handedOver);
    for (const [index, value] of (after.get('ema.layer2.0.conv1.weight')!.data as Float32Array).entries()) {
      expect(value).toBeCloseTo(Number(handedOver[index]), 5);
    }
  });

  test('the supervised baseline trains the adaptation network alone', async () => {
    const folder = newRunFolder();
    const { events } = await runSmall(
      smallConfig({ method: 'supervised', finetuneEpochs: 0 }),
      { ...manifest, unlabeled: [] },
      folder,
    );
    const [first] = eventsOf(events, 'step');
    expect(first!.metrics).toMatchObject({ baseLoss: null, labeledLoss: null, feedback: null });
    expect(first!.metrics.adaptationLoss).toBeGreaterThan(0);
    expect(
      [...new Set([...(await tensorsIn(folder, 'last')).keys()].map((name) => name.split('.')[0]))].sort(),
    ).toEqual(['adaptation', 'ema']);
  });

  test('FixMatch trains one network on labels and on its own sure pseudo labels', async () => {
    const folder = newRunFolder();
    const config = smallConfig({ method: 'fixmatch', threshold: 0.4, finetuneEpochs: 0, balancePseudoLabels: true });
    const { events } = await runSmall(config, manifest, folder);
    for (const { metrics } of eventsOf(events, 'step')) {
      expect(metrics).toMatchObject({ baseLoss: null, feedback: null, unlabeledWeight: 1 });
      const { labeledLoss, unlabeledLossMasked, adaptationLoss } = metrics;
      expect(adaptationLoss).toBeCloseTo(labeledLoss! + unlabeledLossMasked!, 5);
    }
    const paused = newRunFolder();
    await runSmall(config, manifest, paused, afterStep(5));
    await runSmall(config, manifest, paused);
    expect(await tensorsIn(paused, 'last')).toEqual(await tensorsIn(folder, 'last'));
  });

  test('a run with every option of the recipe goes on exactly', async () => {
    const config = smallConfig({
      ...{ baseWarmupSteps: 3, alignDistribution: true, balancePseudoLabels: true, adaptationLabeledWeight: 0.5 },
      separateNormalization: true,
      ...{ threshold: 0.4, stem: 'small', grayscale: true, finetuneEpochs: 0, gradientClip: 1, labelSmoothing: 0.1 },
    });
    const [folder, paused] = [newRunFolder(), newRunFolder()];
    await runSmall(config, manifest, folder);
    await runSmall(config, manifest, paused, afterStep(2));
    await runSmall(config, manifest, paused, afterStep(5));
    await runSmall(config, manifest, paused);
    expect(await tensorsIn(paused, 'last')).toEqual(await tensorsIn(folder, 'last'));
    const trained = await loadCheckpointNetwork(join(folder, 'last'), 'adaptation');
    expect(trained.network.architecture.stem).toBe('small');
    expect(trained.view).toMatchObject({ grayscale: true });
    disposeNetwork(trained.network);
  });

  test('it learns', async () => {
    const config = smallConfig({
      method: 'supervised',
      totalSteps: 60,
      evaluateEvery: 60,
      width: 8,
      batchSize: 12,
      ema: 0,
      finetuneEpochs: 0,
      adaptationDropout: 0,
    });
    const { outcome } = await runSmall(config, manifest, newRunFolder());
    expect(outcome.best!.accuracy).toBeGreaterThanOrEqual(0.9);
  });
});

describe('what goes wrong', () => {
  test('images that cannot be read are replaced, each reported once, also over a pause', async () => {
    const folder = newRunFolder();
    const broken = structuredClone(manifest);
    const [bad] = broken.labeled.splice(4, 1, {
      ...broken.labeled[4]!,
      reference: { path: '/nowhere/a.png', encoding: 'file' },
    });
    broken.unlabeled[7] = { ...broken.unlabeled[7]!, reference: { path: '/nowhere/b.png', encoding: 'file' } };
    broken.validation[2] = { ...broken.validation[2]!, reference: { path: '/nowhere/c.png', encoding: 'file' } };
    const config = smallConfig({ finetuneEpochs: 1 });
    const first = await runSmall(config, broken, folder, (events) => eventsOf(events, 'step').length >= 8);
    const second = await runSmall(config, broken, folder);
    const reported = eventsOf([...first.events, ...second.events], 'badImage');
    expect(reported.map(({ image }) => image).sort((a, b) => a - b)).toEqual([
      bad!.id,
      broken.unlabeled[7]!.id,
      broken.validation[2]!.id,
    ]);
    expect(reported[0]!.reason).toMatch(/nowhere/);
    expect(eventsOf(second.events, 'evaluation')[0]!.evaluation).toMatchObject({ count: 11, failed: 1 });
    const uninterrupted = newRunFolder();
    await runSmall(config, broken, uninterrupted);
    expect(await tensorsIn(folder, 'last')).toEqual(await tensorsIn(uninterrupted, 'last'));
  });

  test('a folder of images that is gone stops the run', async () => {
    const gone = {
      ...manifest,
      unlabeled: manifest.unlabeled.map((image) => ({
        ...image,
        reference: { path: `/nowhere/${image.id}.png`, encoding: 'file' as const },
      })),
    };
    await expect(runSmall(smallConfig(), gone, newRunFolder())).rejects.toMatchObject({ code: 'not-found' });
  });

  test('a loss that is not a number stops the run and leaves the checkpoints', async () => {
    const folder = copyOfPausedRun();
    await expect(runSmall(smallConfig({ adaptationLearningRate: 1e38 }), manifest, folder)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/diverged in step [67]/),
    });
    expect(await tensorsIn(folder, 'last')).toEqual(await tensorsIn(pausedFolder, 'last'));
  });

  test.each([
    ['no labeled images', { labeled: [] }, /no labeled images/],
    ['no unlabeled images', { unlabeled: [] }, /no unlabeled images/],
    ['other classes', { classes: ['a', 'b'] }, /for 3 classes and its images have 2/],
  ])('%s', async (_, change, message) => {
    await expect(runSmall(smallConfig(), { ...manifest, ...change }, newRunFolder())).rejects.toThrow(message);
  });

  test('a label outside the classes is named', async () => {
    const labeled = [{ ...manifest.labeled[0]!, label: 3 }];
    await expect(runSmall(smallConfig(), { ...manifest, labeled }, newRunFolder())).rejects.toThrow(
      /1\.png has the label 3/,
    );
  });
});
