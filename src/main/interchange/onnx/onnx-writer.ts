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
import { type Encoded, field, floatField, integerField, message } from '../protobuf.ts';
import type { SafetensorsTensor } from '../safetensors.ts';

/**
 * ONNX (github.com/onnx/onnx, onnx.proto3): operator set 13, which every runtime of the last five years reads. The input `images` is
 * [batch, 3, height, width], RGB of [0,1] normalised with the metadata's mean and std; the output `logits` is [batch, classes].
 */
const FORMAT_VERSION = 7;
const OPERATOR_SET = 13;
const FLOAT = 1;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INTEGER = 2;
const ATTRIBUTE_INTEGERS = 7;

/** @returns SHA-256 of the file. @throws StudioError 'no-space' on a full disk. */
export function writeOnnx(path: string, network: InferenceNetwork): Promise<string> {
  return writeFileAtomically(path, onnxModel(network).chunks);
}

function onnxModel(network: InferenceNetwork): Encoded {
  const operations = inferenceGraph(network.stateDict);
  const parameters = operations.flatMap(parametersOf);
  return message(
    integerField(1, FORMAT_VERSION),
    field(2, 'face2exp-studio'),
    field(
      7,
      message(
        operations.flatMap(nodesOf).map((node) => field(1, node)),
        field(2, 'face2exp'),
        parameters.map((name) => field(5, initializer(name, network.stateDict.get(name)!))),
        field(11, valueInfo(IMAGES, ['batch', 3, 'height', 'width'])),
        field(12, valueInfo(LOGITS, ['batch', network.classCount])),
      ),
    ),
    field(8, message(field(1, ''), integerField(2, OPERATOR_SET))),
    Object.entries(network.metadata).map(([key, value]) => field(14, message(field(1, key), field(2, value)))),
  );
}

function nodesOf(operation: GraphOperation): Encoded[] {
  const { name } = operation;
  switch (operation.kind) {
    case 'convolution': {
      const { side, stride, padding } = operation;
      const attributes = [
        integers('kernel_shape', [side, side]),
        integers('strides', [stride, stride]),
        integers('pads', [padding, padding, padding, padding]),
      ];
      return [node('Conv', name, [operation.input, ...parametersOf(operation)], attributes)];
    }
    case 'normalization': {
      const epsilon = attribute('epsilon', ATTRIBUTE_FLOAT, floatField(2, BATCH_NORMALIZATION_EPSILON));
      return [node('BatchNormalization', name, [operation.input, ...parametersOf(operation)], [epsilon])];
    }
    case 'rectifier':
      return [node('Relu', name, [operation.input])];
    case 'maximum-pooling': {
      const attributes = [
        integers('kernel_shape', [3, 3]),
        integers('strides', [2, 2]),
        integers('pads', [1, 1, 1, 1]),
      ];
      return [node('MaxPool', name, [operation.input], attributes)];
    }
    case 'average-pooling':
      return [
        node('GlobalAveragePool', `${name}.mean`, [operation.input]),
        node('Flatten', name, [`${name}.mean`], [integer('axis', 1)]),
      ];
    case 'sum':
      return [node('Add', name, operation.inputs)];
    case 'linear':
      return [node('Gemm', name, [operation.input, ...parametersOf(operation)], [integer('transB', 1)])];
  }
}

/** A node is named by its one output. */
function node(type: string, name: string, inputs: readonly string[], attributes: readonly Encoded[] = []): Encoded {
  return message(
    inputs.map((input) => field(1, input)),
    field(2, name),
    field(3, name),
    field(4, type),
    attributes.map((one) => field(5, one)),
  );
}

function attribute(name: string, type: number, value: Encoded | readonly Encoded[]): Encoded {
  return message(field(1, name), value, integerField(20, type));
}

function integer(name: string, value: number): Encoded {
  return attribute(name, ATTRIBUTE_INTEGER, integerField(3, value));
}

function integers(name: string, values: readonly number[]): Encoded {
  const encoded = values.map((value) => integerField(8, value));
  return attribute(name, ATTRIBUTE_INTEGERS, encoded);
}

function initializer(name: string, { shape, data }: SafetensorsTensor): Encoded {
  return message(
    shape.map((side) => integerField(1, side)),
    integerField(2, FLOAT),
    field(8, name),
    field(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
}

function valueInfo(name: string, sides: readonly (string | number)[]): Encoded {
  const dimensions = sides.map((side) => field(1, typeof side === 'number' ? integerField(1, side) : field(2, side)));
  return message(field(1, name), field(2, field(1, message(integerField(1, FLOAT), field(2, message(dimensions))))));
}
