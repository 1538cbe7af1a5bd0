import { permutation, type RandomPurpose } from '#shared/random.ts';

/** One place in the endless stream of a set's images. */
export interface Draw {
  /** Index into the set. */
  readonly image: number;
  /** Pass over the set, and place in it: the address of the random numbers of this image's view. */
  readonly epoch: number;
  readonly position: number;
}

/**
 * The images of a set in random order, each once in every epoch, as an endless stream addressed by position. Nothing is remembered, so a
 * run that resumes at step s draws what an uninterrupted one would have drawn.
 */
export class Sampler {
  readonly #length: number;
  readonly #seed: number;
  readonly #purpose: RandomPurpose;
  /** Orders of the last epochs asked for: a batch may span two. */
  readonly #orders = new Map<number, Uint32Array>();

  /** @param length images in the set, at least one. */
  constructor(length: number, seed: number, purpose: RandomPurpose) {
    this.#length = length;
    this.#seed = seed;
    this.#purpose = purpose;
  }

  /** @param start first position in the stream. */
  draws(start: number, count: number): Draw[] {
    return Array.from({ length: count }, (_, offset) => {
      const epoch = Math.floor((start + offset) / this.#length);
      const position = (start + offset) % this.#length;
      return { image: this.#order(epoch)[position]!, epoch, position };
    });
  }

  #order(epoch: number): Uint32Array {
    const known = this.#orders.get(epoch);
    if (known !== undefined) return known;
    const order = permutation(this.#length, this.#seed, this.#purpose, epoch);
    if (this.#orders.size >= 2) this.#orders.delete(Math.min(...this.#orders.keys()));
    this.#orders.set(epoch, order);
    return order;
  }
}
