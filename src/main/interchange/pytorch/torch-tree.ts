import type { StudioError } from '#shared/errors.ts';
import type { FileBytes } from '../file-bytes.ts';
import { PickleDictionary, PickleList, PickleTensor, PickleTuple, type PickleValue } from './pickle-values.ts';
import { type PickleMeaning, PickleProblem, readPickle } from './pickle-reader.ts';

/** What a checkpoint's object holds, flat. */
export interface TorchTree {
  readonly tensors: readonly { readonly path: readonly string[]; readonly tensor: PickleTensor }[];
  /** Plain values at the top, by key. */
  readonly values: ReadonlyMap<string, boolean | number | string>;
}

/** Deeper and larger than any checkpoint; a list that holds itself, or 2^60 times another, ends here. */
const DEEPEST = 32;
const MOST_VALUES = 1_000_000;

interface Place {
  readonly value: PickleValue;
  readonly key: string;
  readonly parent: Place | null;
  readonly depth: number;
}

/** @throws StudioError 'corrupt' when it holds no tensor, or is nested beyond reason. */
export function collectTensors(file: FileBytes, root: PickleValue): TorchTree {
  const tensors: { path: string[]; tensor: PickleTensor }[] = [];
  const values = new Map<string, boolean | number | string>();
  const waiting: Place[] = [{ value: root, key: '', parent: null, depth: 0 }];
  for (let visited = 0; ; visited++) {
    const place = waiting.pop();
    if (place === undefined) break;
    const { value, depth } = place;
    if (visited > MOST_VALUES) throw file.corrupt(`its object holds more than ${MOST_VALUES} values`);
    if (value instanceof PickleTensor) tensors.push({ path: pathTo(place), tensor: value });
    else if (depth === 1 && isPlain(value)) values.set(place.key, value);
    const children = childrenOf(value);
    if (children.length > 0 && depth >= DEEPEST) throw file.corrupt(`its object is nested deeper than ${DEEPEST}`);
    if (waiting.length + children.length > MOST_VALUES) {
      throw file.corrupt(`its object holds more than ${MOST_VALUES} values`);
    }
    for (let index = children.length - 1; index >= 0; index--) {
      const [key, child] = children[index]!;
      waiting.push({ value: child, key, parent: place, depth: depth + 1 });
    }
  }
  if (tensors.length === 0) throw file.corrupt('it holds no tensor');
  return { tensors, values };
}

function childrenOf(value: PickleValue): [string, PickleValue][] {
  if (value instanceof PickleDictionary) return Array.from(value.entries, ([key, child]) => [String(key), child]);
  if (!(value instanceof PickleList || value instanceof PickleTuple)) return [];
  return value.items.map((child, index) => [String(index), child]);
}

function pathTo(place: Place): string[] {
  const path: string[] = [];
  for (let at: Place | null = place; at !== null && at.parent !== null; at = at.parent) path.push(at.key);
  return path.reverse();
}

function isPlain(value: PickleValue): value is boolean | number | string {
  return typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string';
}

/** Reads a pickle of a file, with the file's name in whatever goes wrong. */
export function readPickleOf(
  file: FileBytes,
  bytes: Uint8Array,
  begin: number,
  meaning: PickleMeaning,
): ReturnType<typeof readPickle> {
  try {
    return readPickle(bytes, begin, meaning);
  } catch (error) {
    throw pickleError(file, error);
  }
}

function pickleError(file: FileBytes, error: unknown): unknown {
  if (!(error instanceof PickleProblem)) return error;
  if (error.isDamage) return file.corrupt(error.message, error) satisfies StudioError;
  return file.unsupported(
    error.message,
    'In Python, save the weights alone: torch.save(model.state_dict(), "weights.pth").',
  ) satisfies StudioError;
}
