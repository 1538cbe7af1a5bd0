import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { openCheckpointFile, type TensorEntry, withCheckpointFile } from './checkpoint-file.ts';
import { floatOfHalf } from './half-precision.ts';
import type { SafetensorsDtype, SafetensorsTensor } from './safetensors.ts';

interface GoldenResult {
  readonly name: string;
  readonly ok: boolean;
  readonly maxError: number;
  readonly tolerance: number;
  readonly detail?: string;
}

/** A tensor as PyTorch had it: all numbers of a small one; the first, the last and two sums of a large one. 64-bit integers are text. */
interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values?: readonly (number | string)[];
  readonly first?: readonly (number | string)[];
  readonly last?: readonly (number | string)[];
  readonly sum?: number;
  readonly abs?: number;
}

interface ExpectedBad {
  readonly marker: string;
  readonly files: Readonly<Record<string, string>>;
}

const TORCH_TYPES: Readonly<Partial<Record<SafetensorsDtype, string>>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

/** Sums are added in another order than PyTorch's; everything else is exact. */
const SUM_TOLERANCE = 1e-9;
const BAD_FILE_MILLISECONDS = 2_000;

/**
 * Compares what is read of PyTorch's files with what PyTorch reads of them, and looks that every bad file is refused in time.
 *
 * @param folder holds the files, `expected.json`, and `bad/` with its own.
 * @throws StudioError when the goldens themselves cannot be read.
 */
export async function runCheckpointGoldens(folder: string): Promise<GoldenResult[]> {
  const expected = await readJson<Record<string, Record<string, ExpectedTensor>>>(join(folder, 'expected.json'));
  const results: GoldenResult[] = [];
  for (const [name, tensors] of Object.entries(expected)) {
    results.push(await runGood(name, join(folder, name), tensors));
  }
  const badFolder = join(folder, 'bad');
  if (!existsSync(badFolder)) return results;
  const bad = await readJson<ExpectedBad>(join(badFolder, 'expected.json'));
  for (const name of Object.keys(bad.files)) results.push(await runBad(name, badFolder, bad.marker));
  return results;
}

async function runGood(
  name: string,
  path: string,
  expected: Readonly<Record<string, ExpectedTensor>>,
): Promise<GoldenResult> {
  try {
    return await withCheckpointFile(path, async ({ tensors }) => {
      const entries = new Map(tensors.map((entry) => [`/${entry.path.join('/')}`, entry]));
      const surplus = [...entries.keys()].filter((key) => !Object.hasOwn(expected, key));
      if (surplus.length > 0) return failure(name, `${surplus.length} tensors too many: ${surplus[0]}`);
      let worst = { error: 0, where: '' };
      for (const [key, tensor] of Object.entries(expected)) {
        const error = await errorOf(entries.get(key), tensor);
        if (error > worst.error) worst = { error, where: key };
      }
      const result = { name, ok: worst.error === 0, maxError: worst.error, tolerance: 0 };
      return result.ok ? result : { ...result, detail: `largest error in ${worst.where}` };
    });
  } catch (error) {
    return failure(name, toStudioError(error).message);
  }
}

async function errorOf(entry: TensorEntry | undefined, expected: ExpectedTensor): Promise<number> {
  if (entry === undefined || TORCH_TYPES[entry.dtype] !== expected.dtype) return Infinity;
  if (JSON.stringify(entry.shape) !== JSON.stringify(expected.shape)) return Infinity;
  const values = numbersOf(await entry.read());
  if (expected.values !== undefined) {
    return expected.values.length === values.length ? largestError(values, expected.values) : Infinity;
  }
  const { first = [], last = [], sum = NaN, abs = NaN } = expected;
  const floats = values.map(Number);
  const sumError = Math.abs(floats.reduce((total, value) => total + value, 0) - sum);
  const absError = Math.abs(floats.reduce((total, value) => total + Math.abs(value), 0) - abs);
  const ends = Math.max(
    largestError(values.slice(0, first.length), first),
    largestError(values.slice(values.length - last.length), last),
  );
  const isSumRight = Math.max(sumError, absError) <= SUM_TOLERANCE * Math.max(1, abs);
  return isSumRight ? ends : Infinity;
}

function largestError(actual: readonly (number | bigint)[], expected: readonly (number | string)[]): number {
  return expected.reduce<number>((largest, value, index) => {
    const found = actual[index];
    if (typeof value === 'string') return String(found) === value ? largest : Infinity;
    const error = Object.is(Number(found), value) ? 0 : Math.abs(Number(found) - value);
    return Math.max(largest, Number.isNaN(error) ? Infinity : error);
  }, 0);
}

function numbersOf({ dtype, data }: SafetensorsTensor): (number | bigint)[] {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data);
  if (dtype === 'F16') return Array.from(data as Uint16Array, floatOfHalf);
  if (dtype === 'BF16')
    return [...new Float32Array(Uint32Array.from(data as Uint16Array, (half) => half << 16).buffer)];
  return Array.from(data as Float32Array);
}

/** Right is: refused in time, in a sentence that names the file, with nothing made in the folder or where the studio runs. */
async function runBad(name: string, folder: string, marker: string): Promise<GoldenResult> {
  const before = readdirSync(folder);
  const start = performance.now();
  const reason = await refusalOf(join(folder, name));
  const milliseconds = performance.now() - start;
  const made = [
    ...readdirSync(folder).filter((file) => !before.includes(file)),
    ...(existsSync(marker) ? [marker] : []),
  ];
  const label = `bad/${name}`;
  if (reason === null) return failure(label, 'it was opened');
  if (!(reason instanceof StudioError) || reason.code === 'internal') return failure(label, String(reason));
  if (!reason.message.includes(name)) return failure(label, `the sentence does not name the file: ${reason.message}`);
  if (made.length > 0) return failure(label, `${made.join(', ')} was made`);
  if (milliseconds > BAD_FILE_MILLISECONDS) return failure(label, `it took ${milliseconds.toFixed(0)} ms`);
  return { name: label, ok: true, maxError: 0, tolerance: 0 };
}

async function refusalOf(path: string): Promise<unknown> {
  try {
    const file = await openCheckpointFile(path);
    try {
      for (const entry of file.tensors) await entry.read();
    } finally {
      await file.close();
    }
    return null;
  } catch (error) {
    return error;
  }
}

function failure(name: string, detail: string): GoldenResult {
  return { name, ok: false, maxError: Infinity, tolerance: 0, detail };
}

async function readJson<Content>(path: string): Promise<Content> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw toStudioError(error);
  });
  try {
    return JSON.parse(text) as Content;
  } catch (error) {
    throw new StudioError('corrupt', `${path} is not JSON.`, { hint: 'Get the goldens again.', cause: error });
  }
}
