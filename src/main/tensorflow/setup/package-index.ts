import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { StudioError } from '#shared/errors.ts';
import type { SetupContext } from './context.ts';
import { parseWheelName, type PinnedWheel } from './pins.ts';

/** Variables by which pip and uv are told which package index to use, most specific first. */
const INDEX_VARIABLES = ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL'];

/** The package index the person named, or null. No index is built in: which one a machine may use is its owner's choice. */
export function packageIndexAddress(environment: Readonly<Record<string, string | undefined>>): URL | null {
  const named = INDEX_VARIABLES.find((name) => environment[name]);
  if (named === undefined) return null;
  const address = environment[named] ?? '';
  if (!/^https?:/.test(address) || !URL.canParse(address)) {
    throw new StudioError('bad-input', `${named} is not a web address: ${address}`, {
      hint: `Set ${named} to the address of a Python package index.`,
    });
  }
  return new URL(address.endsWith('/') ? address : `${address}/`);
}

/**
 * Downloads a wheel straight from a package index (simple API, PEP 503), continuing a download that was cut short.
 *
 * @param path where the wheel goes; while unfinished it is `path`.part.
 * @throws StudioError 'unavailable' when the index cannot be reached or does not have the file.
 */
export async function downloadFromIndex(
  index: URL,
  wheel: PinnedWheel,
  path: string,
  reportBytes: (done: number) => void,
  context: SetupContext,
): Promise<void> {
  const partial = `${path}.part`;
  const have = await stat(partial).then(
    ({ size }) => size,
    () => 0,
  );
  // A part that is already long enough only missed its rename; the checksum decides what it is worth.
  if (have < wheel.bytes) await downloadRest(index, wheel, { partial, have }, reportBytes, context);
  await rename(partial, path);
}

async function downloadRest(
  index: URL,
  wheel: PinnedWheel,
  { partial, have }: { partial: string; have: number },
  reportBytes: (done: number) => void,
  context: SetupContext,
): Promise<void> {
  const projectPage = new URL(`${parseWheelName(wheel.fileName).project}/`, index);
  const page = await request(projectPage, { accept: 'text/html' }, wheel, context);
  const address = findLink(await page.text(), wheel.fileName, projectPage);
  if (address === null) throw notOnIndex(wheel);
  const response = await request(address, have === 0 ? {} : { range: `bytes=${have}-` }, wheel, context);
  if (response.body === null) throw notOnIndex(wheel);
  const continued = response.status === 206;
  let done = continued ? have : 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length;
      reportBytes(done);
      next(null, chunk);
    },
  });
  const output = createWriteStream(partial, { flags: continued ? 'a' : 'w', flush: true });
  try {
    await pipeline(
      Readable.fromWeb(response.body as ReadableStream),
      meter,
      output,
      context.signal === undefined ? {} : { signal: context.signal },
    );
  } catch (error) {
    if (context.signal?.aborted || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw unreachable(wheel, error);
  }
}

/** The address of a file on a project's page: the link whose text is the file's name. */
export function findLink(page: string, fileName: string, base: URL): URL | null {
  for (const [, , target = '', text] of page.matchAll(/<a\s[^>]*?href=(["'])(.*?)\1[^>]*>\s*([^<]*?)\s*<\/a>/gi)) {
    if (text === fileName) return new URL(target.replaceAll('&amp;', '&'), base);
  }
  return null;
}

async function request(
  address: URL,
  headers: Record<string, string>,
  wheel: PinnedWheel,
  { machine, signal }: SetupContext,
): Promise<Response> {
  const { url, authorization } = splitCredentials(address);
  const init = { headers: { ...headers, ...authorization }, ...(signal && { signal }) };
  const response = await machine.fetch(url, init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw unreachable(wheel, error);
  });
  if (response.status === 404) throw notOnIndex(wheel);
  if (!response.ok) throw unreachable(wheel, new Error(`HTTP status ${response.status}`));
  return response;
}

/** fetch refuses addresses that carry a name and password: they go into a header. */
function splitCredentials(address: URL): { url: URL; authorization: Record<string, string> } {
  if (address.username === '') return { url: address, authorization: {} };
  const url = new URL(address);
  url.username = '';
  url.password = '';
  const pair = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
  return { url, authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

function unreachable(wheel: PinnedWheel, cause: unknown): StudioError {
  return new StudioError(
    'unavailable',
    `${wheel.fileName} could not be downloaded: the package index cannot be reached.`,
    {
      hint: 'Check the network, the proxy and PIP_INDEX_URL, then run again: it continues where it stopped.',
      cause,
    },
  );
}

function notOnIndex(wheel: PinnedWheel): StudioError {
  return new StudioError('unavailable', `The package index has no ${wheel.fileName}.`, {
    hint: 'Set PIP_INDEX_URL to a full mirror of the Python package index.',
  });
}
