import type { SafetensorsDtype } from '../safetensors.ts';

/** What a pickle can make here: plain values, containers of them, tensors, and names of Python objects that stay names. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleList
  | PickleTuple
  | PickleDictionary
  | PickleSet
  | PickleGlobal
  | PickleStorage
  | PickleTensor;

export type PickleKey = null | boolean | number | bigint | string;

export class PickleList {
  readonly items: PickleValue[] = [];
}

export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A map and not an object: a key named __proto__ is a key like any other. */
export class PickleDictionary {
  readonly entries = new Map<PickleKey, PickleValue>();
}

export class PickleSet {
  readonly items: readonly PickleValue[] = [];
}

/** A class or function of Python, by name. It is never looked up and cannot be called. */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;
  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
  toString(): string {
    return `${this.module}.${this.name}`;
  }
}

/** Numbers that tensors are views of. */
export class PickleStorage {
  readonly key: string;
  readonly dtype: SafetensorsDtype;
  /** Elements of the whole storage in the file. */
  readonly length: number;
  /** First element, and count of elements, of this view of it. */
  readonly offset: number;
  readonly count: number;
  constructor(key: string, dtype: SafetensorsDtype, length: number, offset = 0, count = length) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
    this.offset = offset;
    this.count = count;
  }
}

export class PickleTensor {
  readonly storage: PickleStorage;
  /** Elements, counted from the beginning of the whole storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: PickleStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

export function isKey(value: PickleValue): value is PickleKey {
  return value === null || typeof value !== 'object';
}
