import type { ManifestImage } from '#shared/images.ts';

/** Images that go through a network at a time. */
export const EVALUATION_BATCH = 64;

/** @param index which batch of them. */
export function batchOf(images: readonly ManifestImage[], index: number): readonly ManifestImage[] {
  return images.slice(index * EVALUATION_BATCH, (index + 1) * EVALUATION_BATCH);
}

/** One row of a matrix, not a copy. @param width numbers of a row. */
export function rowOf(values: Float32Array, row: number, width: number): Float32Array {
  return values.subarray(row * width, (row + 1) * width);
}

/** Rows one behind the other. */
export function concatenated(rows: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  rows.reduce((offset, row) => (whole.set(row, offset), offset + row.length), 0);
  return whole;
}
