import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import type { HostStatus } from '#shared/shell.ts';

export interface HostCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Where the host listens: a Unix socket or a Windows named pipe, and the token it wants to see. */
export interface HostAddress {
  readonly socket: string;
  readonly token: string;
}

/** All in milliseconds. */
export interface HostTiming {
  /** Pauses before the restarts that follow one another; after one more crash the shell gives up. */
  readonly restartDelays: readonly number[];
  /** A host that has listened this long is sound: its next crash counts as a first one. */
  readonly soundAfter: number;
  /** A host that is asked to end may take this long to save its runs before it is killed. */
  readonly endWithin: number;
}

const TIMING: HostTiming = {
  restartDelays: [500, 1000, 2000, 4000, 8000],
  soundAfter: 60_000,
  endWithin: 30_000,
};

/** Lines of the host's stderr that go into the error when it cannot be kept running. */
const LAST_WORDS = 4;

type HostChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** One life of the host's process, after it has ended. */
interface HostLife {
  /** Milliseconds from listening to the end; null when it never listened. */
  readonly listenedFor: number | null;
  readonly reason: string;
  readonly lastWords: readonly string[];
}

/**
 * Starts the host and keeps it running: restarts it with growing pauses when it crashes, and gives up when it crashes again and again or
 * cannot even start. The host ends by itself when its stdin closes, so it never outlives the shell.
 */
export class HostProcess {
  readonly #command: HostCommand;
  readonly #onStatus: (status: HostStatus) => void;
  readonly #timing: HostTiming;
  readonly #closing = new AbortController();
  #child: HostChild | null = null;
  #supervision: Promise<void> = Promise.resolve();
  #address = pendingAddress();

  constructor(command: HostCommand, onStatus: (status: HostStatus) => void, timing: HostTiming = TIMING) {
    this.#command = command;
    this.#onStatus = onStatus;
    this.#timing = timing;
  }

  /** The address of the running host, waiting for it while it starts. @throws StudioError once the shell has given up. */
  address(): Promise<HostAddress> {
    return this.#address.promise;
  }

  /** Starts the host; also called to try again after giving up. */
  start(): void {
    this.#address = pendingAddress();
    this.#onStatus({ state: 'starting' });
    this.#supervision = this.#supervise();
  }

  /** Asks the host to end, and kills it when it takes too long. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#child?.stdin.end();
    const killer = setTimeout(() => this.#child?.kill('SIGKILL'), this.#timing.endWithin);
    await this.#supervision;
    clearTimeout(killer);
  }

  async #supervise(): Promise<void> {
    let crashes = 0;
    let hasListened = false;
    for (;;) {
      const life = await this.#live();
      if (this.#closing.signal.aborted) return;
      if (life.listenedFor !== null) this.#address = pendingAddress();
      hasListened ||= life.listenedFor !== null;
      crashes = (life.listenedFor ?? 0) >= this.#timing.soundAfter ? 1 : crashes + 1;
      const delay = this.#timing.restartDelays[crashes - 1];
      // A host that cannot start at all (its workspace is in use, a file is missing) would only fail again.
      if (!hasListened || delay === undefined) return this.#giveUp(life, crashes);
      this.#onStatus({ state: 'restarting', attempt: crashes, delay });
      await this.#pause(delay);
      if (this.#closing.signal.aborted) return;
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    try {
      await sleep(milliseconds, undefined, { signal: this.#closing.signal });
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  async #live(): Promise<HostLife> {
    const { program, arguments: programArguments, environment } = this.#command;
    const child = spawn(program, programArguments, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment,
      windowsHide: true,
    });
    this.#child = child;
    let listeningSince: number | null = null;
    const lastWords: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      process.stderr.write(`${line}\n`);
      lastWords.push(line);
      if (lastWords.length > LAST_WORDS) lastWords.shift();
    });
    createInterface({ input: child.stdout }).once('line', (line) => {
      const address = parseAddress(line);
      if (address === null) {
        lastWords.push(`It said “${line.slice(0, 200)}” instead of where it listens.`);
        child.kill();
        return;
      }
      listeningSince = performance.now();
      this.#address.resolve(address);
      this.#onStatus({ state: 'ready' });
    });
    const reason = await endOf(child);
    this.#child = null;
    return {
      listenedFor: listeningSince === null ? null : performance.now() - listeningSince,
      reason,
      lastWords,
    };
  }

  #giveUp(life: HostLife, crashes: number): void {
    const what = crashes === 1 ? 'could not start' : `ended ${crashes} times in a row`;
    const error = new StudioError('unavailable', `The studio’s host ${what}: ${life.reason}.`, {
      hint: life.lastWords.join('\n') || 'Run “face2exp doctor” to see what is missing.',
    });
    this.#address.reject(error);
    this.#onStatus({ state: 'failed', error: error.toJSON() });
  }
}

function pendingAddress(): PromiseWithResolvers<HostAddress> {
  const pending = Promise.withResolvers<HostAddress>();
  // Nobody may be asking when the shell gives up; whoever asks later still gets the error.
  pending.promise.catch(() => undefined);
  return pending;
}

/** Settles when the process has ended or could not be started, with the reason as words. */
function endOf(child: HostChild): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      const reason = signal === null ? `exit code ${code}` : `signal ${signal}`;
      // The last lines of stderr may arrive after the exit; a grandchild that still holds the pipe must not delay the restart.
      void Promise.race([once(child, 'close'), sleep(100)]).then(() => resolve(reason));
    });
  });
}

/**
 * The first line a host writes. Checked by hand, since the shell uses no package: its bundle is all that Electron loads, and the archive's
 * integrity check covers it whole.
 */
function parseAddress(line: string): HostAddress | null {
  try {
    const said: unknown = JSON.parse(line);
    if (typeof said !== 'object' || said === null || !('socket' in said) || !('token' in said)) return null;
    const { socket, token } = said;
    return typeof socket === 'string' && typeof token === 'string' ? { socket, token } : null;
  } catch {
    return null; // not JSON, so it is not an address: reported like any other wrong line
  }
}
