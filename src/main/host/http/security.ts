import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { StudioError } from '#shared/errors.ts';

/** Failed sign-ins allowed a minute, over all callers: a person mistypes twice, a guesser tries thousands. */
const FAILED_SIGN_INS_PER_MINUTE = 10;

/**
 * Who may talk to the host. A launch token is printed once and exchanged once for the bearer token every other request must carry. Image
 * addresses cannot carry a header, so they hold a key derived from the bearer token that opens images and nothing else.
 */
export class Access {
  readonly bearer: string;
  readonly imageKey: string;
  #launch: string | undefined;
  readonly #failures: number[] = [];

  constructor(bearer: string) {
    this.bearer = bearer;
    this.imageKey = createHmac('sha256', bearer).update('images').digest('base64url');
  }

  /** A new one-time token; the one before it is void. */
  newLaunchToken(): string {
    this.#launch = randomBytes(32).toString('base64url');
    return this.#launch;
  }

  /** Exchanges the launch token for the bearer token. @throws unauthorized when it is wrong, used, or tried too often. */
  exchange(launch: string, now: number = Date.now()): { token: string; imageKey: string } {
    while (this.#failures.length > 0 && now - this.#failures[0]! > 60_000) this.#failures.shift();
    if (this.#failures.length >= FAILED_SIGN_INS_PER_MINUTE) {
      throw new StudioError('unauthorized', 'Too many wrong sign-ins.', { hint: 'Wait a minute.' });
    }
    if (this.#launch === undefined || !sameText(launch, this.#launch)) {
      this.#failures.push(now);
      throw new StudioError('unauthorized', 'This address was used already or is not of this studio.', {
        hint: 'Open the address the studio prints when it starts.',
      });
    }
    this.#launch = undefined;
    return { token: this.bearer, imageKey: this.imageKey };
  }

  allowsRequest(request: IncomingMessage, url: URL): boolean {
    const header = request.headers.authorization;
    if (header?.startsWith('Bearer ') === true) return sameText(header.slice('Bearer '.length), this.bearer);
    // An EventSource cannot set headers: tRPC carries its connection parameters in the query.
    const parameters = url.searchParams.get('connectionParams');
    return parameters !== null && sameText(tokenOf(parameters), this.bearer);
  }

  allowsImage(url: URL): boolean {
    return sameText(url.searchParams.get('key') ?? '', this.imageKey);
  }
}

function tokenOf(connectionParameters: string): string {
  try {
    const parsed: unknown = JSON.parse(connectionParameters);
    return typeof parsed === 'object' && parsed !== null && 'token' in parsed && typeof parsed.token === 'string'
      ? parsed.token
      : '';
  } catch {
    return ''; // not JSON, so it holds no token: refused like a wrong one
  }
}

/** Compares without telling by its time how much was right. */
function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Refuses requests that a foreign page could cause: a Host that is not ours (DNS rebinding) and an Origin that is not ours.
 *
 * @param allowedHosts lower-case `host:port` values; empty on a Unix socket, which no browser page reaches.
 */
export function checkOrigin(request: IncomingMessage, allowedHosts: ReadonlySet<string>): void {
  if (allowedHosts.size === 0) return;
  const host = request.headers.host?.toLowerCase() ?? '';
  if (!allowedHosts.has(host))
    throw new StudioError('unauthorized', `The host “${host.slice(0, 100)}” is not this studio.`);
  const origin = request.headers.origin?.toLowerCase();
  if (origin !== undefined && !(URL.canParse(origin) && allowedHosts.has(new URL(origin).host))) {
    throw new StudioError('unauthorized', `The page ${origin.slice(0, 100)} may not use this studio.`);
  }
  if (request.headers['sec-fetch-site'] === 'cross-site' && request.headers['sec-fetch-mode'] !== 'navigate') {
    throw new StudioError('unauthorized', 'Another page may not use this studio.');
  }
}

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Permissions-Policy', 'geolocation=(), microphone=(), camera=(self)');
  response.setHeader('Cache-Control', 'no-store');
}
