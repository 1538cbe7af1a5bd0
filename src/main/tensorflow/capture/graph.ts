import { type CApi, type Output, packOutputs, type Pointer, withStatus } from './c-api.ts';
import { dataTypeCode, dimensionsOf, type HostTensor, toTensor } from './host-tensor.ts';

/** An attribute of an operation, by the kind its definition in TensorFlow asks for. */
export type Attribute = { readonly name: string } & (
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer' | 'float' | 'dataType'; readonly value: number }
  | { readonly kind: 'integers' | 'shape'; readonly value: readonly number[] }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'tensor'; readonly value: HostTensor }
);

export interface OperationDescription {
  /** TensorFlow's name of the operation, such as "Conv2D". */
  readonly type: string;
  /** Slashes make groups. Made unique by a number where the graph has it already. */
  readonly name: string;
  /** One for each input argument; an array for an argument that is a list. */
  readonly inputs?: readonly (Output | readonly Output[])[];
  readonly attributes?: readonly Attribute[];
  /** Operations that must have run before this one. */
  readonly after?: Iterable<Pointer>;
  /** Such as "/device:GPU:1"; left out, TensorFlow places it. */
  readonly device?: string;
}

/** A TensorFlow graph under construction. It only grows: sessions pick up what was added at their next run. */
export class Graph {
  readonly api: CApi;
  readonly pointer: Pointer;
  readonly #nameCounts = new Map<string, number>();

  constructor(api: CApi) {
    this.api = api;
    this.pointer = api.newGraph();
  }

  /**
   * Adds one operation. Attributes that follow from the inputs (types, list lengths) may be left out.
   *
   * @returns the operation; its outputs are `{ oper: operation, index }`.
   * @throws StudioError 'internal' when inputs or attributes do not fit the operation.
   */
  add(description: OperationDescription): Pointer {
    const { api } = this;
    const pending = api.newOperation(this.pointer, description.type, this.uniqueName(description.name));
    if (description.device !== undefined) api.setDevice(pending, description.device);
    for (const input of description.inputs ?? []) {
      if (isList(input)) api.addInputList(pending, packOutputs(input), input.length);
      else api.addInput(pending, input);
    }
    for (const operation of description.after ?? []) api.addControlInput(pending, operation);
    for (const attribute of description.attributes ?? []) this.#setAttribute(pending, attribute);
    return withStatus(api, `add ${description.type} to the graph (${description.name})`, (status) =>
      api.finishOperation(pending, status),
    );
  }

  /** `name`, with a number behind it where the graph has an operation of that name. */
  uniqueName(name: string): string {
    const count = this.#nameCounts.get(name) ?? 0;
    this.#nameCounts.set(name, count + 1);
    return count === 0 ? name : this.uniqueName(`${name}_${count}`);
  }

  /** Adds an operation and gives its first output. */
  addOutput(description: OperationDescription): Output {
    return { oper: this.add(description), index: 0 };
  }

  /** Adds a tensor whose value never changes. */
  constant(name: string, value: HostTensor): Output {
    const attributes: Attribute[] = [
      { name: 'dtype', kind: 'dataType', value: dataTypeCode(value.dataType) },
      { name: 'value', kind: 'tensor', value },
    ];
    return this.addOutput({ type: 'Const', name, attributes });
  }

  /** `TF_DataType` of an output. */
  dataType(output: Output): number {
    return this.api.outputType(output);
  }

  /** Shape of an output as far as it follows from the graph alone; undefined when any of it depends on values. */
  shape(output: Output): number[] | undefined {
    return withStatus(this.api, 'tell the shape of an operation', (status) => {
      const rank = this.api.outputRank(this.pointer, output, status);
      if (rank < 0) return undefined;
      const dimensions = new BigInt64Array(rank);
      this.api.outputShape(this.pointer, output, dimensions, rank, status);
      const shape = Array.from(dimensions, Number);
      return shape.includes(-1) ? undefined : shape;
    });
  }

  /** Frees the graph. Sessions on it must have been closed. */
  dispose(): void {
    this.api.deleteGraph(this.pointer);
  }

  #setAttribute(pending: Pointer, attribute: Attribute): void {
    const { api } = this;
    const { name } = attribute;
    switch (attribute.kind) {
      case 'string': {
        const bytes = Buffer.from(attribute.value, 'utf8');
        return api.setAttrString(pending, name, bytes, bytes.length);
      }
      case 'integer':
        return api.setAttrInt(pending, name, attribute.value);
      case 'integers':
        return api.setAttrIntList(pending, name, dimensionsOf(attribute.value), attribute.value.length);
      case 'float':
        return api.setAttrFloat(pending, name, attribute.value);
      case 'boolean':
        return api.setAttrBool(pending, name, attribute.value ? 1 : 0);
      case 'dataType':
        return api.setAttrType(pending, name, attribute.value);
      case 'shape':
        return api.setAttrShape(pending, name, dimensionsOf(attribute.value), attribute.value.length);
      case 'tensor': {
        const tensor = toTensor(api, name, attribute.value);
        try {
          withStatus(api, `set "${name}"`, (status) => api.setAttrTensor(pending, name, tensor, status));
        } finally {
          api.deleteTensor(tensor);
        }
      }
    }
  }
}

function isList(input: Output | readonly Output[]): input is readonly Output[] {
  return Array.isArray(input);
}
