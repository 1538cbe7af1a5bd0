import type * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { Output, Pointer } from './c-api.ts';
import { type ClusterMember, taskName } from './config-proto.ts';
import type { Attribute, Graph } from './graph.ts';
import type { HostDataType } from './host-tensor.ts';
import { dataTypeCode, elementCount } from './host-tensor.ts';
import type { Recorder } from './recorder.ts';
import { recordingNow } from './trace.ts';

/** TensorFlow's number for the group of all processes; there is no other group. */
const GROUP_KEY = 1;
/** TensorFlow's DT_DOUBLE, which a timestamp is of. */
const FLOAT64 = 2;

/**
 * The processes of a cluster as the steps captured in this one see them. Every process captures the same steps in the same order, so that
 * the same exchange has the same number in all of them; TensorFlow matches exchanges by it.
 */
export class ProcessGroup {
  readonly size: number;
  /** Which process this one is. */
  readonly rank: number;
  readonly #device: string;
  #exchanges = 0;
  #marks: Mark[] = [];

  /** @param device where exchanges run, such as "/device:CPU:0". */
  constructor({ addresses, task }: ClusterMember, device: string) {
    this.size = addresses.length;
    this.rank = task;
    this.#device = `${taskName(task)}${device}`;
  }

  /**
   * Every process's tensor, in the order of the ranks.
   * @param tensor of the same shape in all of them. @param isAwaited nothing else can be computed meanwhile: {@link takeTimes} counts it.
   * @returns [size, ...shape]. @throws StudioError 'internal' outside of a captured step.
   */
  gather<Tensor extends tf.Tensor>(tensor: Tensor, isAwaited = true): tf.Tensor {
    const recorder = recorderOf('gather');
    const own = recorder.outputOf(tensor);
    const input = reshaped(recorder, own, [1, ...tensor.shape]);
    const { exchanged, after } = this.#exchange(recorder, 'CollectiveGatherV2', input, [], isAwaited);
    // TensorFlow infers no shape for it.
    return tensorOf(recorder, reshaped(recorder, exchanged, [this.size, ...tensor.shape], after));
  }

  /**
   * The sum over all processes, the same bits in each of them.
   * @param tensor float32, of the same shape in all of them. @param isAwaited as of {@link gather}.
   * @throws StudioError 'internal' outside of a captured step.
   */
  sum(tensor: tf.Tensor, isAwaited = true): tf.Tensor {
    const recorder = recorderOf('add up');
    const operations: Attribute[] = [
      { name: 'merge_op', kind: 'string', value: 'Add' },
      { name: 'final_op', kind: 'string', value: 'Id' },
    ];
    const { exchanged, after } = this.#exchange(
      recorder,
      'CollectiveReduceV2',
      recorder.outputOf(tensor),
      operations,
      isAwaited,
    );
    return tensorOf(recorder, reshaped(recorder, exchanged, tensor.shape, after));
  }

  /**
   * When the awaited exchanges of the step recorded since the last call begin and end, to be fetched: [exchanges, 2] float32, milliseconds
   * after the first of them began. A process that all others wait for waits least itself.
   */
  takeTimes(): tf.Tensor {
    const recorder = recorderOf('time');
    const { graph, scope } = recorder;
    const marks = this.#marks.splice(0);
    const [first] = marks;
    if (first === undefined) throw new StudioError('internal', `The step "${scope}" waits for no exchange.`);
    const add = (type: string, inputs: (Output | Output[])[], attributes: Attribute[] = []): Output =>
      graph.addOutput({ type, name: `${scope}/times`, inputs, attributes, device: this.#device });
    const origin = marks.map(({ begun }) => begun).reduce((a, b) => add('Minimum', [a, b]));
    const stamps = add('Pack', [marks.flatMap(({ begun, ended }) => [begun, ended])]);
    const seconds = add(
      'Cast',
      [add('Sub', [stamps, origin])],
      [
        { name: 'SrcT', kind: 'dataType', value: FLOAT64 },
        { name: 'DstT', kind: 'dataType', value: dataTypeCode('float32') },
      ],
    );
    const thousand = graph.constant(`${scope}/times`, { dataType: 'float32', shape: [], data: Float32Array.of(1000) });
    return tensorOf(recorder, reshaped(recorder, add('Mul', [seconds, thousand]), [marks.length, 2]));
  }

  #exchange(
    { graph, scope }: Recorder,
    type: string,
    input: Output,
    attributes: Attribute[],
    isAwaited: boolean,
  ): { exchanged: Output; after: Pointer[] } {
    const name = `${scope}/${type}`;
    const integer = (value: number): Output =>
      graph.constant(name, { dataType: 'int32', shape: [], data: Int32Array.of(value) });
    const begun = isAwaited ? this.#timestamp(graph, name, input.oper) : null;
    const exchanged = graph.addOutput({
      type,
      name,
      inputs: [input, integer(this.size), integer(GROUP_KEY), integer(++this.#exchanges), []],
      attributes: [...attributes, { name: 'communication_hint', kind: 'string', value: 'auto' }],
      after: begun === null ? [] : [begun.oper],
      device: this.#device,
    });
    if (begun === null) return { exchanged, after: [] };
    const ended = this.#timestamp(graph, name, exchanged.oper);
    this.#marks.push({ begun, ended });
    // The clock is read before anything is computed with what came: where threads are few it would be read long after.
    return { exchanged, after: [ended.oper] };
  }

  /** Seconds since 1970, float64, after an operation has run. */
  #timestamp(graph: Graph, name: string, after: Pointer): Output {
    return graph.addOutput({ type: 'Timestamp', name: `${name}/time`, after: [after], device: this.#device });
  }
}

interface Mark {
  readonly begun: Output;
  readonly ended: Output;
}

function recorderOf(what: string): Recorder {
  const recorder = recordingNow();
  if (recorder !== undefined) return recorder;
  throw new StudioError('internal', `Processes ${what} values only inside a captured step.`);
}

function reshaped(
  { graph, scope }: Recorder,
  input: Output,
  shape: readonly number[],
  after: readonly Pointer[] = [],
): Output {
  const dimensions = graph.constant(`${scope}/shape`, {
    dataType: 'int32' satisfies HostDataType,
    shape: [shape.length],
    data: Int32Array.from(shape),
  });
  return graph.addOutput({ type: 'Reshape', name: `${scope}/Reshape`, inputs: [input, dimensions], after });
}

function tensorOf(recorder: Recorder, output: Output): tf.Tensor {
  return recorder.tensorOf(output, 'Reshape');
}

/** Numbers in one exchange of gradients, 4 MiB: the first ones travel while the others are still computed. */
export const EXCHANGE_ELEMENTS = 2 ** 20;

/** Tensors in their order, divided into lists of about {@link EXCHANGE_ELEMENTS} numbers; one larger than that is alone. */
export function exchangeLists<Tensor extends { readonly shape: readonly number[] }>(
  tensors: readonly Tensor[],
): Tensor[][] {
  const lists: Tensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    const count = elementCount(tensor.shape);
    if (lists.length === 0 || count > room) {
      lists.push([]);
      room = EXCHANGE_ELEMENTS;
    }
    lists.at(-1)!.push(tensor);
    room -= count;
  }
  return lists;
}
