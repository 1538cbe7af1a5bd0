import { StudioError } from '#shared/errors.ts';
import type { FeedbackExtreme } from '#shared/rounds.ts';
import type { Connection } from './database.ts';

/** Steps kept of a run at each end: those of the highest feedback and those of the lowest. */
const KEPT_AT_EACH_END = 25;

/** The batch of a step: catalog ids, and the class of each unlabeled image's weak view. */
export interface ExtremeStep extends FeedbackExtreme {
  readonly labeled: Float64Array;
  readonly unlabeled: Float64Array;
  readonly weakLabels: Uint8Array;
}

interface StoredStep extends FeedbackExtreme {
  readonly labeled: Buffer;
  readonly unlabeled: Buffer;
  readonly weakLabels: Buffer;
}

/** The steps of runs whose feedback was the strongest, with the images behind them. Runs are named by their numbers. */
export class FeedbackExtremes {
  readonly #put;
  readonly #delete;
  readonly #list;
  readonly #get;
  readonly #deleteAfter;

  constructor(connection: Connection) {
    this.#put = connection.prepare<[number, number, number, Uint8Array, Uint8Array, Uint8Array]>(
      `INSERT OR REPLACE INTO run_feedback_extreme (run_number, step, feedback, labeled, unlabeled, weak_labels)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = connection.prepare('DELETE FROM run_feedback_extreme WHERE run_number = ? AND step = ?');
    this.#list = connection.prepare<[number], FeedbackExtreme>(
      'SELECT step, feedback FROM run_feedback_extreme WHERE run_number = ? ORDER BY step',
    );
    this.#get = connection.prepare<[number, number], StoredStep>(
      `SELECT step, feedback, labeled, unlabeled, weak_labels AS weakLabels
       FROM run_feedback_extreme WHERE run_number = ? AND step = ?`,
    );
    this.#deleteAfter = connection.prepare('DELETE FROM run_feedback_extreme WHERE run_number = ? AND step > ?');
  }

  /** A step repeated after a crash replaces its row; what is no longer among the strongest goes. The caller holds the transaction. */
  add(run: number, { step, feedback, labeled, unlabeled, weakLabels }: ExtremeStep): void {
    this.#put.run(run, step, feedback, bytesOf(labeled), bytesOf(unlabeled), weakLabels);
    const ordered = this.list(run).sort((one, other) => one.feedback - other.feedback);
    for (const dropped of ordered.slice(KEPT_AT_EACH_END, -KEPT_AT_EACH_END)) this.#delete.run(run, dropped.step);
  }

  /** In the order of the steps. */
  list(run: number): FeedbackExtreme[] {
    return this.#list.all(run);
  }

  /** @throws StudioError 'not-found' for a step that is none of them. */
  get(run: number, step: number): ExtremeStep {
    const stored = this.#get.get(run, step);
    if (stored !== undefined) {
      const { feedback, labeled, unlabeled, weakLabels } = stored;
      return {
        step,
        feedback,
        labeled: idsOf(labeled),
        unlabeled: idsOf(unlabeled),
        weakLabels: new Uint8Array(weakLabels),
      };
    }
    throw new StudioError('not-found', `The batch of step ${step} was not kept.`, {
      hint: 'Only those of the strongest feedback are: choose one of them.',
      commandLine: '`rounds feedback --run RUN` lists them',
    });
  }

  deleteAfter(run: number, step: number): void {
    this.#deleteAfter.run(run, step);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A copy: numbers must begin at a multiple of their size. */
function idsOf(bytes: Buffer): Float64Array {
  return new Float64Array(Uint8Array.from(bytes).buffer);
}
