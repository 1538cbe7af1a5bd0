import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { StudioError } from '#shared/errors.ts';
import type { EngineAnswers, EngineRequest, FromEngine, ToEngine } from '../engine/messages.ts';
import { EngineRequests, type ProgressListener } from './engine-requests.ts';

/** An engine that neither answers nor beats for this long hangs: one step of a large network on a small CPU may take a minute. */
const SILENCE_LIMIT_SECONDS = 10 * 60;
/** Lines of the engine's stderr kept to explain a crash. */
const LAST_WORDS = 20;

/** What tfjs-node is warned of at every start: util functions that Node will drop. It would hide an engine's real last words. */
export const ENGINE_NODE_OPTIONS = ['--disable-warning=DEP0040', '--disable-warning=DEP0044'];

export const ENGINE_ENVIRONMENT = { UV_THREADPOOL_SIZE: '4', MALLOC_ARENA_MAX: '2', TF_CPP_MIN_LOG_LEVEL: '2' };

export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to stderr. */
  readonly lastWords: string;
}

/** What trains a run: an engine of this machine, or the engines of a cluster as one. */
export interface TrainingEngine {
  /** Settles once it is gone. Never rejects. */
  readonly exited: Promise<EngineExit>;
  send(message: ToEngine): void;
  /** The error that explains an exit, for whoever waited for the engine's work. */
  crash(exit: EngineExit): StudioError;
  /** Whether a run goes on by itself when this is gone before the run's end. */
  readonly startsAgain: boolean;
  close(): Promise<void>;
}

export interface EngineProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Nothing heard for so long, and it is killed. */
  readonly silenceSeconds?: number;
}

/**
 * One engine child process: plain Node with TensorFlow in it. It ends itself when the channel to this process closes, so a killed host leaves
 * no engine behind.
 */
export class EngineProcess implements TrainingEngine {
  readonly startsAgain = true;
  readonly exited: Promise<EngineExit>;
  readonly #child: ChildProcess;
  readonly #requests = new EngineRequests((message) => this.send(message));
  readonly #silenceSeconds: number;
  readonly #lastWords: string[] = [];
  #silence: NodeJS.Timeout | undefined;
  #hung = false;

  /** @param onMessage gets every message that is not the answer to a request. */
  constructor(
    onMessage: (message: FromEngine) => void,
    { environment = {}, silenceSeconds = SILENCE_LIMIT_SECONDS }: EngineProcessOptions = {},
  ) {
    this.#silenceSeconds = silenceSeconds;
    const entry = fileURLToPath(new URL('../engine/main.ts', import.meta.url));
    this.#child = spawn(process.execPath, [...ENGINE_NODE_OPTIONS, entry], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, ...ENGINE_ENVIRONMENT, ...environment },
      // A Ctrl-C on the terminal reaches the whole foreground group; the host alone decides what it means for a run.
      detached: process.platform !== 'win32',
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lastWords.push(line);
        if (this.#lastWords.length > LAST_WORDS) this.#lastWords.shift();
      });
    }
    this.#child.on('message', (message: FromEngine) => {
      this.#watchSilence();
      if (!this.#requests.settle(message)) onMessage(message);
    });
    this.exited = this.#end();
    this.#watchSilence();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Asks the engine one question; an aborted signal is passed on to those that take long. Rejects with the engine's error, or `engine crashed` when it dies first. */
  request<Kind extends keyof EngineAnswers>(
    request: Extract<EngineRequest, { kind: Kind }>,
    progress: ProgressListener = () => undefined,
    signal?: AbortSignal,
  ): Promise<EngineAnswers[Kind]> {
    return this.#requests.ask(request, progress, signal);
  }

  /** The error that explains an exit, for whoever waited for the engine's work. */
  crash(exit: EngineExit): StudioError {
    return crashError(exit, this.#hung ? this.#silenceSeconds : null);
  }

  /** Ends it at once: what it was doing is lost. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** Lets it end by itself, then makes it. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.exited;
    clearTimeout(kill);
  }

  /** Not the child's 'close' event: Node leaves it out when the parent closes the message channel. */
  async #end(): Promise<EngineExit> {
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      this.#child.on('exit', (code, signal) => resolve([code, signal]));
      this.#child.on('error', (error) => {
        this.#lastWords.push(error.message);
        if (this.#child.pid === undefined) resolve([null, null]);
      });
    });
    const outputs = [this.#child.stdout, this.#child.stderr].filter((stream) => stream !== null);
    const [[code, signal]] = await Promise.all([ended, ...outputs.map((stream) => finished(stream))]);
    clearTimeout(this.#silence);
    const exit = { code, signal, lastWords: this.#lastWords.join('\n') };
    this.#requests.rejectAll(this.crash(exit));
    return exit;
  }

  #watchSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#hung = true;
      this.#child.kill('SIGKILL');
    }, this.#silenceSeconds * 1000);
    this.#silence.unref();
  }
}

/** Node's signature, and TensorFlow's notices. */
const NO_WORDS = /^(Node\.js v\d|I\d{4} |WARNING: All log messages before absl)/;

/** @param silentSeconds it was killed because nothing was heard of it for so long; null: it was not. */
function crashError(exit: EngineExit, silentSeconds: number | null): StudioError {
  const hung = silentSeconds !== null;
  const how = hung
    ? `gave no sign of life for ${silentSeconds} seconds`
    : exit.signal !== null
      ? `was ended by ${exit.signal}`
      : `ended with code ${exit.code}`;
  const lines = exit.lastWords.split('\n').filter((line) => line.trim() !== '' && !NO_WORDS.test(line));
  const lastLine = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  const outOfMemory = exit.signal === 'SIGKILL' && !hung;
  return new StudioError(
    'unavailable',
    `The training engine ${how}.${lastLine === undefined ? '' : ` Its last words: ${lastLine}`}`,
    {
      hint: outOfMemory
        ? 'If nobody killed it, the machine ran out of memory: use a smaller batch, image size or mu.'
        : 'The run goes on from its last checkpoint when resumed.',
      cause: exit.lastWords === '' ? undefined : exit.lastWords,
    },
  );
}
