import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { RgbImage } from '#main/imaging/image.ts';
import { RandomStream } from '#shared/random.ts';

export const GOLDEN_INPUTS = join(import.meta.dirname, '..', '..', 'goldens', 'decode-resize', 'input');

/** A folder for the files of one test file, removed at its end. */
export function temporaryFolder(): (name: string, bytes: Uint8Array | string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'imaging-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  return (name, bytes) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
}

/** Random pixels, the same for the same seed. */
export function noise(width: number, height: number, seed = 0): RgbImage {
  const random = new RandomStream(seed, 'demo', 0, width * height);
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
}

export function digest(values: Uint8Array | Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}
