import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { z } from 'zod';
import { StudioError, type StudioErrorCode, toStudioError } from '#shared/errors.ts';
import { appRouter } from '../router.ts';
import type { Studio } from '../studio.ts';
import { sendUiFile } from './files.ts';
import { sendImage, sizeOf } from './images.ts';
import { sendMap } from './maps.ts';
import type { Access } from './security.ts';
import { checkOrigin, setSecurityHeaders } from './security.ts';
import { receiveUpload } from './uploads.ts';

const LARGEST_RPC_BYTES = 8 * 2 ** 20;
const LARGEST_SESSION_BYTES = 4096;

/** HTTP status of what is refused outside tRPC. */
const STATUSES: Partial<Record<StudioErrorCode, number>> = {
  usage: 400,
  'bad-input': 400,
  'not-found': 404,
  unauthorized: 401,
  conflict: 409,
  corrupt: 422,
  unsupported: 422,
  unavailable: 503,
};

export interface HttpOptions {
  readonly studio: Studio;
  readonly access: Access;
  /** Folder of the built UI. */
  readonly ui: string;
  readonly newWindowAddress: () => string | null;
  /** Where a refused request is noted. */
  readonly log: (line: string) => void;
}

export interface Listening {
  readonly server: Server;
  close(): Promise<void>;
}

/** Listens on a Unix socket or named pipe: whoever reaches it is this user, and still shows the token. */
export async function listenOnSocket(options: HttpOptions, socket: string): Promise<Listening> {
  const server = createServer((request, response) => void answer(options, new Set(), request, response));
  await listen(server, { path: socket });
  return { server, close: () => closeServer(server) };
}

/** How a studio is reached from other machines: encrypted by itself, or by a proxy in front of it. */
export interface Exposure {
  /** PEM; null where the proxy encrypts. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  /** As browsers know it: a name, with a port where the proxy has one of its own. */
  readonly name: string;
}

/** Listens on TCP. @param exposure null: for this machine alone. @returns the port got, when 0 was asked for. */
export async function listenOnPort(
  options: HttpOptions,
  host: string,
  port: number,
  exposure: Exposure | null = null,
): Promise<Listening & { readonly port: number }> {
  const allowedHosts = new Set<string>();
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(options, allowedHosts, request, response);
  const tls = exposure?.tls ?? null;
  const server = tls === null ? createServer(onRequest) : createSecureServer(tls, onRequest);
  await listen(server, { host, port });
  const actual = (server.address() as AddressInfo).port;
  for (const name of [host, '127.0.0.1', 'localhost', '[::1]']) allowedHosts.add(`${name.toLowerCase()}:${actual}`);
  if (exposure !== null) allowedHosts.add(tls === null ? exposure.name : `${exposure.name}:${actual}`);
  return { server, port: actual, close: () => closeServer(server) };
}

async function answer(
  options: HttpOptions,
  allowedHosts: ReadonlySet<string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  setSecurityHeaders(response);
  try {
    checkOrigin(request, allowedHosts);
    await route(options, request, response);
  } catch (thrown) {
    const error = toStudioError(thrown);
    options.log(`${request.method} ${(request.url ?? '').split('?')[0]}: ${error.message}`);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // What is left of a refused body is not read as the next request, nor read at all.
    if (!request.complete) response.shouldKeepAlive = false;
    response.statusCode = STATUSES[error.code] ?? 500;
    sendJson(response, error.toJSON());
  }
}

async function route(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { studio, access, ui } = options;
  const url = addressOf(request);
  const [, first, ...rest] = url.pathname.split('/');
  switch (first) {
    case 'rpc':
      if (!access.allowsRequest(request, url)) throw unauthorized();
      return nodeHTTPRequestHandler({
        req: request,
        res: response,
        path: rest.join('/'),
        router: appRouter,
        createContext: () => ({ studio, newWindowAddress: options.newWindowAddress }),
        maxBodySize: LARGEST_RPC_BYTES,
      });
    case 'image':
      if (!access.allowsImage(url) && !access.allowsRequest(request, url)) throw unauthorized();
      return sendImage(studio, imageId(rest), sizeOf(url.searchParams.get('size')), response);
    case 'map':
      requireMethod(request, 'GET');
      if (!access.allowsRequest(request, url)) throw unauthorized();
      return sendMap(studio, rest, response);
    case 'upload':
      requireMethod(request, 'POST');
      if (!access.allowsRequest(request, url)) throw unauthorized();
      return sendJson(response, await receiveUpload(studio.workspace, request));
    case 'session':
      requireMethod(request, 'POST');
      return sendJson(response, await signIn(access, request, url));
    default:
      requireMethod(request, 'GET');
      return sendUiFile(ui, decodePath(url.pathname), response);
  }
}

function addressOf(request: IncomingMessage): URL {
  const address = URL.parse(request.url ?? '/', 'http://studio.invalid');
  if (address === null) throw new StudioError('usage', 'The address is not well formed.');
  return address;
}

/** Exchanges the launch token; a caller that shows the bearer token already (the desktop shell) gets the same answer. */
async function signIn(
  access: Access,
  request: IncomingMessage,
  url: URL,
): Promise<{ token: string; imageKey: string }> {
  if (access.allowsRequest(request, url)) return { token: access.bearer, imageKey: access.imageKey };
  const body = z.object({ launch: z.string().max(200) }).safeParse(await readJson(request, LARGEST_SESSION_BYTES));
  if (!body.success) throw unauthorized();
  return access.exchange(body.data.launch);
}

async function readJson(request: IncomingMessage, largest: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > largest) throw new StudioError('bad-input', 'The request is too large.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new StudioError('usage', 'The request is not JSON.', { cause: error });
  }
}

function imageId(rest: readonly string[]): number {
  if (rest.length !== 1 || !/^\d{1,15}$/.test(rest[0]!)) throw new StudioError('not-found', 'There is no such image.');
  return Number(rest[0]);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new StudioError('usage', 'The address is not well formed.', { cause: error });
  }
}

function requireMethod(request: IncomingMessage, method: 'GET' | 'POST'): void {
  if (request.method !== method && !(method === 'GET' && request.method === 'HEAD')) {
    throw new StudioError('usage', `This address takes ${method} only.`);
  }
}

const unauthorized = (): StudioError =>
  new StudioError('unauthorized', 'This window is not signed in.', {
    hint: 'Open the address the studio prints when it starts.',
  });

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}

function listen(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const place = 'path' in where ? where.path : `${where.host}:${where.port}`;
      const inUse = error.code === 'EADDRINUSE';
      reject(
        new StudioError(
          'unavailable',
          inUse ? `${place} is used by another program.` : `The studio cannot listen on ${place}: ${error.message}.`,
          {
            hint: 'Choose another --port (0 takes a free one).',
            cause: error,
          },
        ),
      );
    });
    server.listen(where, resolve);
  });
}

/** What is being answered may end; a stream of events never does and is cut. */
const LAST_ANSWERS_MILLISECONDS = 1_000;

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MILLISECONDS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
