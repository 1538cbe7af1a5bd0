import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { StudioError, toStudioError } from '#shared/errors.ts';
import type { ImageReference } from '#shared/images.ts';
import type { TrainingManifest } from '#shared/training.ts';
import { decodeImage } from '../imaging/decode.ts';
import { writeFileAtomically } from '../interchange/atomic-file.ts';
import { type Framing, rollOf, USUAL_FRAMING } from './face-crop.ts';
import type { FaceDetector } from './face-detector.ts';

/** Pictures looked at: the medians of as many are within a percent or two of those of all. */
const SAMPLE = 96;
/** With fewer faces found than this share, the medians say nothing. */
const LEAST_SHARE = 0.25;
/** Faces that nobody turned upright lean by more than this in half of all pictures. Degrees. */
const UPRIGHT_DEGREES = 3;

const framingSchema = z.object({ faceSide: z.number().positive(), x: z.number(), y: z.number(), upright: z.boolean() });

const known = new Map<string, Promise<Framing>>();

/**
 * How faces lie in the labeled pictures that a network learned from: those of the run whose checkpoint it is. Measured once, and kept in the
 * cache. The usual framing for a network of no run.
 */
export function framingOf(
  checkpoint: string,
  { detector, cache }: { readonly detector: FaceDetector; readonly cache: string },
): Promise<Framing> {
  const manifest = join(dirname(checkpoint), 'manifest.json');
  const started = known.get(manifest) ?? keptFraming(manifest, detector, cache);
  known.set(manifest, started);
  started.catch(() => known.delete(manifest));
  return started;
}

async function keptFraming(manifest: string, detector: FaceDetector, cache: string): Promise<Framing> {
  if (!(await exists(manifest))) return USUAL_FRAMING;
  const folder = join(cache, 'framings');
  const file = join(folder, `${createHash('sha256').update(manifest).digest('hex').slice(0, 24)}.json`);
  const kept = (await exists(file)) ? framingSchema.safeParse(parseJson(await readFile(file, 'utf8'))) : null;
  if (kept?.success === true) return kept.data;
  const { labeled } = JSON.parse(await readFile(manifest, 'utf8')) as Pick<TrainingManifest, 'labeled'>;
  const framing = await measureFraming(
    labeled.map(({ reference }) => reference),
    detector,
  );
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(file, [Buffer.from(JSON.stringify(framing))]);
  return framing;
}

/** Undefined for what is not JSON: a damaged file of the cache is measured again. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw toStudioError(error);
  }
}

/** How faces lie in pictures, by the detector: medians over a sample. The usual framing where the detector finds too few. */
export async function measureFraming(pictures: readonly ImageReference[], detector: FaceDetector): Promise<Framing> {
  const sides: number[] = [];
  const columns: number[] = [];
  const rows: number[] = [];
  const rolls: number[] = [];
  const count = Math.min(SAMPLE, pictures.length);
  for (let index = 0; index < count; index++) {
    const picture = await readable(pictures[Math.floor((index * pictures.length) / count)]!);
    if (picture === null) continue;
    const [face] = await detector.detect(picture);
    if (face === undefined) continue;
    const { box, landmarks } = face;
    const side = Math.min(picture.width, picture.height);
    sides.push(Math.max(box.width, box.height) / side);
    columns.push((box.x + box.width / 2 - (picture.width - side) / 2) / side);
    rows.push((box.y + box.height / 2 - (picture.height - side) / 2) / side);
    rolls.push(Math.abs(rollOf(landmarks)));
  }
  if (sides.length === 0 || sides.length < count * LEAST_SHARE) return USUAL_FRAMING;
  return { faceSide: median(sides), x: median(columns), y: median(rows), upright: median(rolls) < UPRIGHT_DEGREES };
}

/** Null for a picture that is gone or damaged: the others tell enough. */
async function readable(reference: ImageReference): Promise<Awaited<ReturnType<typeof decodeImage>> | null> {
  try {
    return await decodeImage(reference);
  } catch (error) {
    if (error instanceof StudioError) return null;
    throw error;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
