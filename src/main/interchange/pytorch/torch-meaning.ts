import type { SafetensorsDtype } from '../safetensors.ts';
import {
  PickleDictionary,
  PickleGlobal,
  PickleList,
  PickleStorage,
  PickleTensor,
  PickleTuple,
  type PickleValue,
} from './pickle-values.ts';
import { type PickleMeaning, PickleProblem } from './pickle-reader.ts';

/** torch's storage classes by the type of their numbers; those left out (complex, quantized) have no counterpart in safetensors. */
const STORAGE_TYPES: Readonly<Record<string, SafetensorsDtype>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

const ORDERED_DICTIONARY = 'collections.OrderedDict';
const SIZE = 'torch.Size';
const PARAMETER = 'torch.nn.parameter.Parameter';
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor';
const REBUILD_TENSOR_V2 = 'torch._utils._rebuild_tensor_v2';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
const CALLABLE = new Set([ORDERED_DICTIONARY, SIZE, PARAMETER, REBUILD_TENSOR, REBUILD_TENSOR_V2, REBUILD_PARAMETER]);

const MOST_DIMENSIONS = 32;

/**
 * What torch.save writes: the few names a state_dict, an optimizer's or a scheduler's state need, each standing for plain data. Any other is
 * refused by its name (CVE-2025-32434 and CVE-2026-24747 are what comes of looking names up).
 *
 * @returns the meaning, for one pickle; and every storage that pickle described, as it is read.
 */
export function torchMeaning(): { meaning: PickleMeaning; storages: readonly PickleStorage[] } {
  const storages: PickleStorage[] = [];
  const persistent = (id: PickleValue): PickleStorage => {
    if (!(id instanceof PickleTuple)) throw damage('a storage that is not described');
    const described = storage(id.items);
    storages.push(described);
    return described;
  };
  return { meaning: { ...NAMES_ONLY, persistent }, storages };
}

const NAMES_ONLY: Omit<PickleMeaning, 'persistent'> = {
  global: (module, name) => {
    const global = new PickleGlobal(module, name);
    if (CALLABLE.has(String(global)) || storageType(global) !== undefined) return global;
    throw new PickleProblem(`it names ${JSON.stringify(String(global))} of Python, which the studio never runs`, false);
  },
  reduce: (callable, { items }) => {
    const name = callable instanceof PickleGlobal ? String(callable) : '';
    switch (name) {
      case ORDERED_DICTIONARY:
        return orderedDictionary(items);
      case SIZE:
        return items[0] instanceof PickleTuple || items[0] instanceof PickleList
          ? new PickleTuple(items[0].items)
          : new PickleTuple([]);
      case REBUILD_TENSOR:
      case REBUILD_TENSOR_V2:
        return tensor(items);
      // Files of before PyTorch 0.4 hold parameters as objects: torchvision's oldest weights are such.
      case PARAMETER:
      case REBUILD_PARAMETER: {
        const [data] = items;
        if (!(data instanceof PickleTensor)) throw damage('a parameter without a tensor');
        return data;
      }
      default:
        throw damage(name === '' ? 'a call of something that is no function' : `a call of ${name}`);
    }
  },
  // A state_dict's _metadata, a parameter's flags: nothing that its numbers depend on.
  build: (target) => {
    if (target instanceof PickleDictionary || target instanceof PickleTensor) return target;
    throw damage('a state for something that has none');
  },
};

function storageType({ module, name }: PickleGlobal): SafetensorsDtype | undefined {
  if (module !== 'torch' && module !== 'torch.cuda') return undefined;
  return Object.hasOwn(STORAGE_TYPES, name) ? STORAGE_TYPES[name] : undefined;
}

function orderedDictionary([pairs]: readonly PickleValue[]): PickleDictionary {
  const dictionary = new PickleDictionary();
  const listed = pairs instanceof PickleList || pairs instanceof PickleTuple ? pairs.items : [];
  for (const pair of listed) {
    const [key, value] = pair instanceof PickleList || pair instanceof PickleTuple ? pair.items : [];
    if (typeof key !== 'string' || value === undefined) throw damage('a dictionary of something other than pairs');
    dictionary.entries.set(key, value);
  }
  return dictionary;
}

/** ('storage', class, key, location, count), and in legacy files a sixth item, null or (key of the view, offset, count). */
function storage(items: readonly PickleValue[]): PickleStorage {
  const [kind, type, key, , count, view = null] = items;
  const dtype = type instanceof PickleGlobal ? storageType(type) : undefined;
  if (kind !== 'storage' || dtype === undefined || (typeof key !== 'string' && typeof key !== 'number')) {
    throw damage('a storage that is not described');
  }
  if (!isElementCount(count)) throw damage(`storage ${key} claims ${String(count)} elements`);
  if (view === null) return new PickleStorage(String(key), dtype, count);
  const [, offset, size] = view instanceof PickleTuple ? view.items : [];
  if (!isElementCount(offset) || !isElementCount(size) || offset + size > count) {
    throw damage(`a view of storage ${key} reaches beyond it`);
  }
  return new PickleStorage(String(key), dtype, count, offset, size);
}

/** (storage, offset, shape, strides, …). */
function tensor([source, offset, shapeItems, strideItems]: readonly PickleValue[]): PickleTensor {
  if (!(source instanceof PickleStorage)) throw damage('a tensor without a storage');
  const shape = elementCounts(shapeItems);
  const strides = elementCounts(strideItems);
  if (!isElementCount(offset) || shape === undefined || strides?.length !== shape.length) {
    throw damage(`a tensor of storage ${source.key} has no valid shape`);
  }
  const count = shape.reduce((product, side) => product * side, 1);
  const last = shape.reduce((place, side, axis) => place + (side - 1) * strides[axis]!, offset);
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(last)) {
    throw damage(`a tensor of storage ${source.key} claims more elements than any file can hold`);
  }
  if (count > 0 && last >= source.count) {
    throw damage(
      `a tensor of storage ${source.key} needs element ${last}, and the storage has ${source.count} elements`,
    );
  }
  return new PickleTensor(source, source.offset + offset, shape, strides);
}

function elementCounts(value: PickleValue | undefined): number[] | undefined {
  if (!(value instanceof PickleTuple || value instanceof PickleList) || value.items.length > MOST_DIMENSIONS) {
    return undefined;
  }
  const items = [...value.items];
  return items.every(isElementCount) ? items : undefined;
}

function isElementCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function damage(what: string): PickleProblem {
  return new PickleProblem(`its pickle is damaged: ${what}`, true);
}
