import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { type TrainingConfig, trainingConfigSchema } from '#shared/training.ts';
import type { SafetensorsTensor } from '#main/interchange/safetensors.ts';
import { loadTensorFlow, type TensorFlowModule } from '#main/tensorflow/runtime.ts';
import { readCheckpoint, saveCheckpoint } from '#main/training/checkpoint.ts';
import { type CheckpointFormat, exportNetwork, exportRun } from '#main/training/checkpoint-export.ts';
import { createNetwork, disposeNetwork, initialValues } from '#main/training/network.ts';
import { architectureOf, evaluationPass, isTrainable, parameterSpecifications } from '#main/training/resnet.ts';
import { toStateDict } from '#main/training/state-dict.ts';
import { loadCheckpointNetwork } from '#main/training/trained-network.ts';

/** Every export is loaded by the program it is for, and gives the studio's logits. PyTorch and onnxruntime where a Python has them. */

const PYTHON = process.env['FACE2EXP_PEER_PYTHON'];
const FORMATS: readonly CheckpointFormat[] = ['safetensors', 'pytorch', 'onnx', 'saved-model'];
const TOLERANCE = 1e-4;
const COUNT = 3;
const SIDE = 64;

const folder = mkdtempSync(join(tmpdir(), 'exports-'));
afterAll(() => rmSync(folder, { recursive: true }));

let tensorFlow: TensorFlowModule;
beforeAll(async () => {
  tensorFlow = (await loadTensorFlow()).tf;
});

/** A network as after training: running statistics and everything else away from where they start. */
function trainedValues(config: TrainingConfig, seed: number): Map<string, Float32Array> {
  const values = initialValues(architectureOf(config), seed, 'weights-base');
  for (const [index, { name, kind }] of parameterSpecifications(architectureOf(config)).entries()) {
    const stream = new RandomStream(seed, 'demo', 1, index);
    // Residuals are small beside what they are added to, as in a trained network: numbers of 1e5 would have no digits left to compare.
    const size = /\.bn[23]\.weight$/.test(name) ? 0.2 : 1;
    if (kind === 'scale')
      values.set(
        name,
        values.get(name)!.map(() => size * stream.between(0.5, 1.5)),
      );
    if (kind === 'running-variance')
      values.set(
        name,
        values.get(name)!.map(() => stream.between(0.5, 1.5)),
      );
    if (kind === 'offset' || kind === 'running-mean')
      values.set(
        name,
        values.get(name)!.map(() => stream.normal() / 10),
      );
  }
  return values;
}

async function saveRun(name: string, config: TrainingConfig): Promise<void> {
  const tensors = new Map<string, SafetensorsTensor>([
    ['feedbackBaseline', { dtype: 'F32', shape: [], data: Float32Array.of(0.1) }],
  ]);
  for (const [index, role] of (['base', 'adaptation', 'ema'] as const).entries()) {
    const network = createNetwork(architectureOf(config), trainedValues(config, index), 40 + index);
    const stateDict = await toStateDict(network);
    for (const [key, tensor] of stateDict) tensors.set(`${role}.${key}`, tensor);
    disposeNetwork(network);
    if (role === 'ema') continue;
    for (const { name: key, kind } of parameterSpecifications(architectureOf(config))) {
      if (isTrainable(kind)) tensors.set(`${role}.momentum.${key}`, stateDict.get(key)!);
    }
  }
  await saveCheckpoint(
    join(folder, name),
    'last',
    {
      step: 40,
      finetuneSteps: null,
      config,
      classes: ['neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'anger'],
      best: { step: 20, network: 'ema', accuracy: 0.625, meanClassAccuracy: 0.5 },
      bestAdaptation: null,
      badImages: [],
      devices: 1,
      firstDevices: 1,
    },
    tensors,
  );
}

/** [count, height, width, 3]. */
function pictures(): tf.Tensor4D {
  const stream = new RandomStream(11, 'demo');
  return tf.tensor4d(
    Float32Array.from({ length: COUNT * SIDE * SIDE * 3 }, () => stream.normal()),
    [COUNT, SIDE, SIDE, 3],
  );
}

function largestDifference(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  expect(a.map((row) => row.length)).toEqual(b.map((row) => row.length));
  return Math.max(...a.flatMap((row, index) => row.map((value, column) => Math.abs(value - b[index]![column]!))));
}

async function logitsOf(path: string): Promise<number[][]> {
  const { network } = await loadCheckpointNetwork(path, 'adaptation');
  const images = pictures();
  const logits = evaluationPass(network.architecture, network.variables, images);
  const rows = await logits.array();
  disposeNetwork(network);
  tf.dispose([images, logits]);
  return rows;
}

describe.each([
  ['resnet18', 'imagenet'],
  ['resnet18', 'small'],
  ['resnet34', 'imagenet'],
  ['resnet50', 'imagenet'],
  ['resnet101', 'imagenet'],
] as const)('%s with the %s stem', (architecture, stem) => {
  const name = `${architecture}-${stem}`;
  const source = join(folder, name, 'last');
  const targetOf = (format: CheckpointFormat): string => join(folder, `${name}.${format}`);
  let expected: number[][];

  beforeAll(async () => {
    const mixedPrecision = stem === 'small';
    const config = trainingConfigSchema.parse({
      mixedPrecision,
      architecture,
      stem,
      width: 8,
      imageSize: SIDE,
      ema: 0.99,
      totalSteps: 100,
    });
    await saveRun(name, config);
    expected = await logitsOf(source);
    // Numbers that tell something: neither vanishing nor the same for every picture.
    const spread = largestDifference([expected[0]!], [expected[1]!]);
    expect(spread).toBeGreaterThan(0.01);
    expect(Math.max(...expected.flat().map(Math.abs))).toBeLessThan(50);
    for (const format of FORMATS) await exportNetwork(source, 'adaptation', format, targetOf(format));
  });

  test.each(FORMATS)('%s loads back as the same network', async (format) => {
    expect(await logitsOf(targetOf(format))).toEqual(expected);
  });

  test('TensorFlow gives the same logits from the SavedModel', async () => {
    const model = await tensorFlow.node.loadSavedModel(targetOf('saved-model'));
    const images = pictures();
    const { logits, probabilities } = model.predict({ images }) as Record<string, tf.Tensor2D>;
    expect(largestDifference(await logits!.array(), expected)).toBeLessThan(TOLERANCE);
    for (const row of await probabilities!.array()) {
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
    tf.dispose([images, logits!, probabilities!]);
    model.dispose();
  });

  test.skipIf(PYTHON === undefined)('PyTorch and onnxruntime give the same logits, and the run resumes', async () => {
    const run = join(folder, `${name}.pth.tar`);
    await exportRun(source, run);
    const images = pictures();
    const channelsFirst = tf.transpose(images, [0, 3, 1, 2]);
    writeFileSync(join(folder, 'images.bin'), Buffer.from((await channelsFirst.data<'float32'>()).slice().buffer));
    tf.dispose([images, channelsFirst]);
    const { state, tensors } = await readCheckpoint(source);
    const { block, layers, width, classes } = architectureOf(state.config);
    const request = {
      images: join(folder, 'images.bin'),
      count: COUNT,
      side: SIDE,
      architecture: { block, layers, stem, width, classes },
      pytorch: targetOf('pytorch'),
      onnx: targetOf('onnx'),
      run,
    };
    writeFileSync(join(folder, 'request.json'), JSON.stringify(request));
    const script = join(import.meta.dirname, 'load_exports.py');
    const { stdout } = await promisify(execFile)(PYTHON!, [script, join(folder, 'request.json')]);
    const answer = JSON.parse(stdout) as { torch: number[][]; onnx: number[][] | null; run: Record<string, unknown> };
    expect(largestDifference(answer.torch, expected)).toBeLessThan(TOLERANCE);
    if (answer.onnx !== null) expect(largestDifference(answer.onnx, expected)).toBeLessThan(TOLERANCE);
    const { data } = tensors.get('base.momentum.conv1.weight') as { data: Float32Array };
    expect(answer.run).toMatchObject({ step: 40, best: 62.5, teacher_step: 40, student_step: 40 });
    expect(answer.run['teacher_scale']).toBe(state.config.mixedPrecision ? 65_536 : 1);
    expect(answer.run['average']).toBe([...tensors.keys()].filter((key) => key.startsWith('ema.')).length);
    expect(answer.run['teacher_momentum']).toBeCloseTo(
      data.reduce((sum, value) => sum + Math.abs(value), 0),
      3,
    );
    expect(answer.run['teacher_rate']).toBeCloseTo(0.01 * 0.5 * (1 + Math.cos(Math.PI * 0.4)), 12);
  });
});
