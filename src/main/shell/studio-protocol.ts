import { type IncomingMessage, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import type { CustomScheme } from 'electron';
import { StudioError } from '#shared/errors.ts';
import type { HostAddress } from './host-process.ts';
import { STUDIO_HOST, STUDIO_SCHEME } from './studio-address.ts';

/** Must be registered before Electron is ready. */
export const STUDIO_PRIVILEGES: CustomScheme = {
  scheme: STUDIO_SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
};

/** Used where the host names no policy, such as the shell's own error answers. */
const STRICT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** About the connection between host and shell, which ends here. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

const STATUSES_WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** The status of an answer the shell gives in the host's place. */
export const HOST_UNAVAILABLE_STATUS = 503;

/**
 * Handles requests to `studio://app/…` by passing them to the host over its socket, with its token. Bodies stream both ways and are never
 * held whole; ranges, caching and errors are the host's own. Waits while the host starts; when there is none, answers 503 in words.
 *
 * @param hostAddress where the host listens; may settle late, rejects with a StudioError when there is no host.
 */
export function forwardTo(hostAddress: () => Promise<HostAddress>): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    if (url.host !== STUDIO_HOST) return textResponse(404, `There is nothing at ${url.host}.`);
    try {
      return await forward(request, url, await hostAddress());
    } catch (thrown) {
      const error =
        thrown instanceof StudioError
          ? thrown
          : new StudioError('unavailable', 'The studio’s host does not answer.', {
              hint: 'It is being restarted; try again in a moment.',
              cause: thrown,
            });
      return textResponse(HOST_UNAVAILABLE_STATUS, [error.message, error.hint].filter(Boolean).join('\n'));
    }
  };
}

function forward(request: Request, url: URL, host: HostAddress): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        socketPath: host.socket,
        method: request.method,
        path: url.pathname + url.search,
        headers: {
          ...Object.fromEntries(request.headers),
          host: url.host,
          authorization: `Bearer ${host.token}`,
          // Chromium decodes no content encoding on a scheme of our own.
          'accept-encoding': 'identity',
        },
        // A connection kept from before would be dead after a restart of the host; a new one costs microseconds.
        agent: false,
      },
      (incoming) => resolve(responseOf(incoming)),
    );
    outgoing.on('error', reject);
    if (request.body === null) {
      outgoing.end();
      return;
    }
    const body = Readable.fromWeb(request.body as NodeReadableStream<Uint8Array>);
    body.on('error', (error) => outgoing.destroy(error));
    body.pipe(outgoing);
  });
}

function responseOf(incoming: IncomingMessage): Response {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index]!;
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) headers.append(name, incoming.rawHeaders[index + 1]!);
  }
  const status = incoming.statusCode!;
  if (STATUSES_WITHOUT_BODY.has(status)) {
    incoming.resume();
    return withPolicy(null, status, headers);
  }
  // Chromium cancels this stream when the page closes an event source, which destroys the connection and tells the host.
  return withPolicy(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, status, headers);
}

function textResponse(status: number, text: string): Response {
  return withPolicy(
    text,
    status,
    new Headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }),
  );
}

/** Every answer the window gets goes through here, so that none is without a policy. */
function withPolicy(body: BodyInit | null, status: number, headers: Headers): Response {
  if (!headers.has('content-security-policy')) headers.set('content-security-policy', STRICT_POLICY);
  return new Response(body, { status, headers });
}
