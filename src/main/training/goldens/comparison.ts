import { readFile } from 'node:fs/promises';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { SafetensorsTensor } from '../../interchange/safetensors.ts';

/** One comparison with the goldens. */
export interface GoldenResult {
  readonly name: string;
  readonly ok: boolean;
  readonly maxError: number;
  readonly tolerance: number;
  /** Where the largest error is, when it is too large. */
  readonly detail?: string;
}

/** Collects the largest error of a case, and where it is. */
export class Comparison {
  readonly #name: string;
  readonly #tolerance: number;
  #maxError = 0;
  #where = '';

  constructor(name: string, tolerance: number) {
    this.#name = name;
    this.#tolerance = tolerance;
  }

  /** Absolute errors of all elements; a missing or additional element counts as infinitely wrong. */
  addAbsolute(where: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
    if (actual.length !== expected.length) this.#add(where, Infinity);
    for (let index = 0; index < expected.length; index++) this.#add(where, Math.abs(actual[index]! - expected[index]!));
  }

  /** Error relative to the expected number, or to `floor` where that is smaller: a difference of losses may be as good as zero. */
  addRelative(where: string, actual: number, expected: number, floor: number): void {
    this.#add(where, Math.abs(actual - expected) / Math.max(Math.abs(expected), floor));
  }

  #add(where: string, error: number): void {
    if (error <= this.#maxError) return;
    // Not-a-number compares as false with everything, and must fail.
    this.#maxError = Number.isNaN(error) ? Infinity : error;
    this.#where = where;
  }

  result(): GoldenResult {
    const ok = this.#maxError <= this.#tolerance;
    const result = { name: this.#name, ok, maxError: this.#maxError, tolerance: this.#tolerance };
    return ok ? result : { ...result, detail: `largest error in ${this.#where}` };
  }
}

/** Every tensor of `expected` against the one of the same name. */
export function compareTensors(
  comparison: Comparison,
  actual: ReadonlyMap<string, SafetensorsTensor>,
  expected: ReadonlyMap<string, SafetensorsTensor>,
): void {
  for (const [name, tensor] of expected) comparison.addAbsolute(name, numbers(actual.get(name)), numbers(tensor));
}

function numbers(tensor: SafetensorsTensor | undefined): ArrayLike<number> {
  if (tensor === undefined) return [];
  const { data } = tensor;
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? Array.from(data, Number) : data;
}

/** @throws StudioError when the file is missing or not JSON. */
export async function readGoldenJson<Content>(path: string): Promise<Content> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw toStudioError(error);
  });
  try {
    return JSON.parse(text) as Content;
  } catch (error) {
    throw new StudioError('corrupt', `${path} is not JSON.`, { hint: 'Get the goldens again.', cause: error });
  }
}
