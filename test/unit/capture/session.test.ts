import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { StudioError } from '#shared/errors.ts';
import { capture, type CapturedStep } from '#main/tensorflow/capture/capture.ts';
import { CaptureCache } from '#main/tensorflow/capture/capture-cache.ts';
import type { GraphSession } from '#main/tensorflow/capture/session.ts';
import { withDevice } from '#main/tensorflow/capture/trace.ts';
import { numbers, openSession } from './support.ts';

const SIDE = 512;
const MATRIX = { dataType: 'float32', shape: [SIDE, SIDE] } as const;
const ZEROS = new Float32Array(SIDE * SIDE);

/** A run that takes as long as `products` matrix products one after the other, 0.25 GFLOP each. */
function slowStep(session: GraphSession, products: number): CapturedStep<'matrix', 'sum'> {
  return capture(session, {
    name: 'slow',
    variables: [],
    feeds: { matrix: MATRIX },
    step: ({ matrix }) => {
      let product = matrix;
      for (let index = 0; index < products; index++) product = tf.matMul(product as tf.Tensor2D, matrix as tf.Tensor2D);
      return { sum: tf.sum(product) };
    },
  });
}

test('the event loop is free during a run', async () => {
  const slow = slowStep(openSession(), 40);
  await slow.run({ matrix: ZEROS });
  let running = true;
  let turns = 0;
  const run = slow.run({ matrix: ZEROS }).finally(() => (running = false));
  for (; running; turns++) await nextTurn();
  await run;
  // A run that held the thread would end before the loop's first or second turn.
  expect(turns).toBeGreaterThan(50);
});

test('fed arrays may be reused as soon as a run is asked for, and runs keep their order', async () => {
  const step = capture(openSession(), {
    name: 'double',
    variables: [],
    feeds: { x: { dataType: 'float32', shape: [3] } },
    step: ({ x }) => ({ doubled: tf.mul(x, 2) }),
  });
  const shared = new Float32Array(new SharedArrayBuffer(12));
  shared.set([1, 2, 3]);
  const first = step.run({ x: shared });
  shared.set([10, 20, 30]);
  const second = step.run({ x: shared });
  shared.fill(0);
  expect([...(await first).doubled.data]).toEqual([2, 4, 6]);
  expect([...(await second).doubled.data]).toEqual([20, 40, 60]);
});

test('numbers of every type go in and come out, also unchanged', async () => {
  const step = capture(openSession(), {
    name: 'types',
    variables: [],
    feeds: {
      integers: { dataType: 'int32', shape: [2, 2] },
      flags: { dataType: 'bool', shape: [3] },
      number: { dataType: 'int32', shape: [] },
      nothing: { dataType: 'float32', shape: [0, 4] },
    },
    step: ({ integers, flags, number, nothing }) => ({
      integers,
      opposite: tf.logicalNot(flags),
      sum: tf.add(integers, number),
      nothing,
    }),
  });
  const fetched = await step.run({
    integers: Int32Array.of(1, -2, 2 ** 31 - 1, 4),
    flags: Uint8Array.of(1, 0, 1),
    number: 3,
    nothing: new Float32Array(0),
  });
  expect(fetched).toEqual({
    integers: { dataType: 'int32', shape: [2, 2], data: Int32Array.of(1, -2, 2 ** 31 - 1, 4) },
    opposite: { dataType: 'bool', shape: [3], data: Uint8Array.of(0, 1, 0) },
    // 2^31 - 1 + 3 wraps around to -2^31 + 2.
    sum: { dataType: 'int32', shape: [2, 2], data: Int32Array.of(4, 1, -(2 ** 31) + 2, 7) },
    nothing: { dataType: 'float32', shape: [0, 4], data: new Float32Array(0) },
  });
});

test("TensorFlow's own errors come as StudioErrors, and the session lives on", async () => {
  const step = capture(openSession(), {
    name: 'look-up',
    variables: [],
    feeds: { index: { dataType: 'int32', shape: [1] } },
    // tfjs's own gather looks at the indices first; TensorFlow's does not.
    step: ({ index }) => ({ found: tf.gatherND(tf.tensor1d([5, 6, 7]), tf.reshape(index, [1, 1])) }),
  });
  const failure = await step.run({ index: Int32Array.of(9) }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StudioError);
  expect(failure).toMatchObject({
    code: 'internal',
    message: expect.stringMatching(/run "look-up": .*\[9\] does not index/) as string,
  });
  expect([...(await step.run({ index: Int32Array.of(1) })).found.data]).toEqual([6]);
});

test('a feed that is missing, too short or of another type is refused by name', async () => {
  const step = capture(openSession(), {
    name: 'feeds',
    variables: [],
    feeds: { x: { dataType: 'float32', shape: [2] } },
    step: ({ x }) => ({ x }),
  });
  const run = step.run.bind(step) as (feeds: Record<string, Float32Array | Int32Array>) => Promise<unknown>;
  await expect(run({})).rejects.toThrow('"feeds" was run without its feed "x"');
  await expect(run({ x: Float32Array.of(1) })).rejects.toThrow(
    '"x" takes float32 [2] (2 values) and was given Float32Array of 1.',
  );
  await expect(run({ x: Int32Array.of(1, 2) })).rejects.toThrow('was given Int32Array of 2.');
});

test('closing waits for the run under way; afterwards the session refuses', async () => {
  const session = openSession();
  const slow = slowStep(session, 20);
  const last = slow.run({ matrix: ZEROS });
  await session.close();
  expect((await last).sum.data[0]).toBe(0);
  await expect(slow.run({ matrix: ZEROS })).rejects.toThrow('its session is closed');
  expect(() => slowStep(session, 1)).toThrow('its session is closed');
});

test('memory stays flat over 300 runs', async () => {
  const session = openSession();
  const weight = tf.variable(tf.zeros([SIDE, SIDE]));
  const step = capture(session, {
    name: 'leak',
    variables: [weight],
    feeds: { matrix: MATRIX },
    step: ({ matrix }) => {
      weight.assign(tf.add(weight, matrix));
      return { weight: tf.mul(weight, 1) };
    },
  });
  const run = async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) await step.run({ matrix: ZEROS });
  };
  await run(100);
  const before = process.memoryUsage.rss();
  await run(300);
  // Each run feeds, keeps and fetches 1 MiB: a leak of any of them would show as 300 MiB.
  expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(100);
});

test('a step is captured once for each combination of shapes', async () => {
  const session = openSession();
  let captures = 0;
  const cache = new CaptureCache<'x', CapturedStep<'x', 'sum'>>(({ x }) => {
    captures++;
    return capture(session, {
      name: 'sum',
      variables: [],
      feeds: { x: { dataType: 'float32', shape: x } },
      step: (feeds) => ({ sum: tf.sum(feeds.x) }),
    });
  });
  for (const count of [3, 2, 3, 2]) {
    const { sum } = await cache.for({ x: [count] }).run({ x: new Float32Array(count).fill(1) });
    expect(sum.data[0]).toBe(count);
  }
  expect(captures).toBe(2);
});

test('towers on two devices average their gradients to that of the whole batch', async () => {
  const gradientOf = (images: tf.Tensor, weight: tf.Tensor): tf.Tensor =>
    tf.grad((w: tf.Tensor) => tf.mean(tf.square(tf.matMul(images as tf.Tensor2D, w as tf.Tensor2D))))(weight);
  const weight = tf.variable(tf.tensor2d(numbers(4, 5), [4, 1]));
  const session = openSession({ cpuDevices: 2 });
  const step = capture(session, {
    name: 'towers',
    variables: [weight],
    feeds: { images: { dataType: 'float32', shape: [6, 4] } },
    step: ({ images }) => {
      const gradients = tf
        .split(images, 2)
        .map((half, tower) => withDevice(`/device:CPU:${tower}`, () => gradientOf(half, weight)));
      return { averaged: tf.div(tf.addN(gradients), 2) };
    },
  });
  const images = numbers(24, 6);
  const { averaged } = await step.run({ images });
  const whole = gradientOf(tf.tensor2d(images, [6, 4]), weight).dataSync();
  for (const [index, value] of averaged.data.entries()) expect(value).toBeCloseTo(whole[index]!, 6);
});

test('operations are placed where they are asked to be', async () => {
  const step = capture(openSession(), {
    name: 'nowhere',
    variables: [],
    feeds: { x: { dataType: 'float32', shape: [] } },
    step: ({ x }) => ({ squared: withDevice('nonsense', () => tf.square(x)) }),
  });
  await expect(step.run({ x: 2 })).rejects.toThrow(/nonsense/);
});
