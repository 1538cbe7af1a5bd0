import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { isLocked, takeExclusiveLock } from '../catalog/exclusive-lock.ts';

/** The folder a person chose: everything in it can be read without the studio. */
export interface Workspace {
  readonly directory: string;
  readonly name: string;
  readonly catalogFile: string;
  readonly runsDirectory: string;
  /** Thumbnails and uploads; may be deleted. */
  readonly cacheDirectory: string;
}

export function openWorkspace(path: string): Workspace {
  const directory = resolve(path);
  const workspace: Workspace = {
    directory,
    name: basename(directory),
    catalogFile: join(directory, 'catalog.sqlite'),
    runsDirectory: join(directory, 'runs'),
    cacheDirectory: join(directory, 'cache'),
  };
  try {
    mkdirSync(workspace.runsDirectory, { recursive: true });
    mkdirSync(workspace.cacheDirectory, { recursive: true });
  } catch (error) {
    throw new StudioError(
      'bad-input',
      `The workspace folder ${directory} cannot be made: ${toStudioError(error).message}`,
      {
        hint: 'Choose a folder that you may write to with --workspace.',
        cause: error,
      },
    );
  }
  return workspace;
}

/**
 * The file of a network that was imported from another program, by the name it was given.
 * @throws StudioError 'usage' when no file can be named so.
 */
export function importedNetwork({ directory }: Workspace, name: string): string {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,79}$/u.test(name)) return join(directory, 'networks', `${name}.safetensors`);
  throw new StudioError('usage', `A network cannot be named “${name}”.`, {
    hint: 'Use letters, digits, spaces, points and hyphens, 80 at most.',
  });
}

/** The names of all imported networks, in order. */
export function importedNetworks({ directory }: Workspace): string[] {
  const folder = join(directory, 'networks');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return names.map((name) => name.slice(0, -'.safetensors'.length)).toSorted();
}

/** How another process reaches the host that holds a workspace. The file is readable by its owner alone: it holds a token. */
export const hostAddressSchema = z.object({
  pid: z.number().int(),
  /** A Unix socket or Windows named pipe. */
  socket: z.string(),
  token: z.string(),
  /** Whether others may use this host. A command that is over in a moment, or a host that is closing, is waited for instead. */
  serves: z.boolean(),
  /** Address of the browser UI, when the host serves one. */
  url: z.string().nullable(),
  startedAt: z.string(),
});
export type HostAddress = z.infer<typeof hostAddressSchema>;

export interface WorkspaceLock {
  readonly address: HostAddress;
  /** Whether the host before ended without giving the workspace back: it crashed, or was killed. */
  readonly afterCrash: boolean;
  setUrl(url: string): void;
  /** Others may use this host from now on, or, once it closes, no longer: they wait until it is gone. */
  setServing(serves: boolean): void;
  /** @param isSound false leaves the mark of a crash, so that the next start checks the catalog again. */
  release(isSound?: boolean): void;
}

/** What holds the workspace is the lock on the guard; the address beside it tells others where its holder is. */
const guardFileOf = (workspace: Workspace): string => join(workspace.directory, 'host.guard');
const addressFileOf = (workspace: Workspace): string => join(workspace.directory, 'host.lock');

/** Socket paths are limited to about 100 bytes, so they live in a short private folder and not in the workspace. */
function socketPathOf(workspace: Workspace): string {
  const digest = createHash('sha256').update(workspace.directory).digest('hex').slice(0, 16);
  const unique = `${digest}-${process.pid}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\face2exp-${unique}`;
  const folder = join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), `face2exp-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== process.getuid?.()) {
    throw new StudioError('bad-input', `The folder ${folder} belongs to somebody else.`, {
      hint: 'Set XDG_RUNTIME_DIR to a folder of your own.',
    });
  }
  return join(folder, `${unique}.sock`);
}

/** The host that holds the workspace now, or null. The address a killed one left behind counts as none. */
export function runningHost(workspace: Workspace): HostAddress | null {
  let text: string;
  try {
    text = readFileSync(addressFileOf(workspace), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw toStudioError(error);
  }
  const address = hostAddressSchema.safeParse(parseJson(text));
  return address.success && isLocked(guardFileOf(workspace)) ? address.data : null;
}

/** Hosts that do not serve are gone in a moment; one that is not by then has hung. */
const BRIEF_HOST_MILLISECONDS = 60_000;
const BRIEF_HOST_POLL_MILLISECONDS = 50;

/** The host that serves a workspace, or null once there is none: brief commands are waited for. */
export async function servingHost(workspace: Workspace): Promise<HostAddress | null> {
  const deadline = performance.now() + BRIEF_HOST_MILLISECONDS;
  for (;;) {
    const host = runningHost(workspace);
    if (host === null || host.serves) return host;
    if (performance.now() > deadline) {
      throw new StudioError(
        'conflict',
        `Another command (process ${host.pid}) works on the workspace ${workspace.directory}.`,
        {
          hint: 'Wait until it ends, or end it.',
        },
      );
    }
    await sleep(BRIEF_HOST_POLL_MILLISECONDS);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a lock that was being written when its process died is no lock
  }
}

/** The token of a host that ended without giving the workspace back; null where its address cannot be read. */
function tokenLeftIn(addressFile: string): string | null {
  const address = hostAddressSchema.safeParse(parseJson(readFileSync(addressFile, 'utf8')));
  return address.success ? address.data.token : null;
}

/** Takes the workspace for this process. @throws StudioError 'conflict' when another has it. */
export function lockWorkspace(workspace: Workspace): WorkspaceLock {
  const guard = takeExclusiveLock(guardFileOf(workspace));
  if (guard === null) {
    const url = runningHost(workspace)?.url ?? null;
    throw new StudioError('conflict', `The workspace ${workspace.directory} is open in another studio.`, {
      hint: url === null ? 'Close it, or use its window.' : `Use its window: ${url}`,
    });
  }
  const file = addressFileOf(workspace);
  const afterCrash = existsSync(file);
  let address: HostAddress = {
    pid: process.pid,
    socket: socketPathOf(workspace),
    // Windows of a host that crashed stay signed in: what they could not send they send to this one.
    token: (afterCrash ? tokenLeftIn(file) : null) ?? randomBytes(32).toString('base64url'),
    serves: false,
    url: null,
    startedAt: new Date().toISOString(),
  };
  // By way of a second file, so that nobody ever reads half an address.
  const write = (change: Partial<HostAddress>): void => {
    address = { ...address, ...change };
    writeFileSync(`${file}.next`, JSON.stringify(address), { mode: 0o600 });
    renameSync(`${file}.next`, file);
  };
  write({});
  return {
    get address() {
      return address;
    },
    afterCrash,
    setUrl: (url) => write({ url }),
    setServing: (serves) => write({ serves }),
    release: (isSound = true) => {
      if (isSound) rmSync(file, { force: true });
      rmSync(address.socket, { force: true });
      guard.release();
    },
  };
}
