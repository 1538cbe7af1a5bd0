import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { StudioError, deserializeError } from '#shared/errors.ts';
import type { EngineAnswers, EngineRequest, FromEngine, ToEngine } from '../engine/messages.ts';

/** An engine that neither answers nor beats for this long hangs: one step of a large network on a small CPU may take a minute. */
const SILENCE_LIMIT_MILLISECONDS = 10 * 60_000;
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

/**
 * One engine child process: plain Node with TensorFlow in it. It ends itself when the channel to this process closes, so a killed host leaves
 * no engine behind.
 */
export class EngineProcess {
  readonly exited: Promise<EngineExit>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: never) => void; reject: (error: Error) => void; progress: ProgressListener }
  >();
  readonly #lastWords: string[] = [];
  #nextRequest = 1;
  #silence: NodeJS.Timeout | undefined;
  #hung = false;

  /** @param onMessage gets every message that is not the answer to a request. */
  constructor(onMessage: (message: FromEngine) => void, environment: Readonly<Record<string, string>> = {}) {
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
      if (!this.#settleRequest(message)) onMessage(message);
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
    const id = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, progress });
      this.send({ kind: 'request', id, request });
      signal?.addEventListener('abort', () => this.send({ kind: 'cancel', id }), { once: true });
    });
  }

  /** The error that explains an exit, for whoever waited for the engine's work. */
  crash(exit: EngineExit): StudioError {
    return crashError(exit, this.#hung);
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
    for (const { reject } of this.#waiting.values()) reject(crashError(exit, this.#hung));
    this.#waiting.clear();
    return exit;
  }

  #settleRequest(message: FromEngine): boolean {
    if (message.kind !== 'answer' && message.kind !== 'refusal' && message.kind !== 'progress') return false;
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return true;
    if (message.kind === 'progress') {
      waiting.progress(message.done, message.total);
      return true;
    }
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting.resolve(message.answer as never);
    else waiting.reject(deserializeError(message.error));
    return true;
  }

  #watchSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#hung = true;
      this.#child.kill('SIGKILL');
    }, SILENCE_LIMIT_MILLISECONDS);
    this.#silence.unref();
  }
}

type ProgressListener = (done: number, total: number) => void;

function crashError(exit: EngineExit, hung: boolean): StudioError {
  const how = hung
    ? `gave no sign of life for ${SILENCE_LIMIT_MILLISECONDS / 60_000} minutes`
    : exit.signal !== null
      ? `was ended by ${exit.signal}`
      : `ended with code ${exit.code}`;
  const lines = exit.lastWords.split('\n').filter((line) => line.trim() !== '' && !/^Node\.js v\d/.test(line));
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
