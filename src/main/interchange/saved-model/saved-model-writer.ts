import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import {
  BATCH_NORMALIZATION_EPSILON,
  type GraphOperation,
  IMAGES,
  inferenceGraph,
  type InferenceNetwork,
  LOGITS,
  parametersOf,
} from '../inference-graph.ts';
import { type Encoded, field, floatField, integerField, mapField, message } from '../protobuf.ts';
import { gather } from '../pytorch/tensor-data.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { EXTRA_FOLDER, METADATA_FILE, MODEL_FILE } from './saved-model-layout.ts';

/**
 * A TensorFlow SavedModel (tensorflow/core/protobuf/saved_model.proto) whose graph holds its weights as constants. The signature
 * `serving_default` takes `images` [batch, height, width, 3], RGB of [0,1] normalised with the mean and std of assets.extra/network.json,
 * and gives `logits` and `probabilities` [batch, classes].
 */
const FLOAT = 1;
const INTEGER = 3;
/** Version of TensorFlow's graph format that wrote it; that of TensorFlow 2.2. */
const PRODUCER = 440;
const PROBABILITIES = 'probabilities';

/**
 * @param folder is made; a SavedModel that is there is replaced once the new one is whole.
 * @throws StudioError 'conflict' when something else is there; 'no-space' on a full disk.
 */
export async function writeSavedModel(folder: string, network: InferenceNetwork): Promise<void> {
  const place = resolve(folder);
  if (existsSync(place) && !(await mayBeReplaced(place))) {
    throw new StudioError('conflict', `${place} is there already and is no SavedModel.`, {
      hint: 'Name a folder that does not exist yet.',
    });
  }
  const unfinished = `${place}.unfinished`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(join(unfinished, EXTRA_FOLDER), { recursive: true });
    await writeFileAtomically(join(unfinished, MODEL_FILE), savedModel(network).chunks);
    const metadata = `${JSON.stringify(network.metadata, null, 2)}\n`;
    await writeFileAtomically(join(unfinished, METADATA_FILE), [Buffer.from(metadata)]);
    await rm(place, { recursive: true, force: true });
    await rename(unfinished, place);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw toStudioError(error);
  }
}

async function mayBeReplaced(place: string): Promise<boolean> {
  const names = await readdir(place).catch((error: unknown) => {
    throw toStudioError(error);
  });
  return names.every((name) => name === MODEL_FILE || name === EXTRA_FOLDER);
}

function savedModel(network: InferenceNetwork): Encoded {
  const graph = message(
    graphNodes(network).map((node) => field(1, node)),
    field(4, integerField(1, PRODUCER)),
  );
  const signature = message(
    mapField(1, IMAGES, tensorInfo(IMAGES, [-1, -1, -1, 3])),
    mapField(2, LOGITS, tensorInfo(LOGITS, [-1, network.classCount])),
    mapField(2, PROBABILITIES, tensorInfo(PROBABILITIES, [-1, network.classCount])),
    field(3, 'tensorflow/serving/predict'),
  );
  const metaGraph = message(field(1, field(4, 'serve')), field(2, graph), mapField(5, 'serving_default', signature));
  return message(integerField(1, 1), field(2, metaGraph));
}

function tensorInfo(name: string, sides: readonly number[]): Encoded {
  return message(field(1, `${name}:0`), integerField(2, FLOAT), field(3, shapeOf(sides)));
}

function graphNodes({ stateDict }: InferenceNetwork): Encoded[] {
  return [
    node('Placeholder', IMAGES, [], { dtype: type(FLOAT), shape: field(7, shapeOf([-1, -1, -1, 3])) }),
    ...inferenceGraph(stateDict).flatMap((operation) => [
      ...parametersOf(operation).map((name) => constant(name, FLOAT, ...tensorFlowLayout(stateDict.get(name)!))),
      ...nodesOf(operation),
    ]),
    node('Softmax', PROBABILITIES, [LOGITS], { T: type(FLOAT) }),
  ];
}

/** Filters [out, in, height, width] as [height, width, in, out], linear weights [out, in] as [in, out]. */
function tensorFlowLayout({ shape, data }: SafetensorsTensor): [readonly number[], Uint8Array] {
  const axes = shape.length === 4 ? [2, 3, 1, 0] : shape.map((_, axis) => shape.length - 1 - axis);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const sides = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const values = gather(data as Float32Array, new Float32Array(data.length), 0, sides, steps);
  return [sides, new Uint8Array(values.buffer)];
}

function nodesOf(operation: GraphOperation): Encoded[] {
  const { name } = operation;
  const float = { T: type(FLOAT) };
  switch (operation.kind) {
    case 'convolution': {
      const { side, stride, padding } = operation;
      const { nodes, output } = padded(operation.input, name, side === 1 ? 0 : padding);
      const attributes = { ...float, strides: list([1, stride, stride, 1]), padding: text('VALID') };
      return [...nodes, node('Conv2D', name, [output, ...parametersOf(operation)], attributes)];
    }
    case 'normalization': {
      const attributes = {
        ...float,
        U: type(FLOAT),
        epsilon: floatField(4, BATCH_NORMALIZATION_EPSILON),
        is_training: integerField(5, false),
      };
      return [node('FusedBatchNormV3', name, [operation.input, ...parametersOf(operation)], attributes)];
    }
    case 'rectifier':
      return [node('Relu', name, [operation.input], float)];
    case 'maximum-pooling': {
      // Zeros are as good as nothing beside numbers that are never negative.
      const { nodes, output } = padded(operation.input, name, 1);
      const attributes = { ...float, ksize: list([1, 3, 3, 1]), strides: list([1, 2, 2, 1]), padding: text('VALID') };
      return [...nodes, node('MaxPool', name, [output], attributes)];
    }
    case 'average-pooling':
      return [
        constant(`${name}.axes`, INTEGER, [2], bytesOf([1, 2])),
        node('Mean', name, [operation.input, `${name}.axes`], {
          ...float,
          Tidx: type(INTEGER),
          keep_dims: integerField(5, false),
        }),
      ];
    case 'sum':
      return [node('AddV2', name, operation.inputs, float)];
    case 'linear': {
      const [weight, bias] = parametersOf(operation) as [string, string];
      return [
        node('MatMul', `${name}.product`, [operation.input, weight], float),
        node('BiasAdd', name, [`${name}.product`, bias], float),
      ];
    }
  }
}

/** TensorFlow's own padding puts more on one side than on the other where PyTorch's is the same on both. */
function padded(input: string, name: string, padding: number): { nodes: Encoded[]; output: string } {
  if (padding === 0) return { nodes: [], output: input };
  const output = `${name}.padded`;
  const sides = constant(`${name}.padding`, INTEGER, [4, 2], bytesOf([0, 0, padding, padding, padding, padding, 0, 0]));
  const attributes = { T: type(FLOAT), Tpaddings: type(INTEGER) };
  return { nodes: [sides, node('Pad', output, [input, `${name}.padding`], attributes)], output };
}

function node(
  operation: string,
  name: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Encoded>>,
): Encoded {
  return message(
    field(1, name),
    field(2, operation),
    inputs.map((input) => field(3, input)),
    Object.entries(attributes).map(([key, value]) => mapField(5, key, value)),
  );
}

function constant(name: string, dtype: number, sides: readonly number[], bytes: Uint8Array): Encoded {
  const tensor = message(integerField(1, dtype), field(2, shapeOf(sides)), field(4, bytes));
  return node('Const', name, [], { dtype: type(dtype), value: field(8, tensor) });
}

function type(dtype: number): Encoded {
  return integerField(6, dtype);
}

function text(value: string): Encoded {
  return field(2, value);
}

function list(values: readonly number[]): Encoded {
  const encoded = values.map((value) => integerField(3, value));
  return field(1, message(encoded));
}

function shapeOf(sides: readonly number[]): Encoded {
  return message(sides.map((side) => field(2, integerField(1, side))));
}

function bytesOf(values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}
