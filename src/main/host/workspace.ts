import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StudioError, toStudioError } from '#shared/errors.ts';

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
  setUrl(url: string): void;
  /** From now on others wait until this host is gone. */
  stopServing(): void;
  release(): void;
}

const lockFileOf = (workspace: Workspace): string => join(workspace.directory, 'host.lock');

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

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The host that holds the workspace now, or null. A lock left behind by a killed process counts as none. */
export function runningHost(workspace: Workspace): HostAddress | null {
  let text: string;
  try {
    text = readFileSync(lockFileOf(workspace), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw toStudioError(error);
  }
  const address = hostAddressSchema.safeParse(parseJson(text));
  return address.success && isAlive(address.data.pid) ? address.data : null;
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

/**
 * Takes the workspace for this process, or throws `conflict` naming the holder. Creation with the exclusive flag decides between two hosts
 * that start together; a stale lock is moved aside first, and only one of them can do that.
 */
export function lockWorkspace(workspace: Workspace, serves: boolean): WorkspaceLock {
  const file = lockFileOf(workspace);
  let address: HostAddress = {
    pid: process.pid,
    socket: socketPathOf(workspace),
    token: randomBytes(32).toString('base64url'),
    serves,
    url: null,
    startedAt: new Date().toISOString(),
  };
  const rewrite = (change: Partial<HostAddress>): void => {
    address = { ...address, ...change };
    const next = `${file}.next`;
    writeFileSync(next, JSON.stringify(address), { mode: 0o600 });
    renameSync(next, file);
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    const holder = runningHost(workspace);
    if (holder !== null) {
      throw new StudioError(
        'conflict',
        `The workspace ${workspace.directory} is open in another studio (process ${holder.pid}).`,
        {
          hint: holder.url === null ? 'Close it, or use its window.' : `Use its window: ${holder.url}`,
        },
      );
    }
    rmSync(file, { force: true });
    try {
      const descriptor = openSync(file, 'wx', 0o600);
      writeFileSync(descriptor, JSON.stringify(address));
      closeSync(descriptor);
      return {
        get address() {
          return address;
        },
        setUrl: (url) => rewrite({ url }),
        stopServing: () => rewrite({ serves: false }),
        release: () => {
          rmSync(file, { force: true });
          rmSync(address.socket, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw toStudioError(error);
    }
  }
  throw new StudioError('conflict', `The workspace ${workspace.directory} is being opened by another studio.`, {
    hint: 'Try again.',
  });
}
