import { isKey, PickleDictionary, PickleList, PickleSet, PickleTuple, type PickleValue } from './pickle-values.ts';

/** What the names in a pickle stand for. The reader itself knows no name and calls nothing. */
export interface PickleMeaning {
  /** Takes part in the pickle only if this returns; throws for a name that is not allowed. */
  readonly global: (module: string, name: string) => PickleValue;
  readonly reduce: (callable: PickleValue, parameters: PickleTuple) => PickleValue;
  /** State that Python would hand to an object after making it. */
  readonly build: (target: PickleValue, state: PickleValue) => PickleValue;
  readonly persistent: (id: PickleValue) => PickleValue;
}

/** Why a pickle cannot be read; `isDamage` where it is broken, and not merely beyond what is allowed. */
export class PickleProblem extends Error {
  readonly isDamage: boolean;
  constructor(message: string, isDamage: boolean) {
    super(message);
    this.isDamage = isDamage;
  }
}

/** A checkpoint of a ResNet-101 with both networks and their optimizers takes some 150,000. */
const MOST_OPERATIONS = 500_000;
/** Python writes the entries of a container a thousand at a time, and checkpoints nest a dozen deep at most. */
const HIGHEST_STACK = 20_000;
const HIGHEST_PROTOCOL = 2;

const NAMES: Readonly<Record<number, string>> = {
  0x28: 'MARK',
  0x29: 'EMPTY_TUPLE',
  0x2e: 'STOP',
  0x30: 'POP',
  0x31: 'POP_MARK',
  0x32: 'DUP',
  0x42: 'BINBYTES',
  0x43: 'SHORT_BINBYTES',
  0x46: 'FLOAT',
  0x47: 'BINFLOAT',
  0x49: 'INT',
  0x4a: 'BININT',
  0x4b: 'BININT1',
  0x4c: 'LONG',
  0x4d: 'BININT2',
  0x4e: 'NONE',
  0x50: 'PERSID',
  0x51: 'BINPERSID',
  0x52: 'REDUCE',
  0x53: 'STRING',
  0x54: 'BINSTRING',
  0x55: 'SHORT_BINSTRING',
  0x56: 'UNICODE',
  0x58: 'BINUNICODE',
  0x5d: 'EMPTY_LIST',
  0x61: 'APPEND',
  0x62: 'BUILD',
  0x63: 'GLOBAL',
  0x64: 'DICT',
  0x65: 'APPENDS',
  0x67: 'GET',
  0x68: 'BINGET',
  0x69: 'INST',
  0x6a: 'LONG_BINGET',
  0x6c: 'LIST',
  0x6f: 'OBJ',
  0x70: 'PUT',
  0x71: 'BINPUT',
  0x72: 'LONG_BINPUT',
  0x73: 'SETITEM',
  0x74: 'TUPLE',
  0x75: 'SETITEMS',
  0x7d: 'EMPTY_DICT',
  0x80: 'PROTO',
  0x81: 'NEWOBJ',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x85: 'TUPLE1',
  0x86: 'TUPLE2',
  0x87: 'TUPLE3',
  0x88: 'NEWTRUE',
  0x89: 'NEWFALSE',
  0x8a: 'LONG1',
  0x8b: 'LONG4',
  0x8c: 'SHORT_BINUNICODE',
  0x8d: 'BINUNICODE8',
  0x8e: 'BINBYTES8',
  0x8f: 'EMPTY_SET',
  0x90: 'ADDITEMS',
  0x91: 'FROZENSET',
  0x92: 'NEWOBJ_EX',
  0x93: 'STACK_GLOBAL',
  0x94: 'MEMOIZE',
  0x95: 'FRAME',
};

/**
 * Reads one pickle (Python's pickletools.py describes the format) with the operations that torch.save uses; any other is refused by name. It
 * is a loop over bytes with a stack: nothing recurses, and nothing is executed.
 *
 * @param begin where it starts in `bytes`. @returns its value, and where it ends.
 * @throws PickleProblem when it is damaged, or asks for anything that is not allowed.
 */
export function readPickle(
  bytes: Uint8Array,
  begin: number,
  meaning: PickleMeaning,
): { value: PickleValue; end: number } {
  return new Machine(bytes, begin, meaning).run();
}

class Machine {
  readonly #bytes: Buffer;
  readonly #meaning: PickleMeaning;
  readonly #memo = new Map<number, PickleValue>();
  readonly #marks: number[] = [];
  #stack: PickleValue[] = [];
  #position: number;

  constructor(bytes: Uint8Array, begin: number, meaning: PickleMeaning) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = begin;
    this.#meaning = meaning;
  }

  run(): { value: PickleValue; end: number } {
    for (let operations = 0; operations < MOST_OPERATIONS; operations++) {
      const operation = this.#byte();
      if (NAMES[operation] === 'STOP') return { value: this.#pop(), end: this.#position };
      this.#perform(NAMES[operation], operation);
      if (this.#stack.length > HIGHEST_STACK || this.#marks.length > HIGHEST_STACK) {
        throw new PickleProblem(`its pickle is damaged: more than ${HIGHEST_STACK} values wait in it`, true);
      }
    }
    throw new PickleProblem(`its pickle has more than ${MOST_OPERATIONS} operations`, false);
  }

  #perform(name: string | undefined, operation: number): void {
    const stack = this.#stack;
    switch (name) {
      case 'PROTO':
        return this.#checkProtocol(this.#byte());
      case 'MARK':
        this.#marks.push(stack.length);
        return;
      case 'NONE':
        stack.push(null);
        return;
      case 'NEWTRUE':
        stack.push(true);
        return;
      case 'NEWFALSE':
        stack.push(false);
        return;
      case 'BININT':
        stack.push(this.#bytes.readInt32LE(this.#take(4)));
        return;
      case 'BININT1':
        stack.push(this.#byte());
        return;
      case 'BININT2':
        stack.push(this.#bytes.readUInt16LE(this.#take(2)));
        return;
      case 'LONG1':
        stack.push(this.#long(this.#byte()));
        return;
      case 'BINFLOAT':
        stack.push(this.#bytes.readDoubleBE(this.#take(8)));
        return;
      case 'BINUNICODE':
        stack.push(this.#text(this.#bytes.readUInt32LE(this.#take(4)), 'utf8'));
        return;
      case 'SHORT_BINSTRING':
        stack.push(this.#text(this.#byte(), 'latin1'));
        return;
      case 'EMPTY_DICT':
        stack.push(new PickleDictionary());
        return;
      case 'EMPTY_LIST':
        stack.push(new PickleList());
        return;
      case 'EMPTY_SET':
        stack.push(new PickleSet());
        return;
      case 'EMPTY_TUPLE':
        stack.push(new PickleTuple([]));
        return;
      case 'TUPLE':
        stack.push(new PickleTuple(this.#popMark()));
        return;
      case 'TUPLE1':
      case 'TUPLE2':
      case 'TUPLE3':
        stack.push(new PickleTuple(this.#popMany(operation - 0x84)));
        return;
      case 'APPEND':
        return this.#append([this.#pop()]);
      case 'APPENDS':
        return this.#append(this.#popMark());
      case 'SETITEM':
        return this.#setItems(this.#popMany(2));
      case 'SETITEMS':
        return this.#setItems(this.#popMark());
      case 'BINPUT':
        this.#memo.set(this.#byte(), this.#top());
        return;
      case 'LONG_BINPUT':
        this.#memo.set(this.#bytes.readUInt32LE(this.#take(4)), this.#top());
        return;
      case 'BINGET':
        stack.push(this.#recall(this.#byte()));
        return;
      case 'LONG_BINGET':
        stack.push(this.#recall(this.#bytes.readUInt32LE(this.#take(4))));
        return;
      case 'GLOBAL':
        stack.push(this.#meaning.global(this.#line(), this.#line()));
        return;
      case 'NEWOBJ':
      case 'REDUCE':
        return this.#reduce();
      case 'BUILD': {
        const state = this.#pop();
        stack.push(this.#meaning.build(this.#pop(), state));
        return;
      }
      case 'BINPERSID':
        stack.push(this.#meaning.persistent(this.#pop()));
        return;
      case undefined:
        throw new PickleProblem(`byte ${this.#position - 1} of its pickle is no operation (${operation})`, true);
      default:
        throw new PickleProblem(`its pickle uses the operation ${name}, which torch.save does not`, false);
    }
  }

  #checkProtocol(protocol: number): void {
    if (protocol <= HIGHEST_PROTOCOL) return;
    throw new PickleProblem(`its pickle is of protocol ${protocol}, and torch.save writes ${HIGHEST_PROTOCOL}`, false);
  }

  #reduce(): void {
    const parameters = this.#pop();
    const callable = this.#pop();
    if (!(parameters instanceof PickleTuple)) throw damage('a call without parameters');
    this.#stack.push(this.#meaning.reduce(callable, parameters));
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!(list instanceof PickleList)) throw damage('items for something that is no list');
    for (const item of items) list.items.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dictionary = this.#top();
    if (!(dictionary instanceof PickleDictionary)) throw damage('entries for something that is no dictionary');
    if (items.length % 2 !== 0) throw damage('a key without a value');
    for (let index = 0; index < items.length; index += 2) {
      const key = items[index]!;
      if (!isKey(key)) throw new PickleProblem('a dictionary in it has a key that is no text or number', false);
      dictionary.entries.set(key, items[index + 1]!);
    }
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw damage(`a reference to value ${index}, which is not there`);
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= this.#floor()) throw damage('an empty stack');
    return value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length - count < this.#floor()) throw damage('an empty stack');
    return this.#stack.splice(this.#stack.length - count);
  }

  #popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw damage('an end without a beginning');
    return this.#stack.splice(mark);
  }

  /** Values below the last mark are out of reach until it is taken away. */
  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  /** @returns where the next `count` bytes are, and goes on behind them. */
  #take(count: number): number {
    const position = this.#position;
    if (position + count > this.#bytes.byteLength) {
      throw new PickleProblem(`its pickle ends at byte ${this.#bytes.byteLength} without its end mark`, true);
    }
    this.#position += count;
    return position;
  }

  #text(length: number, encoding: 'utf8' | 'latin1'): string {
    const begin = this.#take(length);
    return this.#bytes.toString(encoding, begin, begin + length);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    const line = this.#text(Math.max(0, end - this.#position), 'utf8');
    if (end < 0 || line.length > 200) throw damage('a name without an end');
    this.#take(1);
    return line;
  }

  /** Little-endian two's complement of any length; a number where it fits one exactly. */
  #long(length: number): number | bigint {
    const begin = this.#take(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index--) value = (value << 8n) | BigInt(this.#bytes[begin + index]!);
    if (length > 0) value = BigInt.asIntN(length * 8, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
}

function damage(what: string): PickleProblem {
  return new PickleProblem(`its pickle is damaged: ${what}`, true);
}
