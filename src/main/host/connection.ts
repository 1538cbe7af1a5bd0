import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TRPCClient, TRPCClientError, createTRPCClient, httpLink, unstable_localLink } from '@trpc/client';
import { StudioError, type SerializedStudioError, deserializeError, toStudioError } from '#shared/errors.ts';
import { type AppRouter, appRouter } from './router.ts';
import { openHost } from './host.ts';
import { type Studio, createStudio } from './studio.ts';
import { type HostAddress, openWorkspace, servingHost } from './workspace.ts';

export type StudioClient = TRPCClient<AppRouter>;

/** The studio of a workspace as the command line sees it: its own, or the one another process has open. */
export interface Connection {
  readonly client: StudioClient;
  /** Null when another process is the host. */
  readonly studio: Studio | null;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Long work: other commands reach it here meanwhile, to pause it or to look. Brief commands are not worth reaching. */
  readonly serves: boolean;
  /** Takes a line for each request that is refused. */
  readonly log: (line: string) => void;
}

/** How long two commands that want the same workspace at the same moment try, and how often. */
const ATTEMPTS = 200;
const ATTEMPT_MILLISECONDS = 50;

/** Uses the host that has the workspace open; opens the workspace here when there is none. */
export async function connect(workspacePath: string, { serves, log }: ConnectOptions): Promise<Connection> {
  for (let attempt = 1; ; attempt++) {
    const running = await servingHost(openWorkspace(workspacePath));
    if (running !== null) return { client: remoteClient(running), studio: null, close: () => Promise.resolve() };
    try {
      const { studio, close } = serves ? await openHost(workspacePath, { log }) : briefStudio(workspacePath);
      return { client: localClient(studio), studio, close };
    } catch (error) {
      // Another command was faster: it is the host then, or is waited for.
      if (!(error instanceof StudioError && error.code === 'conflict') || attempt === ATTEMPTS) throw error;
      await sleep(ATTEMPT_MILLISECONDS);
    }
  }
}

function briefStudio(workspace: string): { studio: Studio; close: () => Promise<void> } {
  const studio = createStudio({ workspace });
  return { studio, close: () => studio.close() };
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
