import { StudioError } from './errors.ts';

/** Where a program on some machine listens. */
export interface NetworkAddress {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** @param text HOST:PORT, an IPv6 host in brackets. @throws StudioError 'usage' for anything else. */
export function parseNetworkAddress(text: string): NetworkAddress {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const number = Number(port);
  if (host !== undefined && number > 0 && number < 65_536) return { host, port: number };
  throw new StudioError('usage', `“${text}” is no address.`, { hint: 'Write HOST:PORT, such as 127.0.0.1:7070.' });
}

export function networkAddressText({ host, port }: NetworkAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only programs of the same machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
