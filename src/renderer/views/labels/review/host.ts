import { client, imageAddress } from '../../../api/client.ts';
import { describeError } from '../../../api/errors.ts';
import { connection } from '../../../api/events.ts';
import { notices } from '../../../api/notices.ts';
import { KEPT_PREFIX } from './kept.ts';
import { Outbox, type Recipient } from './outbox.ts';

/** The same act would be refused again: it was wrong, and not the connection. */
const FINAL_CODES: ReadonlySet<string> = new Set(['usage', 'bad-input', 'not-found', 'conflict', 'unsupported']);

const recipient: Recipient = {
  deliver: async (act) => {
    switch (act.kind) {
      case 'decide':
        return (await client.review.decide.mutate(act.request)).id;
      case 'answer':
        return (await client.review.auditAnswer.mutate(act.request)).decision;
      case 'turn':
        return (await client.review[act.turn].mutate({ reviewer: act.reviewer, key: act.key, act: act.act })).id;
    }
  },
};

let current: { readonly directory: string; readonly outbox: Outbox } | null = null;

/** Where decisions about a workspace wait until the host has them. */
export function outboxOf(directory: string): Outbox {
  if (current?.directory === directory) return current.outbox;
  current?.outbox.stop();
  const outbox = new Outbox({
    storage: window.localStorage,
    prefix: `${KEPT_PREFIX}${encodeURIComponent(directory)}.`,
    recipient,
    isFinal: (error) => FINAL_CODES.has(describeError(error).code),
    alone: (run) => (navigator.locks === undefined ? run() : navigator.locks.request(KEPT_PREFIX, run)),
  });
  outbox.onOutcome((outcome) => {
    if (!('refusal' in outcome)) return;
    const { message, hint } = describeError(outcome.refusal);
    notices.add({
      level: 'error',
      message: `A decision was refused. ${message}${hint === undefined ? '' : ` ${hint}`}`,
    });
  });
  current = { directory, outbox };
  void outbox.flush();
  return outbox;
}

connection.subscribe(() => {
  if (connection.state().status === 'open') void current?.outbox.flush();
});

/** Pixels of the shorter side at most: a large window shows no more of a face. */
const PICTURE_SIZE = 1024;

/** Fetches a face and decodes it. @throws Error when the host does not answer, or has no such picture. */
export async function loadPicture(id: number): Promise<ImageBitmap> {
  const response = await window.fetch(imageAddress(id, PICTURE_SIZE));
  if (!response.ok) throw new Error(`Image ${id} cannot be had (${response.status}).`);
  return createImageBitmap(await response.blob());
}

export const newKey = (): string => crypto.randomUUID();
