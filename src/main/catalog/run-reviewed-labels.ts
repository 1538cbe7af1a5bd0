import type { ReviewedLabel, ReviewedPart, ReviewedUse } from '#shared/reviewed-use.ts';
import type { Verdict } from '#shared/review.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';

/** An image of a run's manifest with the label the run is given. */
export interface GivenLabel {
  readonly id: number;
  readonly label: number;
}

interface StoredDecision {
  readonly image: number;
  readonly batch: number;
  readonly verdict: Verdict;
  readonly from: number | null;
  readonly to: number | null;
  /** The image's own label before this decision. */
  readonly before: number | null;
  readonly state: 'standing' | 'undone' | 'abandoned';
}

interface StoredUse {
  readonly part: ReviewedPart;
  readonly images: number;
  readonly relabeled: number;
  readonly upTo: number;
}

/** Images looked up at a time. */
const SLICE = 20_000;

const COLUMNS = ['run_number', 'part', 'image_id', 'label', 'from_label', 'verdict', 'batch_id'];

/** Which labels of runs people had given or confirmed, as it was when each run started. Runs are named by their numbers. */
export class RunReviewedLabels {
  readonly #insert;
  readonly #decisions;
  readonly #uses;
  readonly #reviewers;
  readonly #page;
  readonly #of;

  constructor(connection: Connection) {
    this.#insert = new BulkInsert(connection, 'INSERT INTO run_reviewed_label', COLUMNS);
    this.#decisions = connection.prepare<[string], StoredDecision>(
      `SELECT decision.image_id AS image, decision.batch_id AS batch, decision.verdict, decision.from_label AS "from",
         decision.to_label AS "to", decision.label_before AS before, decision_state.state
       FROM json_each(?) AS wanted CROSS JOIN decision ON decision.image_id = wanted.value
         JOIN decision_state ON decision_state.batch_id = decision.batch_id
       ORDER BY decision.image_id, decision.batch_id`,
    );
    this.#uses = connection.prepare<[number], StoredUse>(
      `SELECT part, count(*) AS images, count(*) FILTER (WHERE verdict = 'relabel') AS relabeled, max(batch_id) AS upTo
       FROM run_reviewed_label WHERE run_number = ? GROUP BY part`,
    );
    this.#reviewers = connection
      .prepare<[number], string>(
        `SELECT name FROM reviewer
         WHERE EXISTS (SELECT 1 FROM run_reviewed_label AS used JOIN decision_batch AS act ON act.id = used.batch_id
           WHERE used.run_number = ? AND act.reviewer_id = reviewer.id)
         ORDER BY id`,
      )
      .pluck();
    const select = `SELECT used.image_id AS image, used.label, used.from_label AS "from", used.verdict, used.batch_id AS batch,
        reviewer.name AS reviewer, act.made_at AS madeAt`;
    const told = 'JOIN decision_batch AS act ON act.id = used.batch_id JOIN reviewer ON reviewer.id = act.reviewer_id';
    this.#page = connection.prepare<[number, ReviewedPart, number, number], ReviewedLabel>(
      `${select} FROM run_reviewed_label AS used ${told}
       WHERE used.run_number = ? AND used.part = ? AND used.image_id > ? ORDER BY used.image_id LIMIT ?`,
    );
    this.#of = connection.prepare<[string, number, ReviewedPart], ReviewedLabel>(
      `${select} FROM json_each(?) AS wanted CROSS JOIN run_reviewed_label AS used ON used.image_id = wanted.value ${told}
       WHERE used.run_number = ? AND used.part = ?`,
    );
  }

  /**
   * Keeps which of the labels a run is given are reviewed ones: those that a decision gave or confirmed which stands, and those of a frozen
   * subset that only a decision can have given, though it was taken back since. The caller holds the transaction.
   */
  record(run: number, part: ReviewedPart, given: readonly GivenLabel[]): void {
    for (let from = 0; from < given.length; from += SLICE) {
      const labels = new Map(given.slice(from, from + SLICE).map(({ id, label }) => [id, label]));
      const decisions = this.#decisions.all(JSON.stringify([...labels.keys()]));
      const used = [...Map.groupBy(decisions, ({ image }) => image)].flatMap(([image, ofImage]) => {
        const decision = decisionBehind(ofImage, labels.get(image)!);
        return decision === undefined ? [] : [decision];
      });
      this.#insert.insert(
        used.map(({ image, to, from: judged, verdict, batch }) => [run, part, image, to, judged, verdict, batch]),
      );
    }
  }

  /** What was used, in all; null where no label of the run was reviewed. */
  use(run: number): ReviewedUse | null {
    const stored = this.#uses.all(run);
    if (stored.length === 0) return null;
    const of = (part: ReviewedPart): { images: number; relabeled: number } => {
      const { images = 0, relabeled = 0 } = stored.find((row) => row.part === part) ?? {};
      return { images, relabeled };
    };
    return {
      labeled: of('labeled'),
      validation: of('validation'),
      upTo: Math.max(...stored.map(({ upTo }) => upTo)),
      reviewers: this.#reviewers.all(run),
    };
  }

  /** By the numbers of the images, those after one. */
  page(run: number, part: ReviewedPart, afterImage: number, limit: number): ReviewedLabel[] {
    return this.#page.all(run, part, afterImage, limit);
  }

  /** Those of some images. */
  of(run: number, part: ReviewedPart, images: readonly number[]): ReviewedLabel[] {
    return this.#of.all(JSON.stringify(images), run, part);
  }
}

/** The decision that gave or confirmed a label. @param decisions all of one image, the oldest first. */
function decisionBehind(decisions: readonly StoredDecision[], label: number): StoredDecision | undefined {
  const saying = decisions.filter(({ to }) => to === label);
  const standing = saying.findLast(({ state }) => state === 'standing');
  if (standing !== undefined) return standing;
  // Undone: only where the label is not the one the image came with can it have come from a decision.
  return decisions[0]?.before === label ? undefined : saying.at(-1);
}
