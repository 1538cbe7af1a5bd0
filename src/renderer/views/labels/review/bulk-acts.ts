import type { DecideRequest } from '#shared/review.ts';
import type { KeptAct, Outbox } from './outbox.ts';

/** One decision on several faces, as this window made it. */
export interface BulkAct {
  readonly key: string;
  readonly request: DecideRequest;
}

/** Decisions on many faces at once, and how to take them back in their order. */
export class BulkActs {
  #acts: BulkAct[] = [];
  readonly #outbox: Outbox;
  readonly #newKey: () => string;

  constructor(outbox: Outbox, newKey: () => string) {
    this.#outbox = outbox;
    this.#newKey = newKey;
  }

  /** Passes what the host refused to `onRefused`. @returns how to stop. */
  start(onRefused: (act: BulkAct) => void): () => void {
    return this.#outbox.onOutcome((outcome) => {
      const act = this.#acts.find(({ key }) => key === outcome.key);
      if (act === undefined || !('refusal' in outcome)) return;
      this.#acts = this.#acts.filter((other) => other !== act);
      onRefused(act);
    });
  }

  decide(request: Omit<DecideRequest, 'key'>): void {
    const key = this.#newKey();
    const act: BulkAct = { key, request: { ...request, key } };
    this.#outbox.add({ kind: 'decide', key, request: act.request } as KeptAct);
    this.#acts.push(act);
  }

  /** Takes the newest back. @returns it; undefined when there is none. */
  undo(): BulkAct | undefined {
    const act = this.#acts.pop();
    if (act === undefined || this.#outbox.withdraw(act.key)) return act;
    this.#outbox.add({ kind: 'turn', key: this.#newKey(), turn: 'undo', reviewer: act.request.reviewer, act: act.key });
    return act;
  }
}
