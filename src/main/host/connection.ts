import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { type TRPCClient, TRPCClientError, createTRPCClient, httpLink, unstable_localLink } from '@trpc/client';
import { StudioError, type SerializedStudioError, deserializeError, toStudioError } from '#shared/errors.ts';
import { type AppRouter, appRouter } from './router.ts';
import { openHost } from './host.ts';
import type { Studio } from './studio.ts';
import { type HostAddress, openWorkspace, runningHost } from './workspace.ts';

export type StudioClient = TRPCClient<AppRouter>;

/** The studio of a workspace as the command line sees it: its own, or the one another process has open. */
export interface Connection {
  readonly client: StudioClient;
  /** Null when another process is the host. */
  readonly studio: Studio | null;
  close(): Promise<void>;
}

/**
 * Uses the host that has the workspace open; becomes its host when there is none, so that other commands reach what runs here.
 * @param log takes a line for each request that is refused.
 */
export async function connect(workspacePath: string, log: (line: string) => void): Promise<Connection> {
  const running = runningHost(openWorkspace(workspacePath));
  if (running !== null) return { client: remoteClient(running), studio: null, close: () => Promise.resolve() };
  const host = await openHost(workspacePath, { log });
  return { client: localClient(host.studio), studio: host.studio, close: () => host.close() };
}

export function localClient(studio: Studio): StudioClient {
  const createContext = (): Promise<{ studio: Studio; newWindowAddress: () => null }> =>
    Promise.resolve({ studio, newWindowAddress: () => null });
  return createTRPCClient<AppRouter>({ links: [unstable_localLink({ router: appRouter, createContext })] });
}

export function remoteClient(host: HostAddress): StudioClient {
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: 'http://studio.invalid/rpc',
        headers: { authorization: `Bearer ${host.token}` },
        fetch: (url, options) => fetchOverSocket(host.socket, new URL(String(url)), options ?? {}),
      }),
    ],
  });
}

/** Node's fetch cannot use a Unix socket; this is as much of it as tRPC's link needs. */
function fetchOverSocket(
  socketPath: string,
  url: URL,
  options: { method?: string; headers?: unknown; body?: unknown; signal?: AbortSignal | null },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        socketPath,
        path: url.pathname + url.search,
        method: options.method ?? 'GET',
        headers: Object.fromEntries(new Headers(options.headers as Record<string, string>)),
        ...(options.signal ? { signal: options.signal } : {}),
      },
      (response) => {
        const body = Readable.toWeb(response) as ReadableStream<Uint8Array>;
        resolve(new Response(body, { status: response.statusCode ?? 500 }));
      },
    );
    request.on('error', reject);
    request.end(typeof options.body === 'string' ? options.body : undefined);
  });
}

/** What the socket of a host that ended answers. */
const HOST_IS_GONE: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** The studio's own error inside what a tRPC client throws. */
export function errorOfClient(thrown: unknown): StudioError {
  if (!(thrown instanceof TRPCClientError)) return toStudioError(thrown);
  const data: unknown = thrown.data;
  if (typeof data === 'object' && data !== null && 'studio' in data)
    return deserializeError(data.studio as SerializedStudioError);
  const { code } = (thrown.cause ?? {}) as NodeJS.ErrnoException;
  if (code !== undefined && HOST_IS_GONE.has(code)) {
    return new StudioError('unavailable', 'The studio that had this workspace open was closed meanwhile.', {
      hint: 'Run the command again; a run it was training goes on with `train --resume RUN`.',
      cause: thrown,
    });
  }
  return toStudioError(thrown.cause ?? thrown);
}
