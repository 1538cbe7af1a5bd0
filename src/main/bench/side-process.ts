import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { StudioError, deserializeError } from '#shared/errors.ts';
import { peakResidentBytes } from './process-memory.ts';
import { type FromSide, fromSideSchema, type Ready, type ToSide, type Workload } from './protocol.ts';

/** A program that speaks protocol.ts. */
export interface SideProgram {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What to do when it does not start, as a sentence. */
  readonly hint: string;
}

/** One side of a benchmark, ready to run. */
export interface Side {
  readonly ready: Ready;
  /** @returns milliseconds that the repetitions took together. @throws StudioError when the side failed or was ended. */
  run(repetitions: number): Promise<number>;
  /** Bytes; null where it is not known. */
  peakMemory(): number | null;
  /** Ends it, and whatever it started. */
  close(): Promise<void>;
}

/** A side that may be one of several that compute together. */
export interface SharingSide extends Side {
  /** As `run`, and how many of the milliseconds went into exchanges with the others. */
  runTimed(repetitions: number): Promise<{ milliseconds: number; exchangeMilliseconds: number }>;
}

/** Lines of a side's stderr that are kept to explain why it ended. */
const LAST_WORDS = 20;
/** A side that waits for work ends at once when its input ends. */
const CLOSE_MILLISECONDS = 5_000;

/**
 * Starts a side and waits until it is ready.
 *
 * @param signal ends it at once.
 * @throws StudioError 'not-found' when there is no such program, 'unavailable' when it lacks a module or ended, the signal's reason when it
 *   was aborted, and what the side reports.
 */
export async function startSide(program: SideProgram, workload: Workload, signal: AbortSignal): Promise<SharingSide> {
  const side = new SideProcess(program, signal);
  try {
    const ready = await side.ask({ kind: 'prepare', workload }, 'ready');
    return {
      ready,
      run: async (repetitions) => (await side.ask({ kind: 'run', repetitions }, 'ran')).milliseconds,
      runTimed: (repetitions) => side.ask({ kind: 'run', repetitions }, 'ran'),
      peakMemory: () => (side.processId === undefined ? null : peakResidentBytes(side.processId)),
      close: () => side.close(),
    };
  } catch (error) {
    await side.close();
    throw error;
  }
}

class SideProcess {
  readonly #program: SideProgram;
  readonly #signal: AbortSignal;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #lastWords: string[] = [];
  readonly #ended: Promise<void>;
  readonly #kill = (): void => killGroup(this.#child);
  #startError: NodeJS.ErrnoException | undefined;

  constructor(program: SideProgram, signal: AbortSignal) {
    signal.throwIfAborted();
    this.#program = program;
    this.#signal = signal;
    this.#child = spawn(program.command, program.parameters, {
      stdio: 'pipe',
      env: { ...process.env, ...program.environment },
      // A group of its own: it is ended with all its workers, and Ctrl-C on the terminal reaches this process alone.
      detached: process.platform !== 'win32',
    });
    this.#lines = linesOf(this.#child.stdout);
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#lastWords.push(line);
      if (this.#lastWords.length > LAST_WORDS) this.#lastWords.shift();
    });
    // Writing to a side that has ended fails; that it ended is told where its answer is waited for.
    this.#child.stdin.on('error', () => undefined);
    this.#ended = this.#end();
    signal.addEventListener('abort', this.#kill);
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Tells the side one thing and waits for its answer, which must be of the kind. */
  async ask<Kind extends FromSide['kind']>(message: ToSide, kind: Kind): Promise<Extract<FromSide, { kind: Kind }>> {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value: line, done } = await this.#lines.next();
    this.#signal.throwIfAborted();
    if (done === true) throw await this.#endError();
    const answer = fromSideSchema.safeParse(parseJson(line));
    if (!answer.success) throw this.#error('internal', `answered what nobody can read: ${line}`);
    if (answer.data.kind === 'failed')
      throw deserializeError(answer.data.error as Parameters<typeof deserializeError>[0]);
    if (answer.data.kind === 'missing') throw this.#missingError(answer.data.module);
    if (answer.data.kind !== kind) throw this.#error('internal', `answered "${answer.data.kind}", not "${kind}".`);
    return answer.data as Extract<FromSide, { kind: Kind }>;
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(this.#kill, CLOSE_MILLISECONDS);
    await this.#ended;
    clearTimeout(timer);
    this.#signal.removeEventListener('abort', this.#kill);
  }

  async #end(): Promise<void> {
    try {
      await once(this.#child, 'close');
    } catch (error) {
      // No process: it could not be started.
      this.#startError = error as NodeJS.ErrnoException;
    }
  }

  async #endError(): Promise<StudioError> {
    await this.#ended;
    const { command, hint } = this.#program;
    if (this.#startError?.code === 'ENOENT')
      return new StudioError('not-found', `There is no program ${command}.`, { hint });
    if (this.#startError !== undefined)
      return this.#error('unavailable', `could not start: ${this.#startError.message}`);
    const { exitCode, signalCode } = this.#child;
    const lastLine = this.#lastWords.findLast((line) => line.trim() !== '');
    const how = signalCode === null ? `ended with code ${exitCode}` : `was ended by ${signalCode}`;
    return this.#error('unavailable', `${how}.${lastLine === undefined ? '' : ` Its last words: ${lastLine}`}`);
  }

  #missingError(module: string): StudioError {
    const { command, hint } = this.#program;
    return new StudioError('unavailable', `The Python ${command} has no ${module}.`, { hint });
  }

  #error(code: 'internal' | 'unavailable', what: string): StudioError {
    const { name, command, hint } = this.#program;
    const cause = new Error(this.#lastWords.join('\n'));
    return new StudioError(code, `The benchmark's ${name} side (${command}) ${what}`, { hint, cause });
  }
}

function linesOf(input: Readable): AsyncIterator<string> {
  return createInterface({ input })[Symbol.asyncIterator]();
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Ends a process with those it started, where the system has process groups. */
function killGroup({ pid }: ChildProcessWithoutNullStreams): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
