import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StateDictionary, type TorchObject, writePyTorch } from '#main/interchange/pytorch/checkpoint-writer.ts';
import { type SafetensorsTensor, writeSafetensors } from '#main/interchange/safetensors.ts';
import { inspectCheckpoint } from '#main/training/checkpoint-report.ts';
import { readForeignNetwork, readPretrained } from '#main/training/foreign-checkpoint.ts';
import { parameterSpecifications, type ResNetArchitecture } from '#main/training/resnet.ts';
import { loadStateDict } from '#main/training/state-dict.ts';

const folder = mkdtempSync(join(tmpdir(), 'foreign-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ARCHITECTURE: ResNetArchitecture = {
  block: 'basic',
  layers: [2, 2, 2, 2],
  stem: 'imagenet',
  width: 2,
  classes: 7,
};
type StateDict = Map<string, SafetensorsTensor>;

/** Every parameter filled with one number. */
function stateDict(value: number, architecture = ARCHITECTURE): StateDict {
  return new Map(
    parameterSpecifications(architecture).map(({ name, kind, shape }) => {
      const pytorchShape =
        kind === 'convolution'
          ? [3, 2, 0, 1].map((axis) => shape[axis]!)
          : kind === 'linear-weight'
            ? shape.toReversed()
            : shape;
      const count = shape.reduce((product, side) => product * side, 1);
      return [name, { dtype: 'F32', shape: pytorchShape, data: new Float32Array(count).fill(value) }];
    }),
  );
}

function prefixed(prefix: string, tensors: StateDict): StateDict {
  return new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));
}

async function fileOf(name: string, object: TorchObject): Promise<string> {
  const path = join(folder, name);
  await writePyTorch(path, object);
  return path;
}

const PARAMETERS = parameterSpecifications(ARCHITECTURE).length;

describe('finding networks', () => {
  test('the released program’s file holds base, adaptation and average, whatever stands before the names', async () => {
    const path = await fileOf(
      'released.pth.tar',
      new Map<string, TorchObject>([
        ['step', 1200],
        ['teacher_state_dict', new StateDictionary(stateDict(1))],
        ['student_state_dict', new StateDictionary(prefixed('module.', stateDict(2)))],
        ['avg_state_dict', new StateDictionary(prefixed('module.module.', stateDict(3)))],
        ['best_top1', { dtype: 'F32', shape: [1], data: Float32Array.of(60) }],
      ]),
    );
    for (const [index, name] of (['base', 'adaptation', 'ema'] as const).entries()) {
      const { tensors, values } = await readForeignNetwork(path, name);
      expect(tensors.size).toBe(PARAMETERS);
      expect(tensors.get('fc.bias')!.data[0]).toBe(index + 1);
      expect(values.get('step')).toBe(1200);
    }
    const report = await inspectCheckpoint(path);
    expect(report).toMatchObject({ step: 1200, mapped: 3 * PARAMETERS, missing: [], extra: [], misshaped: [] });
    expect(report.networks.map(({ network, architecture, prefix }) => [network, architecture, prefix])).toEqual([
      ['base', 'resnet18', ''],
      ['adaptation', 'resnet18', 'module.'],
      ['ema', 'resnet18', 'module.module.'],
    ]);
    await expect(readForeignNetwork(path, 'finetuned')).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.stringMatching(/base, adaptation, ema/),
    });
  });

  test.each([
    ['bare', new StateDictionary(stateDict(4))],
    ['wrapped', new Map([['state_dict', new StateDictionary(prefixed('module.', stateDict(4)))]])],
    ['a backbone', new Map([['model', new StateDictionary(prefixed('backbone.', stateDict(4)))]])],
  ])('one unnamed network, %s, is any of a run’s', async (name, object) => {
    const path = await fileOf(`${name}.pth`, object);
    for (const network of ['base', 'adaptation'] as const) {
      const { tensors } = await readForeignNetwork(path, network);
      expect(tensors.get('conv1.weight')!.data[0]).toBe(4);
    }
    expect((await readPretrained(path)).size).toBe(PARAMETERS);
  });

  test('the studio’s own weights: momentum and the rest are no networks and no surplus', async () => {
    const path = join(folder, 'own.safetensors');
    const tensors = new Map([
      ...prefixed('base.', stateDict(1)),
      ...prefixed('base.momentum.', stateDict(9)),
      ...prefixed('adaptation.', stateDict(2)),
      ['feedbackBaseline', { dtype: 'F32', shape: [], data: Float32Array.of(0) }] as const,
    ]);
    await writeSafetensors(path, tensors as StateDict, { step: '7' });
    const report = await inspectCheckpoint(path);
    expect(report.networks.map(({ network }) => network).sort()).toEqual(['adaptation', 'base']);
    expect(report).toMatchObject({ kind: 'safetensors', step: 7, mapped: 2 * PARAMETERS, missing: [], extra: [] });
    expect((await readForeignNetwork(path, 'base')).tensors.get('fc.bias')!.data[0]).toBe(1);
  });

  test('halves become floats', async () => {
    const tensors = stateDict(1);
    const { shape, data } = tensors.get('fc.bias')!;
    tensors.set('fc.bias', { dtype: 'F16', shape, data: new Uint16Array(data.length).fill(0xc100) });
    tensors.set('bn1.bias', { dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3fc0, 0xc050) });
    tensors.set('bn1.weight', { dtype: 'F64', shape: [2], data: Float64Array.of(0.5, 2) });
    const { tensors: read } = await readForeignNetwork(
      await fileOf('halves.pth', new StateDictionary(tensors)),
      'base',
    );
    expect(read.get('fc.bias')!.data[0]).toBe(-2.5);
    expect([...(read.get('bn1.bias')!.data as Float32Array)]).toEqual([1.5, -3.25]);
    expect(read.get('bn1.weight')).toEqual({ dtype: 'F32', shape: [2], data: Float32Array.of(0.5, 2) });
    expect(loadStateDict(read, ARCHITECTURE, 'halves').values.size).toBe(PARAMETERS);
  });
});

describe('what does not fit', () => {
  test('missing, extra and mis-shaped names are told, and refused when the network is to be used', async () => {
    const tensors = stateDict(1);
    for (const name of ['conv1.weight', 'layer2.1.bn2.bias', 'layer4.1.conv1.weight']) tensors.delete(name);
    tensors.set('layer1.0.se.weight', { dtype: 'F32', shape: [1], data: Float32Array.of(1) });
    tensors.set('fc.weight', { dtype: 'F32', shape: [7, 5], data: new Float32Array(35) });
    const path = await fileOf(
      'unfit.pth',
      new Map([
        ['state_dict', new StateDictionary(prefixed('module.', tensors))],
        ['n', 1 as TorchObject],
      ] as const),
    );
    const report = await inspectCheckpoint(path);
    expect(report.networks).toHaveLength(1);
    expect(report.networks[0]).toMatchObject({
      architecture: 'resnet18',
      mapped: PARAMETERS - 4,
      missing: ['conv1.weight', 'layer2.1.bn2.bias', 'layer4.1.conv1.weight'],
      extra: ['layer1.0.se.weight'],
      misshaped: [{ name: 'fc.weight', shape: [7, 5], expected: [7, 16] }],
    });
    const { tensors: read } = await readForeignNetwork(path, 'base');
    expect(() => loadStateDict(read, ARCHITECTURE, path)).toThrow(
      /3 missing \(conv1\.weight, .*1 not part of it \(layer1\.0\.se.*fc\.weight is 7×5/,
    );
  });

  test('pretrained weights of other classes keep everything but the last layer', async () => {
    const path = await fileOf('imagenet.pth', new StateDictionary(stateDict(1, { ...ARCHITECTURE, classes: 1000 })));
    const fallback = new Map([...stateDict(5)].map(([name, { data }]) => [name, data as Float32Array]));
    const { values } = loadStateDict(await readPretrained(path), ARCHITECTURE, path, fallback);
    expect(values.get('fc.bias')).toEqual(new Float32Array(7).fill(5));
    expect(values.get('layer4.1.bn2.bias')).toEqual(new Float32Array(16).fill(1));
  });

  test('a file of something else says so', async () => {
    const path = await fileOf(
      'other.pth',
      new StateDictionary(new Map([['w', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]])),
    );
    expect((await inspectCheckpoint(path)).networks).toEqual([]);
    await expect(readPretrained(path)).rejects.toMatchObject({ code: 'unsupported', message: /no residual network/ });
  });
});
