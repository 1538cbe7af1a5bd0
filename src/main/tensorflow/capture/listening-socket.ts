import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import koffi from 'koffi';
import { StudioError } from '#shared/errors.ts';

/** asm-generic/socket.h */
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
/** A socket's state in /proc/net/tcp. */
const LISTENING = '0A';
/** /proc/net/tcp's columns. */
const COLUMN = { local: 1, state: 3, inode: 9 };

/**
 * Makes the sockets of this process that listen on a port take connections from the interface of an address alone: TensorFlow's server binds
 * every address there is, and can be told nothing else. Linux only.
 *
 * @param host an address of this machine, or localhost.
 * @returns the interface, such as "lo"; null where the system has no such thing or the address is none of this machine's own.
 * @throws StudioError 'internal' when the system refuses.
 */
export function keepToInterface(host: string, port: number): string | null {
  if (process.platform !== 'linux') return null;
  const device = interfaceOf(host);
  if (device === null) return null;
  const sockets = listeningSockets(port);
  for (const socket of sockets) bindToDevice(socket, device);
  return sockets.length === 0 ? null : device;
}

/** The interface that has an address. @param host an address, or localhost. */
function interfaceOf(host: string): string | null {
  const wanted = host === 'localhost' ? '127.0.0.1' : host;
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === wanted),
  );
  return found?.[0] ?? null;
}

/** File descriptors of this process's TCP sockets that listen on a port. */
function listeningSockets(port: number): number[] {
  const inodes = new Set(
    ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((table) => listeningInodes(table, port)),
  );
  return readdirSync('/proc/self/fd').flatMap((name) => {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/self/fd/${name}`))?.[1];
    return inode !== undefined && inodes.has(inode) ? [Number(name)] : [];
  });
}

function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(table, 'utf8').split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((columns) => columns[COLUMN.state] === LISTENING && columns[COLUMN.local]!.endsWith(suffix))
    .map((columns) => columns[COLUMN.inode]!);
}

/** The descriptor that lists the folder is closed again by the time it is looked at. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function bindToDevice(socket: number, device: string): void {
  const setsockopt = koffi.load(null).func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'unsigned int']);
  const name = Buffer.from(`${device}\0`);
  if (setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, name, name.length) === 0) return;
  throw new StudioError('internal', `The system does not let TensorFlow’s server be kept to ${device}.`, {
    hint: `Error ${koffi.errno()} of setsockopt(SO_BINDTODEVICE).`,
  });
}
