import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StudioError } from '#shared/errors.ts';
import type { Workspace } from '../workspace.ts';

const LARGEST_BYTES = 64 * 2 ** 20;
const KEPT_MILLISECONDS = 24 * 3_600_000;

const folderOf = (workspace: Workspace): string => join(workspace.cacheDirectory, 'uploads');

export function uploadedFile(workspace: Workspace, upload: string): string {
  return join(folderOf(workspace), upload);
}

/** Takes the body of a request as a picture to predict; kept for a day. */
export async function receiveUpload(workspace: Workspace, request: IncomingMessage): Promise<{ upload: string }> {
  // Who says so is told before the first byte is read; others are stopped while they send.
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BYTES) throw tooLarge();
  const folder = folderOf(workspace);
  mkdirSync(folder, { recursive: true });
  removeOld(folder);
  const upload = randomBytes(24).toString('base64url');
  const file = join(folder, upload);
  let received = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > LARGEST_BYTES) done(tooLarge());
      else done(null, chunk);
    },
  });
  try {
    await pipeline(request, limit, createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  return { upload };
}

const tooLarge = (): StudioError =>
  new StudioError('bad-input', `The picture is larger than ${LARGEST_BYTES / 2 ** 20} MB.`);

function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (Date.now() - statSync(file).mtimeMs > KEPT_MILLISECONDS) rmSync(file, { force: true });
  }
}
