import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { dropout } from '#main/training/layers.ts';
import { createNetwork, disposeNetwork, initialValues, type Network } from '#main/training/network.ts';
import {
  architectureOf,
  evaluationPass,
  parameterSpecifications,
  type ResNetArchitecture,
  trainingPass,
} from '#main/training/resnet.ts';
import { loadStateDict, permute, toStateDict } from '#main/training/state-dict.ts';

beforeAll(() => loadTensorFlow());

let tensorsBefore = 0;
beforeEach(() => (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors, 'tensors left over').toBe(tensorsBefore));

const BASIC: ResNetArchitecture = { block: 'basic', layers: [1, 2, 1, 1], width: 4, classes: 3 };
const BOTTLENECK: ResNetArchitecture = { block: 'bottleneck', layers: [1, 2, 1, 1], width: 4, classes: 3 };

function randomImages(count: number, side: number): tf.Tensor4D {
  const stream = new RandomStream(1, 'demo');
  return tf.tensor4d(
    Float32Array.from({ length: count * side * side * 3 }, () => stream.normal()),
    [count, side, side, 3],
  );
}

function newNetwork(architecture: ResNetArchitecture): Network {
  return createNetwork(architecture, initialValues(architecture, 7, 'weights-base'));
}

describe('structure', () => {
  // Parameter counts as torchvision's documentation gives them for 1,000 classes.
  test.each([
    ['resnet18', 11_689_512],
    ['resnet34', 21_797_672],
    ['resnet50', 25_557_032],
    ['resnet101', 44_549_160],
  ] as const)('%s has torchvision’s number of parameters', (architecture, expected) => {
    const specifications = parameterSpecifications({
      ...architectureOf({ architecture, width: 64, classCount: 7 }),
      classes: 1000,
    });
    const learned = specifications.filter(({ kind }) => !kind.startsWith('running'));
    expect(learned.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0)).toBe(
      expected,
    );
  });

  test('names and order are those of torchvision’s state_dict', () => {
    const names = parameterSpecifications(BOTTLENECK).map(({ name }) => name);
    expect(names.slice(0, 6)).toEqual([
      'conv1.weight',
      'bn1.weight',
      'bn1.bias',
      'bn1.running_mean',
      'bn1.running_var',
      'layer1.0.conv1.weight',
    ]);
    expect(names.filter((name) => name.startsWith('layer1.0') && name.endsWith('.weight'))).toEqual([
      'layer1.0.conv1.weight',
      'layer1.0.bn1.weight',
      'layer1.0.conv2.weight',
      'layer1.0.bn2.weight',
      'layer1.0.conv3.weight',
      'layer1.0.bn3.weight',
      'layer1.0.downsample.0.weight',
      'layer1.0.downsample.1.weight',
    ]);
    expect(names.slice(-2)).toEqual(['fc.weight', 'fc.bias']);
  });
});

describe('initial values', () => {
  const values = initialValues(
    architectureOf({ architecture: 'resnet18', width: 16, classCount: 7 }),
    3,
    'weights-base',
  );
  const moments = (data: Float32Array): { mean: number; deviation: number } => {
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    return { mean, deviation: Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length) };
  };

  test('convolutions are normal with variance 2 / fan-out', () => {
    // layer4.1.conv2: 3·3·128 outgoing connections; 147,456 draws put the estimate within 1 %.
    const { mean, deviation } = moments(values.get('layer4.1.conv2.weight')!);
    expect(Math.abs(mean)).toBeLessThan(5e-4);
    expect(deviation / Math.sqrt(2 / (9 * 128))).toBeCloseTo(1, 2);
  });

  test('the last layer is uniform within 1/√inputs, batch normalisation 1 and 0', () => {
    const weight = values.get('fc.weight')!;
    const bound = 1 / Math.sqrt(128);
    expect(Math.max(...weight)).toBeLessThan(bound);
    expect(Math.max(...weight)).toBeGreaterThan(0.98 * bound);
    expect(Math.min(...weight)).toBeLessThan(-0.98 * bound);
    expect([...new Set(values.get('bn1.weight'))]).toEqual([1]);
    expect([...new Set(values.get('bn1.running_mean'))]).toEqual([0]);
  });

  test('they depend on seed and purpose alone', () => {
    const first = (seed: number, purpose: 'weights-base' | 'weights-adaptation'): number =>
      initialValues(BASIC, seed, purpose).get('conv1.weight')![0]!;
    expect(first(1, 'weights-base')).toBe(first(1, 'weights-base'));
    expect(new Set([first(1, 'weights-base'), first(2, 'weights-base'), first(1, 'weights-adaptation')]).size).toBe(3);
  });
});

describe('the backward pass is the derivative of the forward pass', () => {
  // Along a random direction d: (L(w + εd) - L(w - εd)) / 2ε against g·d, with L = Σ logits·c for fixed c.
  test.each([
    ['basic', BASIC],
    ['bottleneck', BOTTLENECK],
    ['small stem', { ...BASIC, stem: 'small' } satisfies ResNetArchitecture],
  ])('%s', (_, architecture) => {
    const network = newNetwork(architecture);
    tf.tidy(() => {
      const images = randomImages(6, 40);
      const stream = new RandomStream(9, 'demo');
      const coefficients = tf.tensor2d(
        Float32Array.from({ length: 18 }, () => stream.normal()),
        [6, 3],
      );
      const dropping = { rate: 0.5, seed: tf.tensor1d([1, 2], 'int32') };
      const loss = (shift: number, directions: ReadonlyMap<string, tf.Tensor>): number => {
        const moved = [...network.variables].map(([name, variable]): [string, tf.Tensor] => {
          const direction = directions.get(name);
          return [name, direction === undefined ? variable : tf.add(variable, tf.mul(direction, shift))];
        });
        return tf
          .sum(tf.mul(trainingPass(architecture, new Map(moved), images, dropping).logits, coefficients))
          .dataSync()[0]!;
      };
      const gradients = trainingPass(architecture, network.variables, images, dropping).backward(coefficients);
      expect([...gradients.keys()].sort()).toEqual([...network.trainable].sort());
      for (const [name, gradient] of gradients) {
        const direction = tf.tensor(
          Float32Array.from({ length: gradient.size }, () => stream.normal()),
          gradient.shape,
        );
        const epsilon = 1e-3 / Math.sqrt(gradient.size);
        const numeric =
          (loss(epsilon, new Map([[name, direction]])) - loss(-epsilon, new Map([[name, direction]]))) / (2 * epsilon);
        const analytic = tf.sum(tf.mul(gradient, direction)).dataSync()[0]!;
        const scale = tf.norm(gradient).dataSync()[0]!;
        // Rectifiers switch within ±ε, hence the width; a gradient that is wrong is off by about its whole norm.
        expect(Math.abs(numeric - analytic), name).toBeLessThan(0.15 * scale + 0.02);
      }
    });
    disposeNetwork(network);
  });
});

test('evaluation uses the running statistics and not the batch', () => {
  const network = newNetwork(BASIC);
  tf.tidy(() => {
    const images = randomImages(4, 32);
    const together = evaluationPass(BASIC, network.variables, images).arraySync();
    const alone = evaluationPass(
      BASIC,
      network.variables,
      tf.slice4d(images, [2, 0, 0, 0], [1, 32, 32, 3]),
    ).arraySync();
    for (const [index, value] of alone[0]!.entries()) expect(value).toBeCloseTo(together[2]![index]!, 4);
  });
  disposeNetwork(network);
});

test('dropout keeps the mean, drops its share, and repeats with its seed', () => {
  tf.tidy(() => {
    const input = tf.ones([100, 200]) as tf.Tensor2D;
    const draw = (seed: number): Float32Array =>
      dropout(input, 0.25, tf.tensor1d([5, seed], 'int32')).output.dataSync<'float32'>();
    const values = draw(1);
    const dropped = values.filter((value) => value === 0).length / values.length;
    // 20,000 draws: three standard deviations are 0.009.
    expect(Math.abs(dropped - 0.25)).toBeLessThan(0.01);
    expect(Math.max(...values)).toBeCloseTo(4 / 3, 6);
    expect(draw(1)).toEqual(values);
    expect(draw(2)).not.toEqual(values);
  });
});

describe('state_dict', () => {
  test('transposition by hand', () => {
    // [[1,2,3],[4,5,6]] transposed is [[1,4],[2,5],[3,6]].
    expect([...permute(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], [1, 0])]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test('out and back in gives the same network, the batch counter included', async () => {
    const network = createNetwork(BOTTLENECK, initialValues(BOTTLENECK, 4, 'weights-base'), 12);
    const stateDict = await toStateDict(network);
    expect(stateDict.get('conv1.weight')?.shape).toEqual([4, 3, 7, 7]);
    expect(stateDict.get('fc.weight')?.shape).toEqual([3, 128]);
    expect(stateDict.get('layer1.0.bn1.num_batches_tracked')?.data).toEqual(BigInt64Array.of(12n));
    const loaded = loadStateDict(stateDict, BOTTLENECK, 'here');
    expect(loaded.batchesTracked).toBe(12);
    expect(loaded.values).toEqual(initialValues(BOTTLENECK, 4, 'weights-base'));
    disposeNetwork(network);
  });

  test('what does not fit is named', async () => {
    const network = newNetwork(BASIC);
    const stateDict = await toStateDict(network);
    disposeNetwork(network);
    stateDict.delete('bn1.bias');
    stateDict.set('head.weight', { dtype: 'F32', shape: [1], data: Float32Array.of(1) });
    stateDict.set('conv1.weight', { dtype: 'F32', shape: [4, 1, 7, 7], data: new Float32Array(196) });
    expect(() => loadStateDict(stateDict, BASIC, 'w.safetensors')).toThrow(
      'The weights in w.safetensors do not fit the network: 1 missing (bn1.bias); 1 not part of it (head.weight); ' +
        '1 of another shape (conv1.weight is 4×1×7×7 and should be 4×3×7×7).',
    );
  });

  test('a last layer for other classes is taken from the initial values, if there are any', async () => {
    const pretrained = newNetwork({ ...BASIC, classes: 10 });
    const stateDict = await toStateDict(pretrained);
    disposeNetwork(pretrained);
    expect(() => loadStateDict(stateDict, BASIC, 'w')).toThrow(/fc.weight is 10×32 and should be 3×32/);
    const initial = initialValues(BASIC, 1, 'weights-adaptation');
    const loaded = loadStateDict(stateDict, BASIC, 'w', initial);
    for (const name of ['fc.weight', 'fc.bias']) expect(loaded.values.get(name)).toEqual(initial.get(name));
    expect(loaded.values.get('bn1.weight')).toHaveLength(4);
    expect(loaded.values.get('conv1.weight')).not.toEqual(initial.get('conv1.weight'));
  });

  test('half-precision weights are refused with a hint', async () => {
    const network = newNetwork(BASIC);
    const stateDict = await toStateDict(network);
    disposeNetwork(network);
    stateDict.set('bn1.bias', { dtype: 'F16', shape: [4], data: new Uint16Array(4) });
    expect(() => loadStateDict(stateDict, BASIC, 'w')).toThrow(/bn1.bias holds F16 numbers/);
  });
});
