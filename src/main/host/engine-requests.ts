import { deserializeError } from '#shared/errors.ts';
import type { EngineAnswers, EngineRequest, FromEngine, ToEngine } from '../engine/messages.ts';

export type ProgressListener = (done: number, total: number) => void;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly progress: ProgressListener;
}

/** The questions an engine was asked and has not answered yet, whichever way messages reach it. */
export class EngineRequests {
  readonly #send: (message: ToEngine) => void;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  constructor(send: (message: ToEngine) => void) {
    this.#send = send;
  }

  /** Asks one question; an aborted signal is passed on to those that take long. Rejects with the engine's error. */
  ask<Kind extends keyof EngineAnswers>(
    request: Extract<EngineRequest, { kind: Kind }>,
    progress: ProgressListener = () => undefined,
    signal?: AbortSignal,
  ): Promise<EngineAnswers[Kind]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, progress });
      this.#send({ kind: 'request', id, request });
      signal?.addEventListener('abort', () => this.#send({ kind: 'cancel', id }), { once: true });
    });
  }

  /** @returns whether the message belongs to a question. */
  settle(message: FromEngine): boolean {
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

  /** Nothing is answered any more. */
  rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
