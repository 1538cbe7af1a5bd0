import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { capture } from '#main/tensorflow/capture/capture.ts';
import { applyMomentum } from '#main/tensorflow/capture/trace.ts';
import { openSession } from './support.ts';

const SCALAR = { dataType: 'float32', shape: [] } as const;

test('what is read after an update is the new value, and the end of the step is what is stored', async () => {
  const weight = tf.variable(tf.scalar(2));
  const session = openSession();
  const step = capture(session, {
    name: 'forward-update-forward',
    variables: [weight],
    feeds: { x: SCALAR },
    step: ({ x }) => {
      const before = tf.mul(weight, x);
      weight.assign(tf.sub(weight, tf.mul(x, 0.5)));
      const after = tf.mul(weight, x);
      weight.assign(tf.add(weight, 10));
      return { before, after };
    },
  });
  // weight 2: 2·4 = 8; weight 2 - 0.5·4 = 0: 0·4 = 0; weight 0 + 10 = 10.
  expect(values(await step.run({ x: 4 }))).toEqual({ before: 8, after: 0 });
  // weight 10: 10·2 = 20; weight 10 - 0.5·2 = 9: 9·2 = 18; weight 9 + 10 = 19.
  expect(values(await step.run({ x: 2 }))).toEqual({ before: 20, after: 18 });
  expect(weight.dataSync()[0]).toBe(2);
  await session.readVariables([weight]);
  expect(weight.dataSync()[0]).toBe(19);
});

test('a value that the step replaces is read first, however early the new one is known', async () => {
  const count = 200;
  const variables = Array.from({ length: count }, (_, index) => tf.variable(tf.scalar(index)));
  const step = capture(openSession(), {
    name: 'replace',
    variables,
    feeds: { next: SCALAR },
    step: ({ next }) => {
      const old = tf.stack(variables);
      for (const variable of variables) variable.assign(next as tf.Scalar);
      return { old };
    },
  });
  expect((await step.run({ next: -1 })).old.data).toEqual(Float32Array.from({ length: count }, (_, index) => index));
  for (let run = 0; run < 20; run++) {
    expect((await step.run({ next: run })).old.data).toEqual(new Float32Array(count).fill(run - 1));
  }
});

/** One weight under SGD with Nesterov momentum 0.9, learning rate 0.1, gradient 0.5: the weight before, between and after two updates. */
function twoUpdates(): { variables: tf.Variable[]; step: () => Record<'before' | 'between' | 'after', tf.Tensor> } {
  const [variable, accumulator] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(0))];
  const update = (): void =>
    applyMomentum({
      variable,
      accumulator,
      gradient: tf.scalar(0.5),
      learningRate: tf.scalar(0.1),
      momentum: tf.scalar(0.9),
      nesterov: true,
    });
  return {
    variables: [variable, accumulator],
    step: () => {
      const old = tf.clone(variable);
      update();
      const between = tf.mul(variable, 1);
      update();
      return { before: tf.mul(old, 1), between, after: tf.mul(variable, 1) };
    },
  };
}

// accumulator 0.9·0 + 0.5 = 0.5; weight 1 - 0.1·(0.5 + 0.9·0.5) = 0.905.
// accumulator 0.9·0.5 + 0.5 = 0.95; weight 0.905 - 0.1·(0.5 + 0.9·0.95) = 0.7695.
const MOMENTUM = { before: 1, between: 0.905, after: 0.7695 };

test('a momentum update in place leaves the value read before it, and shows the new one after it', async () => {
  const { variables, step } = twoUpdates();
  const session = openSession();
  const fetched = values(await capture(session, { name: 'momentum', variables, feeds: {}, step }).run({}));
  for (const [name, expected] of Object.entries(MOMENTUM))
    expect(fetched[name as keyof typeof MOMENTUM]).toBeCloseTo(expected, 6);
  await session.readVariables(variables);
  expect(variables[0]!.dataSync()[0]).toBeCloseTo(0.7695, 6);
  expect(variables[1]!.dataSync()[0]).toBeCloseTo(0.95, 6);
});

test('a momentum update by tfjs gives the same', () => {
  const fetched = tf.tidy(() =>
    Object.entries(twoUpdates().step()).map(([name, tensor]) => [name, tensor.dataSync()[0]!]),
  );
  for (const [name, value] of fetched as [keyof typeof MOMENTUM, number][])
    expect(value).toBeCloseTo(MOMENTUM[name], 6);
});

test('an assignment before a momentum update is stored first', async () => {
  const [weight, accumulator] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(0))];
  const session = openSession();
  const step = capture(session, {
    name: 'assign-then-momentum',
    variables: [weight, accumulator],
    feeds: {},
    step: () => {
      weight.assign(tf.mul(weight, 3));
      const scalars = { gradient: tf.scalar(1), learningRate: tf.scalar(1), momentum: tf.scalar(0) };
      applyMomentum({ variable: weight, accumulator, ...scalars, nesterov: false });
      return {};
    },
  });
  await step.run({});
  await step.run({});
  await session.readVariables([weight]);
  // 3·1 - 1 = 2; 3·2 - 1 = 5.
  expect(weight.dataSync()[0]).toBe(5);
});

test('variables that start from the same data are told apart', async () => {
  const weight = tf.variable(tf.scalar(5));
  const average = tf.variable(weight);
  const session = openSession();
  const step = capture(session, {
    name: 'average',
    variables: [weight, average],
    feeds: {},
    step: () => {
      weight.assign(tf.add(weight, 1));
      average.assign(tf.add(tf.mul(average, 0.5), tf.mul(weight, 0.5)));
      return {};
    },
  });
  await step.run({});
  await session.readVariables([weight, average]);
  // weight 5 + 1 = 6; average 0.5·5 + 0.5·6 = 5.5.
  expect([weight.dataSync()[0], average.dataSync()[0]]).toEqual([6, 5.5]);
});

test('a variable may take over the value of another, and both go their ways', async () => {
  const [source, target] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor1d([0, 0]))];
  const accumulator = tf.variable(tf.tensor1d([0, 0]));
  const session = openSession();
  const step = capture(session, {
    name: 'copy',
    variables: [source, target, accumulator],
    feeds: {},
    step: () => {
      target.assign(source);
      const scalars = { learningRate: tf.scalar(1), momentum: tf.scalar(0) };
      applyMomentum({ variable: source, accumulator, gradient: tf.tensor1d([10, 10]), ...scalars, nesterov: false });
      return {};
    },
  });
  await step.run({});
  await session.readVariables([source, target]);
  expect([...source.dataSync(), ...target.dataSync()]).toEqual([-9, -8, 1, 2]);
});

test('steps of one session share variables; values can be put in', async () => {
  const weight = tf.variable(tf.scalar(1));
  const session = openSession();
  const increase = capture(session, {
    name: 'increase',
    variables: [weight],
    feeds: {},
    step: () => {
      weight.assign(tf.add(weight, 1));
      return {};
    },
  });
  const double = capture(session, {
    name: 'double',
    variables: [weight],
    feeds: {},
    step: () => ({ value: tf.mul(weight, 2) }),
  });
  await increase.run({});
  expect(values(await double.run({}))).toEqual({ value: 4 });
  weight.assign(tf.scalar(100));
  await session.writeVariables([weight]);
  await increase.run({});
  expect(values(await double.run({}))).toEqual({ value: 202 });
});

test('frozen variables are part of the graph and stay what they were', async () => {
  const weight = tf.variable(tf.scalar(3));
  const session = openSession();
  const step = capture(session, {
    name: 'frozen',
    variables: 'frozen',
    feeds: { x: SCALAR },
    step: ({ x }) => ({ product: tf.mul(weight, x) }),
  });
  weight.assign(tf.scalar(1000));
  expect(values(await step.run({ x: 2 }))).toEqual({ product: 6 });
});

function values<Name extends string>(fetched: Record<Name, { data: ArrayLike<number> }>): Record<Name, number> {
  const entries = Object.entries<{ data: ArrayLike<number> }>(fetched).map(([name, { data }]) => [name, data[0]!]);
  return Object.fromEntries(entries) as Record<Name, number>;
}
