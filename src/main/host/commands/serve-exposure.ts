import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { createSecureContext } from 'node:tls';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { isLoopback } from '#shared/network-address.ts';
import type { Exposure } from '../http/server.ts';

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly expose: boolean;
  readonly tls?: string;
  readonly behind?: string;
  readonly name?: string;
}

/** Addresses that mean all of a machine's. */
const ALL_ADDRESSES: readonly string[] = ['0.0.0.0', '::'];

/**
 * How other machines reach a studio that is served.
 * @returns undefined: they do not. @throws StudioError 'usage' for an address beyond this machine without what keeps its connections from being
 * read, 'bad-input' for files that are no certificate and its key.
 */
export function exposureOf({ host, expose, tls, behind, name }: ServeOptions): Exposure | undefined {
  if (!expose) {
    if (isLoopback(host) && tls === undefined && behind === undefined && name === undefined) return undefined;
    throw new StudioError('usage', `On ${host} other machines would reach the studio, or are meant to.`, {
      hint: 'Say --expose with --tls CERTIFICATE,KEY or --behind https://NAME. Without either, use a tunnel: ssh -L 8000:127.0.0.1:PORT THIS-MACHINE.',
    });
  }
  if ((tls === undefined) === (behind === undefined)) {
    throw new StudioError(
      'usage',
      'An exposed studio needs one of --tls and --behind: its connections must be encrypted.',
      {
        hint: 'Give it a certificate and its key, or name the proxy in front of it that has them.',
      },
    );
  }
  if (behind !== undefined) return { tls: null, name: proxyName(behind) };
  return {
    tls: readCertificate(tls!),
    name: (name ?? (ALL_ADDRESSES.includes(host) ? hostname() : host)).toLowerCase(),
  };
}

function proxyName(origin: string): string {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url?.protocol === 'https:' && url.pathname === '/' && url.username === '') return url.host;
  throw new StudioError('usage', `--behind ${origin} is no origin of a proxy that encrypts.`, {
    hint: 'Write https://NAME.',
  });
}

function readCertificate(files: string): { cert: Buffer; key: Buffer } {
  const [certificate, key, ...rest] = files.split(',');
  if (certificate === undefined || key === undefined || rest.length > 0) {
    throw new StudioError('usage', `--tls ${files} does not name two files.`, {
      hint: 'Write CERTIFICATE.pem,KEY.pem.',
    });
  }
  try {
    const pair = { cert: readFileSync(certificate), key: readFileSync(key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw toStudioError(error);
    throw new StudioError(
      'bad-input',
      `${certificate} and ${key} are no certificate and its key: ${(error as Error).message}.`,
      {
        hint: 'Both are PEM files.',
        cause: error,
      },
    );
  }
}
