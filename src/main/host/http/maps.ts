import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StudioError } from '#shared/errors.ts';
import type { Studio } from '../studio.ts';

/**
 * Sends the columns of a round's map (`/map/<round>`), or the labels of a round that it is compared with (`/map/<round>/labels`), as a
 * safetensors document: a million points are 27 MB, which JSON would make eighty.
 */
export async function sendMap(studio: Studio, path: readonly string[], response: ServerResponse): Promise<void> {
  const [round = '', part] = path;
  if (!/^\d{1,15}$/.test(round) || path.length > 2 || (part !== undefined && part !== 'labels')) {
    throw new StudioError('not-found', 'There is no such map.');
  }
  const pieces = await (part === 'labels' ? studio.maps.labels(Number(round)) : studio.maps.columns(Number(round)));
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader(
    'Content-Length',
    pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
  await pipeline(Readable.from(pieces), response);
}
