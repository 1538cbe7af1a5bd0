import { createHash, randomInt } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { toStudioError } from '#shared/errors.ts';
import type { ImageReference, ManifestImage } from '#shared/images.ts';
import type { ImageReport, ImageSample } from './protocol.ts';

/** Images whose bytes are compared. */
const SAMPLE = 48;
/** Files looked for at a time: a network drive answers each in a millisecond or more. */
const AT_ONCE = 64;

/** Some of a run's images with the digests of their bytes, which every worker must have too; others each time. @throws StudioError 'not-found'. */
export async function sampleImages(images: readonly ManifestImage[]): Promise<ImageSample[]> {
  if (images.length === 0) return [];
  const chosen = new Set(Array.from({ length: SAMPLE }, () => randomInt(images.length)));
  return Promise.all(Array.from(chosen, (index) => sampleOf(images[index]!.reference)));
}

async function sampleOf({ path, offset = 0, length }: ImageReference): Promise<ImageSample> {
  const place = { path, offset, length: length ?? null };
  try {
    return { ...place, sha256: await digest(place) };
  } catch (error) {
    throw toStudioError(error);
  }
}

/** Looks for every file of a run's images, and compares those of the sample. @param images as they are called here; so is the sample. */
export async function checkImages(
  images: readonly ManifestImage[],
  sample: readonly ImageSample[],
): Promise<ImageReport> {
  const files = [...new Set(images.map(({ reference }) => reference.path))];
  const missing: string[] = [];
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const found = await Promise.all(
      files.slice(from, from + AT_ONCE).map(async (file) => ({ file, there: await isThere(file) })),
    );
    missing.push(...found.filter(({ there }) => !there).map(({ file }) => file));
  }
  const gone = new Set(missing);
  const different: string[] = [];
  for (const image of sample) {
    if (!gone.has(image.path) && (await digest(image).catch(() => null)) !== image.sha256) different.push(image.path);
  }
  return {
    files: files.length,
    missing: missing.length,
    different: different.length,
    example: missing[0] ?? different[0] ?? null,
  };
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}

async function digest({ path, offset, length }: Omit<ImageSample, 'sha256'>): Promise<string> {
  const hash = createHash('sha256');
  const range = length === null ? {} : { start: offset, end: offset + length - 1 };
  await pipeline(createReadStream(path, range), hash);
  return hash.digest('hex');
}
