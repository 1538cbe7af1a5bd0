import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { capture } from '#main/tensorflow/capture/capture.ts';
import { BATCH, IMAGES, LABELS, SIDE, trainingStep } from './small-network.ts';
import { openSession } from './support.ts';

const STEPS = 20;
const LEARNING_RATE = 0.01;
const FEEDS = { images: IMAGES, labels: LABELS, learningRate: LEARNING_RATE };

/** The step computed by tfjs, operation by operation. */
function eagerLosses(step: ReturnType<typeof trainingStep>): number[] {
  return Array.from({ length: STEPS }, () =>
    tf.tidy(() => {
      const feeds = {
        images: tf.tensor(IMAGES.slice(), [BATCH, SIDE, SIDE, 3]),
        labels: tf.tensor(LABELS.slice(), [BATCH], 'int32'),
        learningRate: tf.scalar(LEARNING_RATE),
      };
      return step.step(feeds).loss.dataSync()[0]!;
    }),
  );
}

async function capturedLosses(step: ReturnType<typeof trainingStep>, session = openSession()): Promise<number[]> {
  const captured = capture(session, step);
  const losses: number[] = [];
  for (let index = 0; index < STEPS; index++) losses.push((await captured.run(FEEDS)).loss.data[0]!);
  await session.readVariables(step.variables);
  return losses;
}

test('losses and weights of 20 steps equal those of tfjs computing alone', async () => {
  const [eager, captured] = [trainingStep(), trainingStep()];
  const expected = eagerLosses(eager);
  const losses = await capturedLosses(captured);
  for (const [index, loss] of losses.entries()) {
    expect(Math.abs(loss - expected[index]!) / expected[index]!).toBeLessThan(1e-5);
  }
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  for (const [index, variable] of captured.variables.entries()) {
    const difference = variable.sub(eager.variables[index]!).abs().max().dataSync()[0]!;
    expect(difference).toBeLessThan(1e-5);
  }
});

test('two sessions from the same start agree in every bit', async () => {
  const [first, second] = [trainingStep(), trainingStep()];
  expect(await capturedLosses(first)).toEqual(await capturedLosses(second));
  for (const [index, variable] of first.variables.entries()) {
    expect(variable.dataSync()).toEqual(second.variables[index]!.dataSync());
  }
});

test('capturing computes nothing: variables keep their values and no tensor is left', () => {
  const step = trainingStep();
  const before = step.variables.map((variable) => variable.dataSync().slice());
  const { numTensors } = tf.memory();
  capture(openSession(), step);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(step.variables.map((variable) => variable.dataSync())).toEqual(before);
});

test('mixed precision computes in bfloat16 and keeps the weights in float32', async () => {
  const [exact, mixed] = [trainingStep(), trainingStep()];
  const expected = await capturedLosses(exact);
  const losses = await capturedLosses(mixed, openSession({ precision: 'bfloat16' }));
  // bfloat16 has 8 bits of precision: 2^-8 = 0.4 % a rounding.
  expect(Math.abs(losses[0]! - expected[0]!) / expected[0]!).toBeLessThan(0.02);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  expect(mixed.variables.every(({ dtype }) => dtype === 'float32')).toBe(true);
});
