import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { graphExecutor } from '#main/training/executor.ts';
import { type Learner, learnerVariables } from '#main/training/learner.ts';
import { crossEntropy } from '#main/training/losses.ts';
import { trainRun } from '#main/training/loop.ts';
import { cloneNetwork, createMomentumBuffers, createNetwork, initialValues } from '#main/training/network.ts';
import { applySgd } from '#main/training/optimizer.ts';
import { trainingPass } from '#main/training/resnet.ts';
import { readCheckpoint } from '#main/training/checkpoint.ts';
import type { TrainingEvent } from '#main/training/events.ts';
import { supervisedStep } from '#main/training/supervised-step.ts';
import { findTowers, splitPass } from '#main/training/towers.ts';
import { drawManifest, eventsOf, newRunFolder, removeRunFolders, smallConfig } from './small-run.ts';

let library: string;
beforeAll(async () => {
  ({ library } = await loadTensorFlow());
  return removeRunFolders;
});

const ARCHITECTURE = { block: 'basic', layers: [1, 1, 1, 1], width: 4, classes: 3 } as const;
const SGD = { momentum: 0.9, nesterov: true, weightDecay: 1e-3, gradientClip: 1 };
const [COUNT, SIDE, STEPS] = [16, 24, 20];
const RATE = 0.005;

function newLearner(): Learner {
  const network = createNetwork(ARCHITECTURE, initialValues(ARCHITECTURE, 5, 'weights-base'));
  return { network, buffers: createMomentumBuffers(network), sgd: SGD, dropout: 0, lossScale: null };
}

function batchAt(step: number): { images: Float32Array; labels: Int32Array; labelWeights: Float32Array } {
  const stream = new RandomStream(step, 'demo');
  return {
    images: Float32Array.from({ length: COUNT * SIDE * SIDE * 3 }, () => stream.normal()),
    labels: Int32Array.from({ length: COUNT }, (_, i) => (i + step) % 3),
    labelWeights: new Float32Array(COUNT).fill(1),
  };
}

/** One process on the whole batch with BatchNorm on each half, written out: what two towers must come to. */
function referenceStep({ network, buffers, sgd }: Learner, step: number, rate: number): void {
  const { images, labels } = batchAt(step);
  tf.tidy(() => {
    const whole = tf.tensor4d(images, [COUNT, SIDE, SIDE, 3]);
    const halves = tf.split<tf.Tensor4D>(whole, 2).map((half) => trainingPass(ARCHITECTURE, network.variables, half));
    const gradients = halves.map(({ logits, backward }, tower) => {
      const own = tf.tensor1d(labels.slice((tower * COUNT) / 2, ((tower + 1) * COUNT) / 2), 'int32');
      return backward(tf.div(crossEntropy(logits, own).gradient, 2));
    });
    for (const [name, value] of halves[0]!.statistics) network.variables.get(name)!.assign(value);
    network.batchesTracked.assign(tf.add(network.batchesTracked, 1));
    const mean = new Map([...gradients[0]!].map(([name, one]) => [name, tf.add(one, gradients[1]!.get(name)!)]));
    applySgd(network, buffers, mean, tf.scalar(rate), sgd);
  });
}

describe('two towers on two devices', () => {
  test('come to the weights of one process with BatchNorm on each half, within 1e-5 after 20 steps', async () => {
    const towers = ['/device:CPU:0', '/device:CPU:1'];
    const executor = graphExecutor(library, { cpuDevices: 2 });
    const shared = newLearner();
    const options = { name: 'towers', batchSize: COUNT, imageSize: SIDE, labelSmoothing: 0, towers };
    const step = executor.prepare(supervisedStep(shared, null, options));
    const reference = newLearner();
    for (let index = 0; index < STEPS; index++) {
      await step.run({ ...batchAt(index), learningRate: RATE, dropoutSeed: Int32Array.of(0, 0) });
      referenceStep(reference, index, RATE);
    }
    await executor.readVariables(learnerVariables(shared));
    const single = { ...newLearner(), network: cloneNetwork(newLearner().network) };
    const alone = graphExecutor(library);
    const whole = alone.prepare(supervisedStep(single, null, { ...options, towers: [] }));
    for (let index = 0; index < STEPS; index++) {
      await whole.run({ ...batchAt(index), learningRate: RATE, dropoutSeed: Int32Array.of(0, 0) });
    }
    await alone.readVariables(learnerVariables(single));
    expect(largestDifference(shared, reference)).toBeLessThan(1e-5);
    // BatchNorm over the whole batch is another computation: the halves are not a way of adding up.
    expect(largestDifference(shared, single)).toBeGreaterThan(1e-4);
    await executor.close();
    await alone.close();
  });

  test('are found where there are two, and not made up where there is one', async () => {
    expect(await findTowers(library, { cpuDevices: 2 }, 'CPU', 2)).toEqual(['/device:CPU:0', '/device:CPU:1']);
    expect(await findTowers(library, { cpuDevices: 3 }, 'CPU', 2)).toHaveLength(2);
    expect(await findTowers(library, {}, 'CPU', 2)).toEqual([]);
    expect(await findTowers(library, { cpuDevices: 2 }, 'CPU', -1)).toEqual([]);
  });
});

test('normalised apart, the labeled images do not feel the others, and the running statistics are theirs', () => {
  const { network } = newLearner();
  const { images } = batchAt(0);
  tf.tidy(() => {
    const whole = tf.tensor4d(images, [COUNT, SIDE, SIDE, 3]);
    const [labeled, unlabeled] = tf.split<tf.Tensor4D>(whole, [4, COUNT - 4]);
    const split = { parts: [4, COUNT - 4], towers: [], normalizesApart: true };
    const pass = splitPass(ARCHITECTURE, network.variables, whole, null, split);
    const [alone, others] = [labeled!, unlabeled!].map((part) => trainingPass(ARCHITECTURE, network.variables, part));
    expect([...pass.logits.dataSync()]).toEqual([...tf.concat([alone!.logits, others!.logits]).dataSync()]);
    for (const [name, value] of pass.statistics) {
      expect([...value.dataSync()], name).toEqual([...alone!.statistics.get(name)!.dataSync()]);
    }
    const gradient = tf.tensor2d(
      Float32Array.from({ length: COUNT * 3 }, (_, i) => Math.cos(i)),
      [COUNT, 3],
    );
    const [first, second] = tf.split<tf.Tensor2D>(gradient, [4, COUNT - 4]);
    const gradients = pass.backward(gradient);
    const expected = [alone!.backward(first!), others!.backward(second!)];
    for (const [name, value] of gradients) {
      const sum = tf.add(expected[0]!.get(name)!, expected[1]!.get(name)!);
      expect(tf.max(tf.abs(tf.sub(value, sum))).dataSync()[0], name).toBeLessThan(1e-5);
    }
  });
});

function largestDifference(a: Learner, b: Learner): number {
  const [left, right] = [learnerVariables(a), learnerVariables(b)];
  return Math.max(
    ...left.map((variable, index) => tf.tidy(() => tf.max(tf.abs(tf.sub(variable, right[index]!))).dataSync()[0]!)),
  );
}

async function runOn(
  cpuDevices: number | undefined,
  directory: string,
  pauseAfter = Infinity,
): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  const control = {
    pauseRequested: () => eventsOf(events, 'step').length >= pauseAfter,
    stopRequested: () => false,
  };
  const config = smallConfig({ worldSize: 2, finetuneEpochs: 0, feedback: 'released', totalSteps: 6 });
  const manifest = await drawManifest();
  await trainRun({ config, manifest, directory, control, emit: (event) => events.push(event), cpuDevices });
  return events;
}

test('a run on two devices takes a batch for each, says so, and goes on exactly', async () => {
  const folder = newRunFolder();
  const events = await runOn(2, folder);
  expect(events[0]).toMatchObject({ type: 'started', device: expect.stringMatching(/^2 × /) as unknown });
  expect(eventsOf(events, 'log').filter(({ level }) => level === 'warning')).toEqual([]);
  expect((await readCheckpoint(`${folder}/last`)).state.devices).toBe(2);
});

test('with one device the run goes on with that, and warns', async () => {
  const folder = newRunFolder();
  await runOn(2, folder, 3);
  const events = await runOn(undefined, folder);
  const warnings = eventsOf(events, 'log').filter(({ level }) => level === 'warning');
  expect(warnings.map(({ message }) => message)).toEqual([
    'The run asks for 2 devices and computes on one: there are no more here.',
    'The run was on 2 devices and goes on with 1: its batches change their size here, and learning rates are multiplied by 1/2, as the batches are.',
  ]);
});
