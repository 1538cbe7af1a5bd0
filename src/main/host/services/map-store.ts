import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StudioError } from '#shared/errors.ts';
import { type MapSettings, mapSettingsSchema } from '#shared/map.ts';
import { openSafetensorsFile, readSafetensors, writeSafetensors } from '../../interchange/safetensors.ts';
import type { ImageMap } from '../../audit/map/map-thread.ts';

const FILE = 'map.safetensors';
const DESCRIPTION = 'map';
/** Of a file of embeddings, that many places are looked at, each so long. */
const LOOKED_AT = 256;
const LOOKED_BYTES = 4_096;

const descriptionSchema = mapSettingsSchema.extend({
  /** Of the embeddings it was made of. */
  embeddings: z.string(),
});
export type MapDescription = z.infer<typeof descriptionSchema>;

/** A map in ascending order of its images. */
export interface StoredMap {
  readonly ids: Float64Array;
  /** [N×2] */
  readonly positions: Float32Array;
  readonly isLandmark: Uint8Array;
}

/**
 * The map of a round in its folder: `map.safetensors` with `ids`, int64 [N], `positions`, float32 [N×2] within -1 … 1, `landmark`, uint8 [N] (1 where
 * UMAP laid the point out, 0 where it was placed between those), and how it was made as JSON in the metadata.
 */
export async function writeMap(folder: string, map: ImageMap, description: MapDescription): Promise<void> {
  const order = Uint32Array.from(map.ids, (_, row) => row).sort((one, other) => map.ids[one]! - map.ids[other]!);
  const count = order.length;
  const positions = new Float32Array(count * 2);
  order.forEach((row, place) => positions.set(map.positions.subarray(2 * row, 2 * row + 2), 2 * place));
  await writeSafetensors(
    join(folder, FILE),
    new Map([
      ['ids', { dtype: 'I64', shape: [count], data: BigInt64Array.from(order, (row) => BigInt(map.ids[row]!)) }],
      ['positions', { dtype: 'F32', shape: [count, 2], data: positions }],
      ['landmark', { dtype: 'U8', shape: [count], data: Uint8Array.from(order, (row) => map.isLandmark[row]!) }],
    ]),
    { [DESCRIPTION]: JSON.stringify(description) },
  );
}

/** How the map in a folder was made; null when there is none. @throws StudioError 'corrupt' for a file of something else. */
export async function describeMap(folder: string): Promise<MapDescription | null> {
  const path = join(folder, FILE);
  if (!existsSync(path)) return null;
  const file = await openSafetensorsFile(path);
  try {
    return descriptionOf(file.metadata, path);
  } finally {
    await file.close();
  }
}

/** @throws StudioError 'not-found' when there is none, 'corrupt' for a file of something else. */
export async function readMap(folder: string): Promise<StoredMap & { readonly settings: MapSettings }> {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    throw new StudioError('not-found', 'The round has no map yet.', {
      hint: 'Make it first.',
      commandLine: '`rounds map`',
    });
  }
  const { tensors, metadata } = await readSafetensors(path);
  const settings = descriptionOf(metadata, path);
  const ids = tensors.get('ids')?.data;
  const positions = tensors.get('positions')?.data;
  const isLandmark = tensors.get('landmark')?.data;
  if (
    !(ids instanceof BigInt64Array && positions instanceof Float32Array && isLandmark instanceof Uint8Array) ||
    positions.length !== 2 * ids.length ||
    isLandmark.length !== ids.length
  ) {
    throw damaged(path);
  }
  return { ids: Float64Array.from(ids, Number), positions, isLandmark, settings };
}

/** What tells embeddings from others without reading all of them: their number, and some hundred places in between. */
export async function fingerprintOf(path: string): Promise<string> {
  await using file: FileHandle = await open(path, 'r');
  const { size } = await file.stat();
  const hash = createHash('sha256').update(String(size));
  const piece = Buffer.alloc(LOOKED_BYTES);
  const last = Math.max(0, size - LOOKED_BYTES);
  for (let look = 0; look < LOOKED_AT; look++) {
    const position = Math.floor((last * look) / (LOOKED_AT - 1));
    const { bytesRead } = await file.read(piece, 0, LOOKED_BYTES, position);
    hash.update(piece.subarray(0, bytesRead));
  }
  return hash.digest('hex');
}

function descriptionOf(metadata: Readonly<Record<string, string>>, path: string): MapDescription {
  let described: unknown;
  try {
    described = JSON.parse(metadata[DESCRIPTION] ?? 'null');
  } catch (error) {
    throw damaged(path, error);
  }
  const description = descriptionSchema.safeParse(described);
  if (description.success) return description.data;
  throw damaged(path, description.error);
}

function damaged(path: string, cause?: unknown): StudioError {
  return new StudioError('corrupt', `${path} is no map of a round.`, { hint: 'Make the map again.', cause });
}
