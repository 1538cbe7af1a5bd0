import * as tf from '@tensorflow/tfjs';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import type { TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { StudioError } from '#shared/errors.ts';
import type { Output } from './c-api.ts';
import type { Attribute, Graph } from './graph.ts';
import { dataTypeOfCode, type HostData, isHostDataType } from './host-tensor.ts';

/**
 * Turns what tfjs would compute into operations of a graph. While {@link record} runs a function, no operation is executed: each call
 * of the TensorFlow backend adds an operation to the graph, and tfjs goes on with a stand-in tensor that has the shape TensorFlow
 * infers, and no values. So recording takes neither the time nor the memory of a step, whatever its batch.
 *
 * tfjs names data by `dataId`, and tensors that share data (reshaped in place, cloned, assigned to a variable) share it, so one table
 * from data id to graph output follows values through everything tfjs does without calling the backend.
 */
export class Recorder {
  /** Where operations are placed while recording, such as "/device:CPU:1"; undefined lets TensorFlow choose. */
  device: string | undefined;
  readonly graph: Graph;
  /** Prefix of the operations' names, and the step's name in errors. */
  readonly scope: string;
  readonly #backend: NodeJSKernelBackend;
  readonly #refused: ReadonlyMap<object, string>;
  /** By data id: the outputs that stand-ins stand for, and the constants made of real tensors. */
  readonly #standIns = new Map<object, Output>();
  readonly #constants = new Map<object, Output>();

  /**
   * @param refused data that the function may not read, with what it is called: it would be frozen into the graph by mistake.
   * @throws StudioError 'internal' when tfjs does not run on TensorFlow.
   */
  constructor(graph: Graph, scope: string, refused: ReadonlyMap<object, string>) {
    this.graph = graph;
    this.scope = scope;
    this.#refused = refused;
    this.#backend = tensorFlowBackend();
  }

  /** Runs `fn` with the backend replaced as described above. */
  record<T>(fn: () => T): T {
    const backend = this.#backend;
    const { executeSingleOutput, executeMultipleOutputs, readSync, read } = backend;
    backend.executeSingleOutput = (type, attributes, inputs) => this.#add(type, attributes, inputs, 1)[0]!;
    backend.executeMultipleOutputs = (type, attributes, inputs, count) => this.#add(type, attributes, inputs, count);
    backend.readSync = (dataId) => (this.#refuseToRead(dataId), readSync.call(backend, dataId));
    backend.read = (dataId) => (this.#refuseToRead(dataId), read.call(backend, dataId));
    try {
      return fn();
    } finally {
      Object.assign(backend, { executeSingleOutput, executeMultipleOutputs, readSync, read });
    }
  }

  /**
   * A stand-in for an output of the graph, to compute with in tfjs.
   *
   * @throws StudioError 'unsupported' when its shape depends on values, or tfjs does not know its type.
   */
  tensorOf(output: Output, operationType: string): tf.Tensor {
    const dataType = dataTypeOfCode(this.graph.dataType(output));
    const shape = this.graph.shape(output) ?? (isScratch(operationType, output.index) ? [0] : undefined);
    if (dataType === undefined || shape === undefined) {
      throw new StudioError(
        'unsupported',
        `${operationType} cannot be captured (${this.scope}): the ${shape === undefined ? 'shape' : 'type'} of its output is not fixed.`,
        { hint: 'Compute it outside the captured step.' },
      );
    }
    const dataId = {};
    this.#backend.move(dataId, NO_VALUES, shape, dataType, 1);
    this.#standIns.set(dataId, output);
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: dataType }, this.#backend);
  }

  /**
   * The output of the graph that a tensor stands for. A tensor with values of its own (a number, a shape, a table made in JavaScript)
   * becomes a constant.
   *
   * @throws StudioError 'internal' for refused data.
   */
  outputOf({ dataId, shape, dtype }: tf.TensorInfo): Output {
    const known = this.#standIns.get(dataId) ?? this.#constants.get(dataId);
    if (known !== undefined) return known;
    const refused = this.#refused.get(dataId);
    if (refused !== undefined) {
      throw new StudioError(
        'internal',
        `The step "${this.scope}" reads ${refused}, which was not named to the capture.`,
        { hint: 'Name it among the variables, or capture with frozen variables.' },
      );
    }
    if (!isHostDataType(dtype)) {
      throw new StudioError(
        'unsupported',
        `The step "${this.scope}" computes with ${dtype} values, which cannot be captured.`,
        { hint: 'Compute it outside the captured step.' },
      );
    }
    const data = this.#backend.readSync(dataId) as HostData;
    const constant = this.graph.constant(`${this.scope}/constant`, { dataType: dtype, shape, data });
    this.#constants.set(dataId, constant);
    return constant;
  }

  #add(
    type: string,
    attributes: readonly TFEOpAttr[],
    tensors: readonly tf.TensorInfo[],
    outputCount: number,
  ): tf.Tensor[] {
    const inputs = tensors.map((tensor) => this.outputOf(tensor));
    const listLength = attributes.find(({ name }) => name === LIST_LENGTH)?.value as number | undefined;
    const oper = this.graph.add({
      type,
      name: `${this.scope}/${type}`,
      inputs: listLength === undefined ? inputs : [inputs.slice(0, listLength), ...inputs.slice(listLength)],
      attributes: attributes.map((attribute) => this.#translate(type, attribute)),
      ...(this.device === undefined ? {} : { device: this.device }),
    });
    return Array.from({ length: outputCount }, (_, index) => this.tensorOf({ oper, index }, type));
  }

  #translate(type: string, { name, type: kind, value }: TFEOpAttr): Attribute {
    const { binding } = this.#backend;
    switch (kind) {
      case binding.TF_ATTR_STRING:
        return { name, kind: 'string', value: value as string };
      case binding.TF_ATTR_INT:
        return Array.isArray(value)
          ? { name, kind: 'integers', value: value as number[] }
          : { name, kind: 'integer', value: value as number };
      case binding.TF_ATTR_FLOAT:
        return { name, kind: 'float', value: value as number };
      case binding.TF_ATTR_BOOL:
        return { name, kind: 'boolean', value: value as boolean };
      case binding.TF_ATTR_TYPE:
        return { name, kind: 'dataType', value: value as number };
      default:
        throw new StudioError(
          'unsupported',
          `${type} cannot be captured (${this.scope}): attribute "${name}" is of kind ${kind}.`,
          { hint: 'Compute it outside the captured step.' },
        );
    }
  }

  /** Values read in JavaScript would steer every later run by what they were while recording. */
  #refuseToRead(dataId: object): void {
    if (!this.#standIns.has(dataId)) return;
    throw new StudioError('internal', `The step "${this.scope}" reads the values of a tensor while it is captured.`, {
      hint: 'Return the tensor as a fetch instead, and decide by tensor operations inside the step.',
    });
  }
}

/** The backend's mark for "the values are elsewhere". */
const NO_VALUES = null as unknown as tf.backend_util.BackendValues;

/** TensorFlow's attribute for the length of an operation's list argument; every such operation of tfjs takes the list first. */
const LIST_LENGTH = 'N';

/** FusedBatchNormV3's reserve_space_3, which only its gradient reads, has no shape before it ran. */
function isScratch(operationType: string, index: number): boolean {
  return operationType === 'FusedBatchNormV3' && index === 5;
}

function tensorFlowBackend(): NodeJSKernelBackend {
  const backend = tf.backend();
  if ('executeMultipleOutputs' in backend) return backend as NodeJSKernelBackend;
  throw new StudioError('internal', `Steps are captured with TensorFlow, and tfjs runs on "${tf.getBackend()}".`, {
    hint: 'Call loadTensorFlow() first.',
  });
}
