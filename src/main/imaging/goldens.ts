import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { RandomStream } from '#shared/random.ts';
import { decodeBytes, decodeImage } from './decode.ts';
import { centerCrop, crop, drawErasedRectangle, flipHorizontally, rotate } from './geometry.ts';
import { readHeader } from './header.ts';
import { CHANNELS, type RgbImage } from './image.ts';
import { eraseInto, MEAN, normalizeInto, STANDARD_DEVIATION } from './normalize.ts';
import { applyAugmentation, AUGMENTATIONS, FULL_MAGNITUDE, STRENGTHS, type Augmentation } from './randaugment.ts';
import { resizeShorterSide, resizeTo } from './resize.ts';

/** One golden case: what was compared, the largest difference, and how large it may be. */
export interface ImagingGolden {
  readonly name: string;
  readonly ok: boolean;
  readonly maxError: number;
  readonly tolerance: number;
  readonly detail?: string;
}

type CaseRunner = (directory: string) => Promise<ImagingGolden[]>;

const GROUPS: Readonly<Record<string, CaseRunner>> = {
  randaugment: runRandAugment,
  'decode-resize': runDecodeResize,
  geometry: runGeometry,
  normalize: runNormalize,
};

/**
 * Compares this folder's code with pictures made by Pillow and torchvision.
 *
 * @param group `randaugment`, `decode-resize`, `geometry` or `normalize`. @param directory the set of goldens, which holds the group's
 * folder (geometry and normalize also read `randaugment/input`). @throws StudioError when the set has no such group or it cannot be read.
 */
export async function runImagingGoldens(group: string, directory: string): Promise<ImagingGolden[]> {
  const run = GROUPS[group];
  if (run === undefined) {
    throw new StudioError('usage', `There is no group of imaging goldens named ${group}.`, {
      hint: `Groups are ${Object.keys(GROUPS).join(', ')}.`,
    });
  }
  return run(directory);
}

/** Pixels must be equal… */
const EXACT = 0;
/** …but for CMYK, whose conversion to RGB is not fixed to the last level. */
const CMYK_TOLERANCE = 2;
const NORMALIZE_TOLERANCE = 1e-6;

interface RandAugmentGoldens {
  readonly parameterMax: number;
  readonly pool: readonly { readonly op: Augmentation; readonly max: number | null; readonly bias: number | null }[];
  readonly cases: readonly {
    readonly op: Augmentation;
    readonly magnitude: number;
    readonly input: string;
    readonly output: string;
  }[];
}

async function runRandAugment(directory: string): Promise<ImagingGolden[]> {
  const folder = join(directory, 'randaugment');
  const { parameterMax, pool, cases } = await readJson<RandAugmentGoldens>(join(folder, 'expected.json'));
  const ours = AUGMENTATIONS.map((op) => ({ op, max: STRENGTHS[op].maximum, bias: STRENGTHS[op].bias }));
  const isSamePool = parameterMax === FULL_MAGNITUDE && JSON.stringify(pool) === JSON.stringify(ours);
  const results = [result('randaugment/pool', isSamePool ? 0 : Infinity, EXACT)];
  for (const { op, magnitude, input, output } of cases) {
    const image = await readPicture(join(folder, 'input', input));
    const expected = await readPicture(join(folder, 'output', output));
    results.push(
      compareImages(`randaugment/${output}`, applyAugmentation(image, op, magnitude, true), expected, EXACT),
    );
  }
  return results;
}

interface DecodeResizeCase {
  readonly input: string;
  readonly output: string;
  readonly transform: string;
}

async function runDecodeResize(directory: string): Promise<ImagingGolden[]> {
  const folder = join(directory, 'decode-resize');
  const results: ImagingGolden[] = [];
  for (const { input, output, transform } of await readJson<DecodeResizeCase[]>(join(folder, 'expected.json'))) {
    const bytes = await readFile(join(folder, 'input', input));
    const actual = applyTransform(await decodeBytes(bytes, {}, input), transform);
    const expected = await readPicture(join(folder, 'output', output));
    const tolerance = readHeader(bytes)?.samples === 'cmyk' ? CMYK_TOLERANCE : EXACT;
    results.push(compareImages(`decode-resize/${input}`, actual, expected, tolerance));
  }
  return results;
}

/** The transforms as the set words them: an optional crop box (left, top, right, bottom), then one of two ways to resize. */
function applyTransform(image: RgbImage, transform: string): RgbImage {
  const box = /crop box \((-?\d+), *(-?\d+), *(-?\d+), *(-?\d+)\) first/.exec(transform)?.slice(1).map(Number);
  const shorter = /resize shorter side to (\d+).*centre crop (\d+)/.exec(transform);
  const exact = /^resize to (\d+)x(\d+)/.exec(transform);
  let start = image;
  if (box !== undefined) {
    const [left, top, right, bottom] = box as [number, number, number, number];
    start = crop(image, { top, left, width: right - left, height: bottom - top });
  }
  if (shorter !== null) return centerCrop(resizeShorterSide(start, Number(shorter[1])), Number(shorter[2]));
  if (exact !== null) return resizeTo(start, Number(exact[1]), Number(exact[2]));
  throw new StudioError('unsupported', `A golden asks for a transform this studio does not know: ${transform}.`, {
    hint: 'Use a set of goldens made for this version.',
  });
}

type GeometryCase =
  | { readonly op: 'rotate'; readonly angleDegrees: number; readonly input: string; readonly output: string }
  | { readonly op: 'hflip'; readonly input: string; readonly output: string };

async function runGeometry(directory: string): Promise<ImagingGolden[]> {
  const folder = join(directory, 'geometry');
  const results: ImagingGolden[] = [];
  for (const golden of await readJson<GeometryCase[]>(join(folder, 'expected.json'))) {
    const image = await readPicture(join(directory, 'randaugment', 'input', golden.input));
    const actual = golden.op === 'rotate' ? rotate(image, golden.angleDegrees) : flipHorizontally(image);
    results.push(
      compareImages(`geometry/${golden.output}`, actual, await readPicture(join(folder, golden.output)), EXACT),
    );
  }
  return results;
}

interface NormalizeGoldens {
  readonly input: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly erase: { readonly top: number; readonly left: number; readonly height: number; readonly width: number };
}

async function runNormalize(directory: string): Promise<ImagingGolden[]> {
  const folder = join(directory, 'normalize');
  const { input, mean, std, erase: rectangle } = await readJson<NormalizeGoldens>(join(folder, 'expected.json'));
  const image = await readPicture(join(directory, input));
  const expected = await readFloatTensors(join(folder, 'expected.safetensors'));
  const isSameScale = String(mean) === String(MEAN) && String(std) === String(STANDARD_DEVIATION);
  const normalized = new Float32Array(image.data.length);
  normalizeInto(image, normalized, 0);
  const erased = normalized.slice();
  eraseInto(erased, 0, image.width, rectangle);
  return [
    result('normalize/scale', isSameScale ? 0 : Infinity, EXACT),
    compareValues('normalize/normalized', normalized, expected.get('normalized')),
    compareValues('normalize/erased', erased, expected.get('erased')),
    ...(await runErasingDistribution(join(folder, 'random-erasing-distribution.json'))),
  ];
}

/** @param actual height × width × channels. @param expected channels × height × width. */
function compareValues(name: string, actual: Float32Array, expected: Float32Array | undefined): ImagingGolden {
  if (expected?.length !== actual.length) return result(name, Infinity, NORMALIZE_TOLERANCE, 'sizes differ');
  const pixels = actual.length / CHANNELS;
  const error = actual.reduce((largest, value, i) => {
    const wanted = expected[(i % CHANNELS) * pixels + Math.floor(i / CHANNELS)]!;
    return Math.max(largest, Math.abs(value - wanted));
  }, 0);
  return result(name, error, NORMALIZE_TOLERANCE);
}

interface ErasingDistribution {
  readonly draws: number;
  readonly areaFraction: { readonly mean: number; readonly min: number; readonly max: number };
  readonly aspect: { readonly medianHoverW: number; readonly p05: number; readonly p95: number };
}

/** The side of the pictures the summary was made with: its fractions are whole numbers of 224². */
const ERASING_SIDE = 224;

/**
 * Draws as many rectangles as the summary holds. Each tolerance is four standard errors of the difference of two samples of 20,000:
 * uniform area has standard deviation 0.023; the aspect, log-uniform over a range of e^2.4, varies at the median by 1.2 % and near
 * the ends by 0.5 %. The extremes move by whole pixels.
 */
async function runErasingDistribution(path: string): Promise<ImagingGolden[]> {
  const expected = await readJson<ErasingDistribution>(path);
  const areas: number[] = [];
  const aspects: number[] = [];
  for (let draw = 0; draw < expected.draws; draw++) {
    const rectangle = drawErasedRectangle(ERASING_SIDE, ERASING_SIDE, new RandomStream(0, 'view-labeled', 0, draw));
    if (rectangle === null) continue;
    areas.push((rectangle.width * rectangle.height) / ERASING_SIDE ** 2);
    aspects.push(rectangle.height / rectangle.width);
  }
  aspects.sort((a, b) => a - b);
  const quantile = (share: number): number => aspects[Math.floor(share * (aspects.length - 1))]!;
  const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
  const compare = (name: string, actual: number, wanted: number, tolerance: number): ImagingGolden =>
    result(`normalize/random-erasing ${name}`, Math.abs(actual - wanted), tolerance, `${actual}, expected ${wanted}`);
  const { areaFraction, aspect } = expected;
  return [
    compare('area mean', mean, areaFraction.mean, 0.001),
    compare('area min', Math.min(...areas), areaFraction.min, 0.0005),
    compare('area max', Math.max(...areas), areaFraction.max, 0.001),
    compare('aspect median', quantile(0.5), aspect.medianHoverW, 0.05 * aspect.medianHoverW),
    compare('aspect 5 %', quantile(0.05), aspect.p05, 0.03 * aspect.p05),
    compare('aspect 95 %', quantile(0.95), aspect.p95, 0.03 * aspect.p95),
  ];
}

function compareImages(name: string, actual: RgbImage, expected: RgbImage, tolerance: number): ImagingGolden {
  if (actual.width !== expected.width || actual.height !== expected.height) {
    const sizes = `${actual.width} × ${actual.height}, expected ${expected.width} × ${expected.height}`;
    return result(name, Infinity, tolerance, sizes);
  }
  const error = actual.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected.data[i]!)), 0);
  return result(name, error, tolerance);
}

function result(name: string, maxError: number, tolerance: number, detail?: string): ImagingGolden {
  return { name, ok: maxError <= tolerance, maxError, tolerance, ...(detail === undefined ? {} : { detail }) };
}

function readPicture(path: string): Promise<RgbImage> {
  return decodeImage({ path, encoding: 'file' });
}

async function readJson<Content>(path: string): Promise<Content> {
  return JSON.parse((await readGolden(path)).toString('utf8')) as Content;
}

/** The float32 tensors of a safetensors file: 8 bytes of header length, a JSON header, the values. */
async function readFloatTensors(path: string): Promise<Map<string, Float32Array>> {
  const bytes = await readGolden(path);
  const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, dataStart)) as Record<string, { data_offsets: [number, number] }>;
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          data_offsets: [start, end],
        },
      ]) => {
        const values = Uint8Array.from(bytes.subarray(dataStart + start, dataStart + end));
        return [name, new Float32Array(values.buffer)];
      },
    ),
  );
}

async function readGolden(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new StudioError('not-found', `The set of goldens lacks ${path}.`, {
      hint: 'Name the folder that holds the groups randaugment, decode-resize, geometry and normalize.',
      cause: error,
    });
  }
}
