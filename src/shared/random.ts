/**
 * Counter-based random numbers: Philox 4×32 with 10 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). A number depends only on its key and counter, never on what was drawn before, so that data order and augmentation are the
 * same with one worker or eight and a resumed run repeats exactly.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers, in 16-bit limbs because a double holds only 53 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle1 = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle1 % 0x10000);
  return (aHigh * bHigh + Math.floor(middle1 / 0x10000) + Math.floor(middle2 / 0x10000)) >>> 0;
}

/** One Philox 4×32-10 block: four unsigned 32-bit words from a 128-bit counter and a 64-bit key. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** What a stream is for. Part of the key, so that two purposes with the same counters never share numbers. Append only. */
export const RANDOM_PURPOSES = [
  'order-labeled',
  'order-unlabeled',
  'view-labeled',
  'view-weak',
  'view-strong',
  'weights-base',
  'weights-adaptation',
  'dropout',
  'subset',
  'demo',
  'finetune-order',
  'finetune-view',
  'audit',
  'bootstrap',
  'map',
] as const;
export type RandomPurpose = (typeof RANDOM_PURPOSES)[number];

/** A sequence of random numbers addressed by (seed, purpose, epoch, index); the draw number is the last counter word. */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #epoch: number;
  readonly #indexLow: number;
  readonly #indexHigh: number;
  #draw = 0;
  #block: [number, number, number, number] = [0, 0, 0, 0];
  #used = 4;

  /** @param seed any safe integer. @param epoch and @param index non-negative safe integers (epoch below 2^32). */
  constructor(seed: number, purpose: RandomPurpose, epoch = 0, index = 0) {
    const seedHigh = Math.floor(seed / 2 ** 32) >>> 0;
    this.#key = [
      seed >>> 0,
      (Math.imul(seedHigh, 0x85ebca6b) ^ Math.imul(RANDOM_PURPOSES.indexOf(purpose) + 1, 0x9e3779b1)) >>> 0,
    ];
    this.#epoch = epoch >>> 0;
    this.#indexLow = index >>> 0;
    this.#indexHigh = Math.floor(index / 2 ** 32) >>> 0;
  }

  /** The next unsigned 32-bit integer. */
  next(): number {
    if (this.#used === 4) {
      this.#block = philox([this.#draw++, this.#indexLow, this.#indexHigh, this.#epoch], this.#key);
      this.#used = 0;
    }
    return this.#block[this.#used++ as 0 | 1 | 2 | 3];
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Uniform integer in [0, bound), without modulo bias. @param bound 1 … 2^32. */
  integer(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const value = this.next();
      if (value < limit) return value % bound;
    }
  }

  /** Standard normal, by Box–Muller (the second number is dropped, so that the count of draws stays fixed). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }
}

/** A random permutation of 0 … length-1 (Fisher–Yates), the same for the same arguments. */
export function permutation(length: number, seed: number, purpose: RandomPurpose, epoch = 0): Uint32Array {
  const stream = new RandomStream(seed, purpose, epoch, length);
  const order = Uint32Array.from({ length }, (_, position) => position);
  for (let last = length - 1; last > 0; last--) {
    const other = stream.integer(last + 1);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}
