import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointFile, TensorEntry } from '../checkpoint-file.ts';
import { FileBytes } from '../file-bytes.ts';
import { Decoded } from '../protobuf.ts';
import { gather } from '../pytorch/tensor-data.ts';
import { tensorOfBytes } from '../raw-tensor.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { METADATA_FILE, MODEL_FILE } from './saved-model-layout.ts';

const FLOAT = 1;
const LARGEST = 2 ** 31;

export function isSavedModel(path: string): boolean {
  return existsSync(join(path, MODEL_FILE)) && statSync(path).isDirectory();
}

/**
 * The 32-bit float constants of a SavedModel, by name, in PyTorch's layouts: what the studio writes. Variables are not read.
 * @throws StudioError 'corrupt' when it is damaged or holds none.
 */
export async function openSavedModel(folder: string): Promise<CheckpointFile> {
  const file = await FileBytes.open(join(folder, MODEL_FILE));
  try {
    if (file.size > LARGEST) throw file.corrupt('it is larger than any SavedModel');
    const graphs = new Decoded(await file.read(0, file.size, 'it')).messages(2).flatMap((graph) => graph.messages(2));
    const constants = graphs.flatMap((graph) => graph.messages(1)).filter((node) => node.text(2) === 'Const');
    const tensors = constants.flatMap((node) => entriesOf(file, node));
    if (tensors.length === 0) throw file.corrupt('it holds no constant weights');
    const metadata = await readMetadata(file, join(folder, METADATA_FILE));
    return { path: folder, kind: 'saved-model', tensors, values: new Map(), metadata, close: () => file.close() };
  } catch (error) {
    await file.close();
    if (error instanceof RangeError) throw file.corrupt('it is no sound SavedModel', error);
    throw error;
  }
}

function entriesOf(file: FileBytes, node: Decoded): TensorEntry[] {
  const attribute = node.messages(5).find((entry) => entry.text(1) === 'value');
  const [tensor] = attribute?.messages(2).flatMap((value) => value.messages(8)) ?? [];
  if (tensor?.integers(1).at(-1) !== FLOAT) return [];
  const name = node.text(1);
  const [shapeMessage] = tensor.messages(2);
  const sides = (shapeMessage?.messages(2) ?? []).map((dimension) => dimension.integers(1).at(-1) ?? 0);
  const read = tensorOfBytes(file, name, 'F32', sides, tensor.bytes(4).at(-1) ?? new Uint8Array(0));
  const shape = axesOf(sides.length).map((axis) => sides[axis]!);
  return [{ path: [name], dtype: 'F32', shape, read: async () => pytorchLayout(await read()) }];
}

/** Filters [height, width, in, out] as [out, in, height, width], linear weights [in, out] as [out, in]. */
function axesOf(rank: number): number[] {
  return rank === 4 ? [3, 2, 0, 1] : Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
}

function pytorchLayout({ shape, data }: SafetensorsTensor): SafetensorsTensor {
  const axes = axesOf(shape.length);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const sides = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const values = gather(data as Float32Array, new Float32Array(data.length), 0, sides, steps);
  return { dtype: 'F32', shape: sides, data: values };
}

async function readMetadata(file: FileBytes, path: string): Promise<Record<string, string>> {
  if (!existsSync(path)) return {};
  try {
    const entries = Object.entries(JSON.parse(await readFile(path, 'utf8')) as object);
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch (error) {
    throw file.corrupt(`its ${METADATA_FILE} is not JSON`, error);
  }
}
