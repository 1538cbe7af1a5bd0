import type { Output, Pointer } from './c-api.ts';
import type { Attribute, Graph } from './graph.ts';
import { dataTypeCode, type HostDataType } from './host-tensor.ts';

/** A variable that lives in a session: TensorFlow keeps its value from run to run, on the device that computes with it. */
export interface GraphVariable {
  readonly name: string;
  readonly dataType: HostDataType;
  readonly shape: readonly number[];
  /** The resource that operations such as ReadVariableOp take. */
  readonly handle: Output;
  /** Its value, for bringing it out. */
  readonly read: Output;
  /** Fed with a value from outside, which {@link assignIncoming} then stores. */
  readonly incoming: Output;
  readonly assignIncoming: Pointer;
}

export function declareVariable(
  graph: Graph,
  name: string,
  dataType: HostDataType,
  shape: readonly number[],
): GraphVariable {
  const type: Attribute = { name: 'dtype', kind: 'dataType', value: dataTypeCode(dataType) };
  const dimensions: Attribute = { name: 'shape', kind: 'shape', value: shape };
  const handle = graph.addOutput({
    type: 'VarHandleOp',
    name,
    // TensorFlow finds a variable again by its shared name.
    attributes: [type, dimensions, { name: 'shared_name', kind: 'string', value: name }],
  });
  const incoming = graph.addOutput({ type: 'Placeholder', name: `${name}/incoming`, attributes: [type, dimensions] });
  return {
    name,
    dataType,
    shape,
    handle,
    read: readVariable(graph, handle, `${name}/read`, dataType),
    incoming,
    assignIncoming: assignVariable(graph, handle, `${name}/assign`, incoming),
  };
}

/** @param after what must have been written before the value is read. */
export function readVariable(
  graph: Graph,
  handle: Output,
  name: string,
  dataType: HostDataType,
  after: readonly Pointer[] = [],
): Output {
  const attributes: Attribute[] = [{ name: 'dtype', kind: 'dataType', value: dataTypeCode(dataType) }];
  return graph.addOutput({ type: 'ReadVariableOp', name, inputs: [handle], attributes, after });
}

/** @param after what must have been read before the value is replaced. */
export function assignVariable(
  graph: Graph,
  handle: Output,
  name: string,
  value: Output,
  after: readonly Pointer[] = [],
): Pointer {
  return graph.add({ type: 'AssignVariableOp', name, inputs: [handle, value], after });
}
