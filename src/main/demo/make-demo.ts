import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { drawFace } from './draw-face.ts';
import type { DemoSet, DemoSizes, PlannedImage } from './plan.ts';
import { DEFAULT_DEMO_SIZES, describeFace, planDemo } from './plan.ts';
import { encodePng } from '../imaging/png.ts';

/** Side of the demo's pictures, pixels. */
export const DEMO_IMAGE_SIZE = 64;
/** Raise when a change makes the same seed draw other bytes, so that no folder mixes two ways of drawing. */
const DRAWING_VERSION = 1;
/** Images between two notes of how far it is: an interrupted run draws at most this many again. */
const BATCH = 64;
const MARKER = 'demo.json';
const TRUTH = 'truth.csv';

export interface DemoProgress {
  readonly done: number;
  readonly total: number;
  /** Images a second since this call began. */
  readonly imagesPerSecond: number;
}

export interface DemoRequest {
  /** Folder to draw into; made when it is missing. */
  readonly directory: string;
  readonly seed: number;
  readonly sizes?: DemoSizes;
  readonly onProgress?: (progress: DemoProgress) => void;
  readonly signal?: AbortSignal;
}

export interface DemoResult {
  /** Class folders below `train`, `validation` and `test`. */
  readonly labeled: { readonly root: string; readonly counts: Readonly<Record<Exclude<DemoSet, 'unlabeled'>, number>> };
  /** One folder a person; no labels. */
  readonly unlabeled: { readonly root: string; readonly count: number; readonly people: number };
  /** True classes of the unlabeled images, for scoring pseudo labels: lines `path,label`, paths relative to `directory`. */
  readonly truth: string;
  readonly images: number;
  /** How many of them this call drew; the others were there. */
  readonly drawn: number;
  readonly seconds: number;
}

interface Marker {
  readonly version: number;
  readonly seed: number;
  readonly sizes: DemoSizes;
  /** Images, in the plan's order, that are known to be whole. */
  readonly done: number;
}

/**
 * Draws the demo's data sets. An interrupted call is continued by the next one with the same arguments; a finished demo only gets back the
 * images that have gone missing.
 * @throws StudioError `conflict` when the folder holds something else or a demo of other arguments, `cancelled` when the signal fires,
 * `bad-input` for sizes that are no whole numbers above 0, `no-space` when the disk is full.
 */
export async function makeDemo({
  directory,
  seed,
  sizes = DEFAULT_DEMO_SIZES,
  onProgress,
  signal,
}: DemoRequest): Promise<DemoResult> {
  checkSizes(sizes);
  const started = performance.now();
  const plan = planDemo(seed, sizes);
  const result = (drawn: number): DemoResult => summarize(directory, plan, drawn, (performance.now() - started) / 1000);
  try {
    const whole = await openFolder(directory, seed, sizes);
    const todo = await unfinished(directory, plan, whole);
    await prepareFolders(directory, todo, plan);
    for (let start = 0; start < todo.length; start += BATCH) {
      throwIfCancelled(signal, plan.length - todo.length + start, plan.length);
      const batch = todo.slice(start, start + BATCH);
      await Promise.all(batch.map((image) => writeImage(directory, seed, image)));
      const next = todo[start + BATCH];
      await writeMarker(directory, {
        version: DRAWING_VERSION,
        seed,
        sizes,
        done: Math.max(whole, next?.number ?? plan.length),
      });
      const drawn = start + batch.length;
      const imagesPerSecond = (drawn / (performance.now() - started)) * 1000;
      onProgress?.({ done: plan.length - todo.length + drawn, total: plan.length, imagesPerSecond });
    }
    return result(todo.length);
  } catch (error) {
    throw toStudioError(error);
  }
}

function checkSizes(sizes: DemoSizes): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new StudioError('bad-input', `The demo's size "${name}" is ${size}.`, {
        hint: 'Give a whole number above 0.',
      });
    }
  }
}

/** Makes the folder, or finds the demo in it. @returns how many images are known to be whole. */
async function openFolder(directory: string, seed: number, sizes: DemoSizes): Promise<number> {
  await mkdir(directory, { recursive: true });
  const marker = await readMarker(directory);
  if (marker === undefined) {
    if ((await readdir(directory)).length > 0) {
      throw new StudioError('conflict', `${directory} holds files that are not of the demo.`, {
        hint: 'Choose an empty folder.',
      });
    }
    await writeMarker(directory, { version: DRAWING_VERSION, seed, sizes, done: 0 });
    return 0;
  }
  const same = Object.entries(sizes).every(([name, size]) => marker.sizes[name as keyof DemoSizes] === size);
  if (marker.version !== DRAWING_VERSION || marker.seed !== seed || !same) {
    throw new StudioError(
      'conflict',
      `${directory} holds a demo drawn with another seed, other sizes or another version.`,
      {
        hint: `It was drawn with seed ${marker.seed}. Choose another folder, or delete this one to draw it anew.`,
      },
    );
  }
  return marker.done;
}

/** Images not yet drawn, and those that were and have gone. */
async function unfinished(directory: string, plan: readonly PlannedImage[], whole: number): Promise<PlannedImage[]> {
  const present = await Promise.all(plan.slice(0, whole).map(({ path }) => exists(join(directory, path))));
  return plan.filter(({ number }) => present[number] !== true);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
      throw error;
    },
  );
}

async function prepareFolders(
  directory: string,
  todo: readonly PlannedImage[],
  plan: readonly PlannedImage[],
): Promise<void> {
  for (const folder of new Set(todo.map(({ path }) => dirname(path))))
    await mkdir(join(directory, folder), { recursive: true });
  const truth = plan.filter(({ set }) => set === 'unlabeled').map(({ path, label }) => `${path},${label}\n`);
  await writeFile(join(directory, TRUTH), `path,label\n${truth.join('')}`);
}

async function writeImage(directory: string, seed: number, image: PlannedImage): Promise<void> {
  await writeFile(join(directory, image.path), encodePng(drawFace(describeFace(seed, image), DEMO_IMAGE_SIZE)));
}

function throwIfCancelled(signal: AbortSignal | undefined, done: number, total: number): void {
  if (signal?.aborted !== true) return;
  throw new StudioError('cancelled', `Drawing the demo was stopped after ${done} of ${total} images.`, {
    hint: 'Start it again to go on from there.',
  });
}

async function readMarker(directory: string): Promise<Marker | undefined> {
  const path = join(directory, MARKER);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const marker = JSON.parse(text) as Partial<Marker>;
    if (!Number.isSafeInteger(marker.done) || typeof marker.sizes !== 'object')
      throw new TypeError('fields are missing');
    return marker as Marker;
  } catch (cause) {
    throw new StudioError('corrupt', `${path} is damaged.`, {
      hint: 'Delete the folder to draw the demo anew.',
      cause,
    });
  }
}

/** By way of a second file, so that a crash leaves the old marker or the new one, never half of one. */
async function writeMarker(directory: string, marker: Marker): Promise<void> {
  const path = join(directory, MARKER);
  await writeFile(`${path}.new`, `${JSON.stringify(marker, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

function summarize(directory: string, plan: readonly PlannedImage[], drawn: number, seconds: number): DemoResult {
  const count = (wanted: DemoSet): number => plan.filter(({ set }) => set === wanted).length;
  const people = new Set(plan.filter(({ set }) => set === 'unlabeled').map(({ person }) => person)).size;
  return {
    labeled: {
      root: join(directory, 'labeled'),
      counts: { train: count('train'), validation: count('validation'), test: count('test') },
    },
    unlabeled: { root: join(directory, 'unlabeled'), count: count('unlabeled'), people },
    truth: join(directory, TRUTH),
    images: plan.length,
    drawn,
    seconds,
  };
}
