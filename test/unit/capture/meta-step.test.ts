import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { capture } from '#main/tensorflow/capture/capture.ts';
import { createMomentumBuffers, createNetwork, cloneNetwork, initialValues } from '#main/training/network.ts';
import type { Learner } from '#main/training/learner.ts';
import { metaStep, type MetaState } from '#main/training/meta-step.ts';
import { eagerRunner } from '#main/training/step.ts';
import { newMemory } from '#main/training/training-state.ts';
import { numbers, openSession } from './support.ts';

const ARCHITECTURE = { block: 'basic', layers: [1, 1, 1, 1], width: 4, classes: 7 } as const;
const [LABELED, UNLABELED, SIDE, STEPS] = [8, 16, 32, 3];

function learner(seed: number): Learner {
  const network = createNetwork(ARCHITECTURE, initialValues(ARCHITECTURE, seed, 'weights-base'));
  const sgd = { momentum: 0.9, nesterov: true, weightDecay: 1e-3, gradientClip: 1 };
  return { network, buffers: createMomentumBuffers(network), sgd, dropout: 0.2, lossScale: null };
}

function state(): MetaState {
  const adaptation = learner(2);
  const average = { network: cloneNetwork(adaptation.network), decay: 0.9 };
  return {
    base: learner(1),
    adaptation,
    average,
    feedbackBaseline: tf.variable(tf.scalar(0)),
    memory: newMemory(ARCHITECTURE.classes),
  };
}

test.each(['released', 'paper'] as const)(
  'the meta step with feedback "%s" equals tfjs computing alone',
  async (feedback) => {
    const options = {
      labeledCount: LABELED,
      unlabeledCount: UNLABELED,
      imageSize: SIDE,
      labelSmoothing: 0.1,
      temperature: 0.7,
      threshold: 0.3,
      maskUnlabeledLoss: true,
      adaptationLabeledWeight: feedback === 'paper' ? 0.5 : 0,
      alignDistribution: feedback === 'paper',
      balancePseudoLabels: feedback === 'paper',
      feedback,
    };
    const [eager, captured] = [metaStep(state(), options), metaStep(state(), options)];
    const session = openSession();
    const [eagerStep, capturedStep] = [eagerRunner(eager), capture(session, captured)];
    for (let step = 0; step < STEPS; step++) {
      const feeds = {
        images: numbers((LABELED + 2 * UNLABELED) * SIDE * SIDE * 3, 11 + step),
        labels: Int32Array.from({ length: LABELED }, (_, index) => (index + step) % ARCHITECTURE.classes),
        labelWeights: Float32Array.from({ length: LABELED }, (_, index) => 0.5 + index / LABELED),
        baseLearningRate: 0.01,
        adaptationLearningRate: 0.02,
        unlabeledWeight: 0.5,
        dropoutSeed: Int32Array.of(3, step),
      };
      const expected = await eagerStep.run(feeds);
      const fetched = await capturedStep.run(feeds);
      expect(Object.keys(fetched)).toEqual(Object.keys(expected));
      for (const [name, { data }] of Object.entries(fetched)) {
        const values = expected[name as keyof typeof expected];
        // Differences of losses carry the rounding of losses of order 1.
        for (const [index, value] of data.entries()) {
          expect(Math.abs(value - values[index]!), `step ${step}, ${name}`).toBeLessThan(
            1e-4 * Math.max(Math.abs(values[index]!), 0.1),
          );
        }
      }
    }
    await session.readVariables(captured.variables);
    for (const [index, variable] of captured.variables.entries()) {
      const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(variable, eager.variables[index]!))).dataSync()[0]!);
      expect(difference, variable.name).toBeLessThan(2e-4);
    }
  },
);
