import type { Verdict } from '#shared/review.ts';
import type { Connection } from './database.ts';

/** What one reviewer says of an image. */
export interface Outcome {
  readonly image: number;
  readonly verdict: Verdict;
  /** Null where it was rejected, or the reviewer was unsure. */
  readonly label: number | null;
}

/** What holds of an image, and who said it. */
export interface Review extends Outcome {
  readonly reviewer: string;
  readonly round: number | null;
}

/** An outcome with all that is told of it in a file. */
export interface ToldOutcome extends Review {
  readonly source: string;
  readonly path: string;
  readonly offset: number;
  readonly from: number | null;
  readonly madeAt: string;
  readonly queue: string | null;
  readonly reason: string;
  readonly seconds: number;
}

/** One act, for measuring. */
export interface Act {
  readonly id: number;
  readonly reviewer: string;
  readonly queue: string | null;
  readonly seconds: number;
  readonly images: number;
  /** Of those, the ones whose label was wrong. */
  readonly corrections: number;
}

interface StoredCount {
  readonly verdict: Verdict;
  readonly label: number;
  readonly count: number;
}

const SLICE = 20_000;

/** What came out of the decisions that stand. */
export class ReviewOutcomes {
  readonly #counts;
  readonly #page;
  readonly #of;
  readonly #ofReviewer;
  readonly #told;
  readonly #acts;
  readonly #imageAt;

  constructor(connection: Connection) {
    this.#counts = connection.prepare<[], StoredCount>(
      'SELECT verdict, label, count FROM review_count WHERE count > 0 ORDER BY verdict, label',
    );
    const reviews = `review.image_id AS image, review.verdict, review.label, reviewer.name AS reviewer, act.round_id AS round`;
    const joins = `JOIN decision_batch AS act ON act.id = review.batch_id JOIN reviewer ON reviewer.id = act.reviewer_id`;
    this.#page = connection.prepare<[number, number], Review>(
      `SELECT ${reviews} FROM review ${joins} WHERE review.image_id > ? ORDER BY review.image_id LIMIT ?`,
    );
    this.#of = connection.prepare<[string], Review>(
      `SELECT ${reviews} FROM json_each(?) AS wanted CROSS JOIN review ON review.image_id = wanted.value ${joins}`,
    );
    this.#ofReviewer = connection.prepare<[string], Outcome>(
      `SELECT decision.image_id AS image, decision.verdict, decision.to_label AS label
       FROM reviewer CROSS JOIN decision_state ON decision_state.reviewer_id = reviewer.id AND decision_state.state = 'standing'
         CROSS JOIN decision ON decision.batch_id = decision_state.batch_id
       WHERE reviewer.name = ? ORDER BY decision_state.batch_id`,
    );
    this.#told = connection.prepare<[string], ToldOutcome>(
      `SELECT decision.image_id AS image, source.name AS source, image.path, image.byte_offset AS "offset", decision.verdict,
         decision.from_label AS "from", decision.to_label AS label, reviewer.name AS reviewer, act.round_id AS round,
         act.made_at AS madeAt, act.queue, ifnull(decision.reason, act.reason) AS reason, act.seconds / act.images AS seconds
       FROM reviewer CROSS JOIN decision_state ON decision_state.reviewer_id = reviewer.id AND decision_state.state = 'standing'
         CROSS JOIN decision_batch AS act ON act.id = decision_state.batch_id
         CROSS JOIN decision ON decision.batch_id = act.id
         CROSS JOIN image ON image.id = decision.image_id JOIN source ON source.id = image.source_id
       WHERE reviewer.name = ? ORDER BY decision_state.batch_id`,
    );
    this.#acts = connection.prepare<[number, number], Act>(
      `SELECT act.id, reviewer.name AS reviewer, act.queue, act.seconds, act.images,
         (SELECT count(*) FROM decision WHERE batch_id = act.id AND verdict IN ('relabel', 'reject')) AS corrections
       FROM decision_batch AS act CROSS JOIN decision_state ON decision_state.batch_id = act.id AND decision_state.state = 'standing'
         JOIN reviewer ON reviewer.id = act.reviewer_id
       WHERE act.id > ? ORDER BY act.id LIMIT ?`,
    );
    this.#imageAt = connection
      .prepare<[string, string, number], number>(
        `SELECT image.id FROM source CROSS JOIN image ON image.source_id = source.id
         WHERE source.name = ? AND image.path = ? AND image.byte_offset = ?`,
      )
      .pluck();
  }

  /** How many images have each verdict and label; label -1: none. */
  counts(): StoredCount[] {
    return this.#counts.all();
  }

  /** What holds of every image that was decided, in the order of their ids. */
  *all(): Generator<Review, void> {
    for (let after = 0; ;) {
      const rows = this.#page.all(after, SLICE);
      yield* rows;
      if (rows.length < SLICE) return;
      after = rows.at(-1)!.image;
    }
  }

  /** What holds of some images, by image. */
  of(images: readonly number[]): Map<number, Review> {
    return new Map(this.#of.all(JSON.stringify(images)).map((review) => [review.image, review]));
  }

  /** What a reviewer said last of each image, whatever others said since. */
  ofReviewer(name: string): Map<number, Outcome> {
    return new Map(this.#ofReviewer.all(name).map((outcome) => [outcome.image, outcome]));
  }

  /** The same with all that is told of it. */
  told(name: string): ToldOutcome[] {
    return [...new Map(this.#told.all(name).map((outcome) => [outcome.image, outcome])).values()];
  }

  /** The acts that stand, in their order. */
  *acts(): Generator<Act, void> {
    for (let after = 0; ;) {
      const acts = this.#acts.all(after, SLICE);
      yield* acts;
      if (acts.length < SLICE) return;
      after = acts.at(-1)!.id;
    }
  }

  /** The image at a place of a source; undefined where there is none. */
  imageAt(source: string, path: string, offset: number): number | undefined {
    return this.#imageAt.get(source, path, offset);
  }
}
