import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ExportedImage } from '#shared/export.ts';
import type { ExportTask } from '#main/exporters/exporter.ts';

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-export-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A labeled image; what a test cares for is given. */
export function exportedImage(image: Partial<ExportedImage> & { id: number }): ExportedImage {
  return {
    source: 'faces',
    split: 'train',
    label: 0,
    identity: null,
    reference: { path: `/data/faces/${image.id}.png`, encoding: 'file' },
    width: 48,
    height: 40,
    excluded: false,
    ...image,
  };
}

/** A task over images in batches of two, with the progress that was told. */
export function exportTask(
  target: string,
  images: readonly ExportedImage[],
  signal = new AbortController().signal,
): ExportTask & { readonly progress: number[] } {
  const progress: number[] = [];
  const batches = async function* (): AsyncGenerator<readonly ExportedImage[]> {
    for (let from = 0; from < images.length; from += 2) yield await Promise.resolve(images.slice(from, from + 2));
  };
  return { target, images: batches(), signal, onProgress: (done) => void progress.push(done), progress };
}

/** All files below a folder, with forward slashes, in the order of their names. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(folder, path).replaceAll('\\', '/'))
    .sort();
}
