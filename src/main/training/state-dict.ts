import type * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { SafetensorsTensor } from '../interchange/safetensors.ts';
import type { Network } from './network.ts';
import {
  type ParameterKind,
  type ParameterSpecification,
  parameterSpecifications,
  type ResNetArchitecture,
  STEM_SIDES,
} from './resnet.ts';

/**
 * Between the studio's variables and PyTorch's state_dict: the same names, other layouts. A convolution's filter is [out, in, height,
 * width] there and [height, width, in, out] here; a linear weight [out, in] there and [in, out] here.
 */
export type StateDict = ReadonlyMap<string, SafetensorsTensor>;

/** Position i of the result's shape is this position of the source's. */
const TO_PYTORCH: Readonly<Partial<Record<ParameterKind, readonly number[]>>> = {
  convolution: [3, 2, 0, 1],
  'linear-weight': [1, 0],
};
const FROM_PYTORCH: typeof TO_PYTORCH = { convolution: [2, 3, 1, 0], 'linear-weight': [1, 0] };

const BATCHES_TRACKED = 'num_batches_tracked';

/** A network's state with torchvision's names and layouts, `num_batches_tracked` included. */
export async function toStateDict(network: Network): Promise<Map<string, SafetensorsTensor>> {
  const tensors = await exportTensors(network.architecture, network.variables);
  const [batchesTracked] = await network.batchesTracked.data();
  for (const { name, kind } of parameterSpecifications(network.architecture)) {
    if (kind !== 'running-variance') continue;
    const data = new BigInt64Array([BigInt(batchesTracked!)]);
    tensors.set(name.replace('running_var', BATCHES_TRACKED), { dtype: 'I64', shape: [], data });
  }
  return tensors;
}

/** Tensors named like the architecture's parameters (all of them or some: momentum buffers, gradients) in PyTorch's layouts. */
export async function exportTensors(
  architecture: ResNetArchitecture,
  tensors: ReadonlyMap<string, tf.Tensor>,
): Promise<Map<string, SafetensorsTensor>> {
  const exported = new Map<string, SafetensorsTensor>();
  for (const { name, kind } of parameterSpecifications(architecture)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) continue;
    const data = (await tensor.data()) as Float32Array;
    const permutation = TO_PYTORCH[kind];
    exported.set(name, {
      dtype: 'F32',
      shape: permutation?.map((axis) => tensor.shape[axis]!) ?? tensor.shape,
      // A copy in any case: TensorFlow may hand out the memory it computes with.
      data: permutation === undefined ? data.slice() : permute(data, tensor.shape, permutation),
    });
  }
  return exported;
}

export interface ShapeMismatch {
  readonly name: string;
  readonly shape: readonly number[];
  readonly expected: readonly number[];
}

/** How a state_dict and an architecture differ. */
export interface StateDictDifferences {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly misshaped: readonly ShapeMismatch[];
}

export interface StateDictValues {
  /** By name, in TensorFlow's layouts. */
  readonly values: Map<string, Float32Array>;
  readonly batchesTracked: number;
  readonly differences: StateDictDifferences;
}

/**
 * Values out of a state_dict, with an account of what does not fit.
 * @param specifications what is looked for: all of an architecture's parameters, or only those that are learned.
 */
export function readStateDict(
  stateDict: StateDict,
  specifications: readonly ParameterSpecification[],
): StateDictValues {
  const differences = differencesOf(stateDict, specifications);
  const unusable = new Set([...differences.missing, ...differences.misshaped.map(({ name }) => name)]);
  const values = new Map<string, Float32Array>();
  for (const specification of specifications) {
    const { name } = specification;
    if (!unusable.has(name)) values.set(name, importTensor(stateDict.get(name)!, specification));
  }
  const counts = [...stateDict].filter(([name]) => isBatchCounter(name)).map(([, { data }]) => Number(data[0] ?? 0));
  return { values, batchesTracked: Math.max(0, ...counts), differences };
}

/** Shapes by name: a state_dict whose numbers need not have been read. */
export type StateDictShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** What of a state_dict does not fit. */
export function differencesOf(
  stateDict: StateDictShapes,
  specifications: readonly ParameterSpecification[],
): StateDictDifferences {
  const missing: string[] = [];
  const misshaped: ShapeMismatch[] = [];
  for (const specification of specifications) {
    const { name } = specification;
    const shape = stateDict.get(name)?.shape;
    const expected = pytorchShape(specification);
    if (shape === undefined) missing.push(name);
    else if (!sameShape(shape, expected)) misshaped.push({ name, shape, expected });
  }
  const known = new Set(specifications.map(({ name }) => name));
  const extra = [...stateDict.keys()].filter((name) => !known.has(name) && !isBatchCounter(name));
  return { missing, extra, misshaped };
}

/** The names an architecture has, those that are there, in torchvision's order and with the batch counters where it has them. */
export function inTorchvisionOrder(
  stateDict: StateDict,
  architecture: ResNetArchitecture,
): Map<string, SafetensorsTensor> {
  const names = parameterSpecifications(architecture).flatMap(({ name, kind }) =>
    kind === 'running-variance' ? [name, name.replace('running_var', BATCHES_TRACKED)] : [name],
  );
  return new Map(names.flatMap((name) => (stateDict.has(name) ? [[name, stateDict.get(name)!] as const] : [])));
}

/** PyTorch's count of a BatchNorm's training batches. */
export function isBatchCounter(name: string): boolean {
  return name.endsWith(`.${BATCHES_TRACKED}`);
}

export interface LoadedStateDict {
  /** Every parameter and running statistic of the architecture, by name, in TensorFlow's layouts. */
  readonly values: Map<string, Float32Array>;
  readonly batchesTracked: number;
}

/**
 * Values for a whole network out of a state_dict.
 *
 * @param source where it comes from, for the message.
 * @param fallback initial values; the last layer is taken from them when the state_dict's was made for another number of classes, as
 * pretrained weights are. Without it nothing may differ.
 * @throws StudioError 'bad-input' naming the keys that are missing, left over, or of another shape.
 */
export function loadStateDict(
  stateDict: StateDict,
  architecture: ResNetArchitecture,
  source: string,
  fallback: ReadonlyMap<string, Float32Array> = new Map(),
): LoadedStateDict {
  const specifications = parameterSpecifications(architecture);
  const { values, batchesTracked, differences } = readStateDict(stateDict, specifications);
  const lastLayer = new Set(specifications.filter(({ kind }) => kind.startsWith('linear')).map(({ name }) => name));
  const isReplaceable = ({ name, shape, expected }: ShapeMismatch): boolean =>
    lastLayer.has(name) && fallback.has(name) && sameShape(shape.slice(1), expected.slice(1));
  const misshaped = differences.misshaped.filter((mismatch) => !isReplaceable(mismatch));
  if (differences.missing.length + differences.extra.length + misshaped.length > 0) {
    throw mismatchError(source, { ...differences, misshaped });
  }
  for (const { name } of differences.misshaped) values.set(name, fallback.get(name)!);
  return { values, batchesTracked };
}

/**
 * The architecture that a state_dict was made for, by its names and shapes.
 * @throws StudioError 'unsupported' when it is no residual network of torchvision's.
 */
export function architectureFrom(stateDict: StateDictShapes, source: string): ResNetArchitecture {
  const architecture = architectureOfShapes(stateDict);
  if (architecture === null || architecture.classes === 0) {
    throw new StudioError('unsupported', `The weights in ${source} are not those of a residual network.`, {
      hint: 'Use weights with the names of torchvision’s ResNet.',
    });
  }
  return architecture;
}

/** As `architectureFrom`, of a state_dict that may lack some names; no classes where it has no last layer. Null when it is none at all. */
export function architectureOfShapes(stateDict: StateDictShapes): ResNetArchitecture | null {
  const blocks = [1, 2, 3, 4].map((stage) => blocksOf(stateDict, stage));
  const [filters, , side] = stateDict.get('conv1.weight')?.shape ?? [];
  const width = filters ?? stateDict.get('bn1.weight')?.shape[0];
  if (width === undefined || blocks.includes(0)) return null;
  return {
    block: stateDict.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic',
    layers: blocks as [number, number, number, number],
    stem: side === STEM_SIDES.small ? 'small' : 'imagenet',
    width,
    classes: (stateDict.get('fc.bias') ?? stateDict.get('fc.weight'))?.shape[0] ?? 0,
  };
}

/** Blocks that a stage has any name of: one that lacks a name is a damaged block, not the end of the stage. */
function blocksOf(stateDict: StateDictShapes, stage: number): number {
  const pattern = new RegExp(`^layer${stage}\\.(\\d+)\\.`);
  const indices = [...stateDict.keys()].map((name) => pattern.exec(name)?.[1]);
  return new Set(indices.filter((index) => index !== undefined)).size;
}

function mismatchError(source: string, { missing, extra, misshaped }: StateDictDifferences): StudioError {
  const shapes = misshaped.map(
    ({ name, shape, expected }) => `${name} is ${shape.join('×')} and should be ${expected.join('×')}`,
  );
  const parts = [listed('missing', missing), listed('not part of it', extra), listed('of another shape', shapes)];
  return new StudioError(
    'bad-input',
    `The weights in ${source} do not fit the network: ${parts.filter((part) => part !== '').join('; ')}.`,
    {
      hint: 'Choose the architecture and width that the weights were made for.',
    },
  );
}

function listed(what: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `${items.length} ${what} (${items.slice(0, 5).join(', ')}${items.length > 5 ? ', …' : ''})`;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, axis) => side === b[axis]);
}

function pytorchShape({ kind, shape }: ParameterSpecification): readonly number[] {
  return TO_PYTORCH[kind]?.map((axis) => shape[axis]!) ?? shape;
}

function importTensor(tensor: SafetensorsTensor, { name, kind }: ParameterSpecification): Float32Array {
  const values = asFloats(tensor, name);
  const permutation = FROM_PYTORCH[kind];
  return permutation === undefined ? values : permute(values, tensor.shape, permutation);
}

function asFloats({ dtype, data }: SafetensorsTensor, name: string): Float32Array {
  if (data instanceof Float32Array) return data.slice();
  if (data instanceof Float64Array) return Float32Array.from(data);
  throw new StudioError('unsupported', `Tensor ${name} holds ${dtype} numbers; weights must be F32 or F64.`, {
    hint: 'Convert the file to 32-bit floats first.',
  });
}

/** Row-major transposition of any rank: axis i of the result is axis `permutation[i]` of the source. */
export function permute(source: Float32Array, shape: readonly number[], permutation: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const resultShape = permutation.map((axis) => shape[axis]!);
  const resultStrides = permutation.map((axis) => strides[axis]!);
  const result = new Float32Array(source.length);
  const index = resultShape.map(() => 0);
  for (let position = 0, from = 0; position < result.length; position++) {
    result[position] = source[from]!;
    for (let axis = resultShape.length - 1; axis >= 0; axis--) {
      from += resultStrides[axis]!;
      if (++index[axis]! < resultShape[axis]!) break;
      from -= resultStrides[axis]! * resultShape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
