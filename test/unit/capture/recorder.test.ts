import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { capture } from '#main/tensorflow/capture/capture.ts';
import { numbers, openSession } from './support.ts';

/** Inputs of a step, and what tfjs makes of them alone. */
type Computation = (a: tf.Tensor4D, b: tf.Tensor4D) => tf.Tensor;
const SHAPE = [2, 4, 4, 3] as const;
const filter = numbers(3 * 3 * 3 * 3, 9);
const convolved = (x: tf.Tensor): tf.Tensor =>
  tf.conv2d(x as tf.Tensor4D, tf.tensor4d(filter, [3, 3, 3, 3]), 1, 'same');

const COMPUTATIONS: Record<string, Computation> = {
  'arithmetic with numbers': (a, b) => tf.div(tf.sub(tf.mul(a, 2), b), tf.add(tf.abs(b), 1)),
  'shared data': (a) => tf.clone(tf.reshape(tf.cast(a, 'float32'), [-1, 3])),
  'casts and comparisons': (a, b) =>
    tf.mul(tf.cast(tf.greaterEqual(a, b), 'float32'), tf.cast(tf.notEqual(a, 0), 'float32')),
  'lists: concat, stack, addN, split': (a, b) =>
    tf.addN(
      [
        tf.concat([a, b]),
        tf.concat([b, a]),
        ...tf.split(tf.stack([a, b, a, b], 0).reshape([4, ...SHAPE.slice(1), 2]), 2, 4),
      ].map((x) => tf.sum(x)),
    ),
  'padding and slices': (a) =>
    tf.slice4d(
      tf.pad4d(a, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
      [0, 0, 1, 0],
      [2, 5, 4, 3],
    ),
  'strided slices': (a) => tf.stridedSlice(a, [0, 3, 0, 0], [2, 0, 4, 3], [1, -1, 2, 1]),
  'tile, transpose, expand': (a) => tf.expandDims(tf.transpose(tf.tile(a, [1, 2, 1, 1]), [0, 3, 1, 2]), 1),
  reductions: (a) => tf.add(tf.mean(a, [1, 2]), tf.sub(tf.max(a, [1, 2]), tf.sum(a, [1, 2]))),
  'softmax and logarithms': (a) => tf.add(tf.softmax(a), tf.logSoftmax(a)),
  'largest and classes': (a) => tf.oneHot(tf.argMax(tf.reshape(a, [-1, 3]), 1) as tf.Tensor1D, 3, 0.9, 0.1, 'float32'),
  'the largest few': (a) => tf.topk(tf.reshape(a, [-1]), 5).values,
  rectifiers: (a, b) => tf.add(tf.relu(a), tf.add(tf.leakyRelu(b), tf.add(tf.elu(a), tf.clipByValue(b, -0.5, 0.5)))),
  where: (a, b) => tf.where(tf.less(a, b), a, b),
  'matrix products': (a, b) => tf.matMul(tf.reshape(a, [8, 12]), tf.reshape(b, [8, 12]), true, false),
  pooling: (a) => tf.add(tf.maxPool(a, 2, 2, 'valid'), tf.avgPool(a, 2, 2, 'valid')),
  'convolution and its gradients': (a) => tf.grad((x) => tf.sum(tf.square(convolved(x))))(a),
  'gradient in the filter': (a) =>
    tf.grad((f) => tf.sum(tf.square(tf.conv2d(a, f as tf.Tensor4D, 2, 'valid'))))(tf.tensor4d(filter, [3, 3, 3, 3])),
  'depthwise convolution': (a) => tf.depthwiseConv2d(a, tf.tensor4d(numbers(27, 4), [3, 3, 3, 1]), 1, 'same'),
  'gradients of pooling and softmax': (a) =>
    tf.grad((x) => tf.sum(tf.mul(tf.logSoftmax(tf.maxPool(x as tf.Tensor4D, 2, 2, 'same')), 2)))(a),
  'batch normalisation in evaluation': (a) =>
    tf.batchNorm4d(a, tf.tensor1d([0, 1, 2]), tf.tensor1d([1, 2, 3]), tf.tensor1d([1, 1, 2]), tf.tensor1d([3, 2, 1])),
  resizing: (a) => tf.image.resizeBilinear(a, [7, 5]),
  'zeros, ones, ranges': (a) =>
    tf.add(tf.add(tf.zerosLike(a), tf.onesLike(a)), tf.add(tf.fill([3], 2), tf.range(0, 3))),
  'squares, roots, powers': (a) => tf.add(tf.sqrt(tf.square(a)), tf.pow(tf.add(tf.abs(a), 1), tf.scalar(1.5))),
};

test.each(Object.entries(COMPUTATIONS))('%s come out as from tfjs alone', async (_, compute) => {
  const [a, b] = [numbers(96, 7), numbers(96, 8)];
  const expected = tf.tidy(() => {
    const result = compute(tf.tensor4d(a, [...SHAPE]), tf.tensor4d(b, [...SHAPE]));
    return { shape: result.shape, dataType: result.dtype, data: result.dataSync() };
  });
  const feed = { dataType: 'float32', shape: SHAPE } as const;
  const step = capture(openSession(), {
    name: 'computation',
    variables: [],
    feeds: { a: feed, b: feed },
    step: (feeds) => ({ result: compute(feeds.a as tf.Tensor4D, feeds.b as tf.Tensor4D) }),
  });
  const { result } = await step.run({ a, b });
  expect(result.shape).toEqual(expected.shape);
  expect(result.dataType).toBe(expected.dataType);
  for (const [index, value] of result.data.entries()) expect(value).toBeCloseTo(expected.data[index]!, 4);
});

const X = { x: { dataType: 'float32', shape: [3] } } as const;

test('reading values inside a step is refused', () => {
  const read = (): unknown =>
    capture(openSession(), {
      name: 'peeking',
      variables: [],
      feeds: X,
      step: ({ x }) => ({ y: tf.scalar(x.dataSync()[0]!) }),
    });
  expect(read).toThrow('The step "peeking" reads the values of a tensor while it is captured.');
});

test('numbers made inside a step may be read there, also after they were used', async () => {
  const step = capture(openSession(), {
    name: 'constants',
    variables: [],
    feeds: X,
    step: ({ x }) => {
      const factor = tf.scalar(3);
      const tripled = tf.mul(x, factor);
      return { y: tf.mul(tripled, factor.dataSync()[0]! + 1) };
    },
  });
  const { y } = await step.run({ x: Float32Array.of(1, 2, 3) });
  expect([...y.data]).toEqual([12, 24, 36]);
});

test('an operation whose output has no fixed shape is refused', () => {
  const unique = (): unknown =>
    capture(openSession(), {
      name: 'distinct',
      variables: [],
      feeds: X,
      step: ({ x }) => ({ y: tf.unique(x).values }),
    });
  expect(unique).toThrow(/Unique\w* cannot be captured \(distinct\): the shape of its output is not fixed/);
});

test('a variable that was not named may be neither read, assigned nor made', () => {
  const known = tf.variable(tf.scalar(1));
  const forgotten = tf.variable(tf.scalar(2));
  const captureStep = (step: () => tf.Tensor): unknown =>
    capture(openSession(), { name: 'careless', variables: [known], feeds: {}, step: () => ({ y: step() }) });
  expect(() => captureStep(() => tf.mul(known, forgotten))).toThrow(
    `The step "careless" reads the variable "${forgotten.name}"`,
  );
  expect(() =>
    captureStep(() => {
      forgotten.assign(tf.mul(known, 5));
      return known;
    }),
  ).toThrow(`The step "careless" writes the variable "${forgotten.name}"`);
  expect(() => captureStep(() => tf.variable(tf.square(known)))).toThrow(
    /The step "careless" writes the variable "\d+"/,
  );
  expect([known.dataSync()[0], forgotten.dataSync()[0]]).toEqual([1, 2]);
  expect(Object.values(tf.engine().registeredVariables)).toEqual([known, forgotten]);
});

test('a step that fails leaves tfjs as it was', () => {
  const weight = tf.variable(tf.scalar(1));
  const { numTensors } = tf.memory();
  const fail = (): unknown =>
    capture(openSession(), {
      name: 'failing',
      variables: [weight],
      feeds: X,
      step: () => {
        weight.assign(tf.add(weight, 1));
        throw new RangeError('of its own');
      },
    });
  expect(fail).toThrow(RangeError);
  expect(weight.dataSync()[0]).toBe(1);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(tf.tidy(() => tf.add(weight, 1).dataSync()[0])).toBe(2);
});

test('a capture inside a capture is refused', () => {
  const session = openSession();
  const inner = (): unknown => capture(session, { name: 'inner', variables: [], feeds: X, step: ({ x }) => ({ x }) });
  const nested = (): unknown =>
    capture(session, {
      name: 'outer',
      variables: [],
      feeds: X,
      step: ({ x }) => {
        inner();
        return { x };
      },
    });
  expect(nested).toThrow('"inner" cannot be captured inside "outer"');
  expect(inner).not.toThrow();
});
