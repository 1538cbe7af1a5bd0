import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { Output, Pointer } from './c-api.ts';
import type { Attribute, Graph } from './graph.ts';
import { dataTypeCode, type HostData, type HostDataType, type HostTensor, isHostDataType } from './host-tensor.ts';

/** A variable that lives in a session: TensorFlow keeps its value from run to run, on the device that computes with it. */
export interface GraphVariable {
  readonly name: string;
  readonly dataType: HostDataType;
  /** The resource that operations such as ReadVariableOp take. */
  readonly handle: Output;
  /** Its value, for bringing it out. */
  readonly read: Output;
  /** Fed with a value from outside, which {@link assignIncoming} then stores. */
  readonly incoming: Output;
  readonly assignIncoming: Pointer;
}

/** Adds a variable of the name, type and shape of a tfjs variable. It has no value before one was assigned. */
export function declareVariable(graph: Graph, { name, dtype, shape }: tf.Variable): GraphVariable {
  if (!isHostDataType(dtype)) {
    throw new StudioError('unsupported', `The variable "${name}" is of type ${dtype}, which cannot be captured.`, {
      hint: 'Use float32, int32 or bool.',
    });
  }
  const scope = graph.uniqueName(`variable/${name}`);
  const attributes: Attribute[] = [
    { name: 'dtype', kind: 'dataType', value: dataTypeCode(dtype) },
    { name: 'shape', kind: 'shape', value: shape },
  ];
  // What is stored under the same shared name is the same variable.
  const sharedName: Attribute = { name: 'shared_name', kind: 'string', value: scope };
  const handle = graph.addOutput({ type: 'VarHandleOp', name: scope, attributes: [...attributes, sharedName] });
  const incoming = graph.addOutput({ type: 'Placeholder', name: `${scope}/incoming`, attributes });
  return {
    name,
    dataType: dtype,
    handle,
    read: readVariable(graph, { handle, dataType: dtype }, `${scope}/read`),
    incoming,
    assignIncoming: assignVariable(graph, { handle }, `${scope}/assign`, incoming),
  };
}

/** @param after what must have been written before the value is read. */
export function readVariable(
  graph: Graph,
  { handle, dataType }: Pick<GraphVariable, 'handle' | 'dataType'>,
  name: string,
  after: readonly Pointer[] = [],
): Output {
  const attributes: Attribute[] = [{ name: 'dtype', kind: 'dataType', value: dataTypeCode(dataType) }];
  return graph.addOutput({ type: 'ReadVariableOp', name, inputs: [handle], attributes, after });
}

/** @param after what must have been read before the value is replaced. */
export function assignVariable(
  graph: Graph,
  { handle }: Pick<GraphVariable, 'handle'>,
  name: string,
  value: Output,
  after: readonly Pointer[] = [],
): Pointer {
  return graph.add({ type: 'AssignVariableOp', name, inputs: [handle, value], after });
}

/** The value that a tfjs variable has in tfjs. */
export function hostValue(variable: tf.Variable): HostTensor {
  return { dataType: variable.dtype as HostDataType, shape: variable.shape, data: variable.dataSync() as HostData };
}

/** Gives a tfjs variable a value, whose array it takes over. */
export function setHostValue(variable: tf.Variable, { data, shape, dataType }: HostTensor): void {
  tf.tidy(() => variable.assign(tf.tensor(data, [...shape], dataType)));
}
