import { createReadStream, realpathSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StudioError } from '#shared/errors.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Sends a file of the built UI. Any path that is no file gets index.html, since places of the UI are routes of the page.
 *
 * @param path decoded path of the address, beginning with a slash.
 */
export async function sendUiFile(root: string, path: string, response: ServerResponse): Promise<void> {
  const isAsset = path.startsWith('/assets/');
  const file = existingFile(root, path) ?? (isAsset ? undefined : existingFile(root, '/index.html'));
  if (file === undefined && isAsset) throw new StudioError('not-found', `There is no ${path} in the user interface.`);
  if (file === undefined) {
    throw new StudioError('unavailable', 'The user interface is not built.', {
      hint: 'Run `npm start`, or `npm run build`.',
    });
  }
  response.setHeader('Content-Type', CONTENT_TYPES[extname(file)] ?? 'application/octet-stream');
  // Vite puts a hash of the content into the name of everything under /assets.
  if (isAsset) response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  response.setHeader('Content-Length', statSync(file).size);
  await pipeline(createReadStream(file), response);
}

function existingFile(root: string, path: string): string | undefined {
  try {
    const realRoot = realpathSync(root);
    const file = realpathSync(join(realRoot, path));
    return file.startsWith(realRoot + sep) && statSync(file).isFile() ? file : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ERR_INVALID_ARG_VALUE' || code === 'ENAMETOOLONG')
      return undefined;
    throw error;
  }
}
