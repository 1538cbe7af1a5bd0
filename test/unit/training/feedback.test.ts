import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FeedbackMode } from '#shared/training.ts';
import { readSafetensors, type SafetensorsTensor } from '#main/interchange/safetensors.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { feedbackSignal } from '#main/training/feedback.ts';
import { imagesFrom, imageTensor, labelsFrom, learnerFrom } from '#main/training/goldens/networks.ts';
import { crossEntropy } from '#main/training/losses.ts';
import { type MetaFetch, metaStep, type MetaState } from '#main/training/meta-step.ts';
import { type ResNetArchitecture, trainingPass } from '#main/training/resnet.ts';
import { eagerRunner, type Fetched } from '#main/training/step.ts';
import { newMemory, scalarVariable, withPrefix } from '#main/training/training-state.ts';

const CASE = fileURLToPath(new URL('../../goldens/meta-step/all-options/', import.meta.url));
const ARCHITECTURE: ResNetArchitecture = { block: 'basic', layers: [1, 1, 1, 1], width: 6, classes: 7 };

let initial: ReadonlyMap<string, SafetensorsTensor>;
let inputs: ReadonlyMap<string, SafetensorsTensor>;

beforeAll(async () => {
  await loadTensorFlow();
  initial = (await readSafetensors(`${CASE}initial.safetensors`)).tensors;
  inputs = (await readSafetensors(`${CASE}inputs.safetensors`)).tensors;
});

interface Outcome {
  readonly reported: Fetched<MetaFetch>;
  /** Cross-entropy of the base network on the labels that the feedback bears on, after its step. */
  readonly lossAfter: number;
  readonly baseline: number;
}

/** One step from the golden's initial weights on its inputs of the given step. */
async function stepWith(
  feedback: FeedbackMode,
  inputStep: number,
  rates: { base: number; adaptation: number },
): Promise<Outcome> {
  const sgd = { momentum: 0, nesterov: false, weightDecay: 0, gradientClip: 0 };
  const state: MetaState = {
    base: learnerFrom(withPrefix(initial, 'teacher.'), ARCHITECTURE, 'test', sgd),
    adaptation: learnerFrom(withPrefix(initial, 'student.'), ARCHITECTURE, 'test', sgd),
    average: null,
    feedbackBaseline: scalarVariable(0),
    memory: newMemory(ARCHITECTURE.classes),
  };
  const definition = metaStep(state, {
    labeledCount: 4,
    unlabeledCount: 8,
    imageSize: 32,
    labelSmoothing: 0,
    temperature: 1,
    threshold: 0.95,
    maskUnlabeledLoss: false,
    adaptationLabeledWeight: 0,
    alignDistribution: false,
    balancePseudoLabels: false,
    feedback,
  });
  const views = ['labeled', 'weak', 'strong'].map((view) => inputs.get(`${inputStep}.${view}`)!);
  const reported = await eagerRunner(definition).run({
    images: Float32Array.from(views.flatMap((view) => [...imagesFrom(view)])),
    labels: labelsFrom(inputs.get(`${inputStep}.labels`)!),
    labelWeights: new Float32Array(labelsFrom(inputs.get(`${inputStep}.labels`)!).length).fill(1),
    baseLearningRate: rates.base,
    adaptationLearningRate: rates.adaptation,
    unlabeledWeight: 0,
    dropoutSeed: Int32Array.of(0, 0),
  });
  const lossAfter = tf.tidy(() => {
    const images = tf.concat(views.map((view) => imageTensor(view)));
    const { logits } = trainingPass(ARCHITECTURE, state.base.network.variables, images);
    const labels = tf.tensor1d(reported.feedbackLabels as Int32Array, 'int32');
    return crossEntropy(tf.slice2d(logits, [12, 0], [8, 7]), labels).value.dataSync()[0]!;
  });
  const baseline = state.feedbackBaseline.dataSync()[0]!;
  tf.dispose([...definition.variables]);
  return { reported, lossAfter, baseline };
}

describe('the sign', () => {
  const signal = (mode: FeedbackMode, old: number, updated: number): number =>
    tf.tidy(() => feedbackSignal(mode, tf.scalar(old), tf.scalar(updated), tf.variable(tf.scalar(0))).dataSync()[0]!);

  test('a step that lowered the adaptation network’s labeled loss counts for the labels it was made with', () => {
    expect(signal('released', 2, 1.5)).toBe(0.5);
    expect(signal('flipped', 2, 1.5)).toBe(-0.5);
    expect(signal('off', 2, 1.5)).toBe(0);
  });

  // Against a step without feedback from the same state, the feedback's loss alone makes the difference.
  test('labels with positive feedback become more probable, with negative feedback less', async () => {
    const signs = new Set<number>();
    for (const inputStep of [0, 1, 2, 3, 4]) {
      const rates = { base: 0.003, adaptation: 0.02 };
      const without = await stepWith('off', inputStep, rates);
      const released = await stepWith('released', inputStep, rates);
      const flipped = await stepWith('flipped', inputStep, rates);
      const sign = Math.sign(released.reported.feedback[0]!);
      signs.add(sign);
      expect(Math.sign(without.lossAfter - released.lossAfter), `inputs ${inputStep}`).toBe(sign);
      expect(Math.sign(without.lossAfter - flipped.lossAfter), `inputs ${inputStep}, flipped`).toBe(-sign);
    }
    expect(signs, 'both signs occurred').toEqual(new Set([1, -1]));
  });
});

describe('paper', () => {
  test('weights that do not move give no feedback; as released they do', async () => {
    const rates = { base: 0.01, adaptation: 0 };
    const paper = await stepWith('paper', 0, rates);
    expect(paper.reported.labeledLossNew[0]).toBe(paper.reported.labeledLossOld[0]);
    expect(paper.reported.feedback[0]).toBe(0);
    expect(Math.abs((await stepWith('released', 0, rates)).reported.feedback[0]!)).toBeGreaterThan(0.01);
  });

  test('both networks learn the weak views’ labels, and the moving average is taken off', async () => {
    const { reported, baseline } = await stepWith('paper', 1, { base: 0.01, adaptation: 0.05 });
    expect(reported.feedbackLabels).toEqual(reported.weakLabels);
    const gain = reported.labeledLossOld[0]! - reported.labeledLossNew[0]!;
    expect(Math.abs(gain)).toBeGreaterThan(1e-3);
    // From zero, with decay 0.99: the average is a hundredth of the first gain, and the feedback the rest.
    expect(baseline).toBeCloseTo(0.01 * gain, 6);
    expect(reported.feedback[0]).toBeCloseTo(0.99 * gain, 6);
  });
});

test('a step leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  await stepWith('released', 0, { base: 0.01, adaptation: 0.01 });
  expect(tf.memory().numTensors).toBe(before);
});
