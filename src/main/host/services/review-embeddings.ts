import { openEmbeddings } from '../../audit/map/embedding-file.ts';
import type { RankInput } from '../../audit/suspicions.ts';

/** Rows read at a time: some megabytes. */
const SLICE = 4_096;

/**
 * What the network's last layer saw of some images, from a round's file. @param images ids. @returns a row each; zeros for those it does not have.
 * @throws StudioError 'corrupt' for a file that is no such.
 */
export async function roundEmbeddings(
  path: string,
  images: Float64Array,
): Promise<NonNullable<RankInput['embeddings']>> {
  const file = await openEmbeddings(path);
  try {
    const { count, size } = file;
    const ids = await file.readIds();
    const rows = new Map(Array.from(images, (image, row): [number, number] => [image, row]));
    const values = new Float32Array(images.length * size);
    for (let first = 0; first < count; first += SLICE) {
      const stored = await file.read(first, Math.min(SLICE, count - first));
      for (let place = 0; place * size < stored.length; place++) {
        const row = rows.get(ids[first + place]!);
        if (row !== undefined) values.set(stored.subarray(place * size, (place + 1) * size), row * size);
      }
    }
    return { values, size };
  } finally {
    await file.close();
  }
}
