import { StudioError } from '#shared/errors.ts';
import { float32Of } from '../../interchange/half-precision.ts';
import { readSafetensors } from '../../interchange/safetensors.ts';
import type { RankInput } from '../../audit/suspicions.ts';

/**
 * What the network's last layer saw of some images, from a round's file. @param images ids. @returns a row each; zeros for those it does not have.
 * @throws StudioError 'corrupt' for a file that is no such.
 */
export async function roundEmbeddings(
  file: string,
  images: Float64Array,
): Promise<NonNullable<RankInput['embeddings']>> {
  const { tensors } = await readSafetensors(file);
  const ids = tensors.get('ids');
  const rows = tensors.get('embeddings');
  const size = rows?.shape[1];
  if (ids === undefined || rows === undefined || size === undefined || !(ids.data instanceof BigInt64Array)) {
    throw new StudioError('corrupt', `${file} holds no embeddings of a round.`, { hint: 'Label the source again.' });
  }
  const stored = float32Of(rows, 'embeddings');
  const places = new Map(Array.from(ids.data, (id, row): [number, number] => [Number(id), row]));
  const values = new Float32Array(images.length * size);
  images.forEach((image, row) => {
    const place = places.get(image);
    if (place !== undefined) values.set(stored.subarray(place * size, (place + 1) * size), row * size);
  });
  return { values, size };
}

/** Of the vectors in two rows; 0 where one of them has no length. */
export function cosineOf({ values, size }: NonNullable<RankInput['embeddings']>, one: number, other: number): number {
  let [product, ones, others] = [0, 0, 0];
  for (let index = 0; index < size; index++) {
    const [first, second] = [values[one * size + index]!, values[other * size + index]!];
    product += first * second;
    ones += first ** 2;
    others += second ** 2;
  }
  return ones === 0 || others === 0 ? 0 : product / Math.sqrt(ones * others);
}
