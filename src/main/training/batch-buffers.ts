import type { SharedFloats } from '../imaging/pool.ts';

/**
 * Memory for batches, used again and again. Memory that threads share is hardly ever collected while it is filled from outside the heap: a
 * run that took new memory for every batch grew by gigabytes.
 */
export class BatchBuffers {
  readonly #free = new Map<number, SharedFloats[]>();

  /** @param length floats. What they hold is left over from before. */
  take(length: number): SharedFloats {
    return (
      this.#free.get(length)?.pop() ?? new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
    );
  }

  /** Gives memory back that no thread reads or writes any more. */
  give(buffer: SharedFloats): void {
    const free = this.#free.get(buffer.length);
    if (free === undefined) this.#free.set(buffer.length, [buffer]);
    else free.push(buffer);
  }
}
