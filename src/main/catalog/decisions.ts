import { StudioError } from '#shared/errors.ts';
import type { DecisionBatch, ImageDecision, Verdict } from '#shared/review.ts';
import type { Split } from '#shared/images.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';

/** Who decides, and all that the log keeps beside the images. */
export interface DecisionNote {
  readonly reviewer: string;
  readonly round: number | null;
  readonly audit: number | null;
  readonly queue: string | null;
  readonly reason: string;
  readonly seconds: number;
  /** The sender's own: an act with a key that is there already is not done again. */
  readonly key: string | null;
}

/** What the sender of an undo or a redo tells beside whose it is. */
export interface SentTurn {
  /** The sender's own: a turn with a key that is there already is not done again. */
  readonly key?: string | null;
  /** Key of the decision that is meant: where another one is next, nothing is done. Whatever is next, when left out. */
  readonly act?: string | undefined;
}

/** What becomes of one image. */
export interface Decision {
  readonly image: number;
  readonly verdict: Verdict;
  /** The right class, for `relabel`; another class than the judged one, for `accept`, is refused. */
  readonly label?: number | undefined;
  /** Where it is another than that of the act. */
  readonly reason?: string | null;
}

/** An image before a decision. */
interface Judged {
  readonly image: number;
  readonly split: Split;
  readonly own: number | null;
  readonly pseudo: number | null;
  readonly reviewed: number | null;
}

type StoredBatch = Omit<DecisionBatch, 'first'> & {
  readonly image: number | null;
  readonly source: string | null;
  readonly path: string | null;
  readonly verdict: Verdict | null;
  readonly from: number | null;
  readonly to: number | null;
};

const DECISION_COLUMNS = ['batch_id', 'image_id', 'verdict', 'from_label', 'to_label', 'label_before', 'reason'];

const BATCHES = `SELECT act.id, act.kind, reviewer.name AS reviewer, act.made_at AS madeAt, act.round_id AS round, audit.name AS audit,
    act.queue, act.reason, act.seconds, act.images, act.target, decision_state.state,
    one.image_id AS image, source.name AS source, image.path, one.verdict, one.from_label AS "from", one.to_label AS "to"
  FROM decision_batch AS act
    JOIN reviewer ON reviewer.id = act.reviewer_id
    LEFT JOIN audit ON audit.id = act.audit_id
    LEFT JOIN decision_state ON decision_state.batch_id = act.id
    LEFT JOIN decision AS one ON one.batch_id = act.id
      AND one.image_id = (SELECT min(image_id) FROM decision WHERE batch_id = act.id)
    LEFT JOIN image ON image.id = one.image_id
    LEFT JOIN source ON source.id = image.source_id`;

/** The newest decision on each image of an act that stands, whoever made it. */
export const NEWEST_STANDING = `SELECT max(other.batch_id) FROM decision AS other
  CROSS JOIN decision_state ON decision_state.batch_id = other.batch_id
  WHERE other.image_id = changed.image_id AND decision_state.state = 'standing'`;

/**
 * What people decided of labels: a log that only grows, from which the label that holds is derived. Each reviewer undoes and redoes their own
 * acts, one after the other, back to the beginning; what is newest and stands decides, whoever said it. An image of a labeled split has the
 * decided label as its own from then on, and gets its first one back when nothing stands any more; an unlabeled image stays one.
 */
export class DecisionLog {
  readonly #connection: Connection;
  readonly #reviewer;
  readonly #addReviewer;
  readonly #reviewers;
  readonly #byKey;
  readonly #judged;
  readonly #judgedInRound;
  readonly #insertBatch;
  readonly #insertDecisions;
  readonly #insertState;
  readonly #setState;
  readonly #abandon;
  readonly #newestStanding;
  readonly #oldestUndone;
  readonly #derive;
  readonly #forget;
  readonly #relabel;
  readonly #batch;
  readonly #list;
  readonly #history;
  readonly #images;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#reviewer = connection.prepare<[string], number>('SELECT id FROM reviewer WHERE name = ?').pluck();
    this.#addReviewer = connection
      .prepare<[string], number>('INSERT INTO reviewer (name) VALUES (?) RETURNING id')
      .pluck();
    this.#reviewers = connection.prepare<[], string>('SELECT name FROM reviewer ORDER BY id').pluck();
    this.#byKey = connection.prepare<[string], number>('SELECT id FROM decision_batch WHERE key = ?').pluck();
    const judged = (pseudo: string, join: string): string =>
      `SELECT image.id AS image, image.split, image.label AS own, ${pseudo} AS pseudo, review.label AS reviewed
       FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value
       LEFT JOIN review ON review.image_id = image.id ${join}`;
    this.#judged = connection.prepare<[string], Judged>(judged('NULL', ''));
    this.#judgedInRound = connection.prepare<[string, number], Judged>(
      judged(
        'pseudo_label.label',
        'LEFT JOIN pseudo_label ON pseudo_label.round_id = ? AND pseudo_label.image_id = image.id',
      ),
    );
    this.#insertBatch = connection
      .prepare<unknown[], number>(
        `INSERT INTO decision_batch (kind, reviewer_id, made_at, round_id, audit_id, queue, reason, seconds, images, target, key)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      )
      .pluck();
    this.#insertDecisions = new BulkInsert(connection, 'INSERT INTO decision', DECISION_COLUMNS);
    this.#insertState = connection.prepare<[number, number]>(
      "INSERT INTO decision_state (batch_id, reviewer_id, state) VALUES (?, ?, 'standing')",
    );
    this.#setState = connection.prepare<['standing' | 'undone', number]>(
      'UPDATE decision_state SET state = ? WHERE batch_id = ?',
    );
    this.#abandon = connection.prepare<[number]>(
      "UPDATE decision_state SET state = 'abandoned' WHERE reviewer_id = ? AND state = 'undone'",
    );
    const ofReviewer = (state: string, order: string) =>
      connection
        .prepare<[number], number>(
          `SELECT batch_id FROM decision_state WHERE reviewer_id = ? AND state = '${state}' ORDER BY batch_id ${order} LIMIT 1`,
        )
        .pluck();
    this.#newestStanding = ofReviewer('standing', 'DESC');
    this.#oldestUndone = ofReviewer('undone', 'ASC');
    this.#derive = connection.prepare<[number]>(
      `INSERT INTO review (image_id, batch_id, verdict, label)
       SELECT newest.image_id, newest.batch_id, newest.verdict, newest.to_label
       FROM decision AS changed CROSS JOIN decision AS newest
         ON newest.image_id = changed.image_id AND newest.batch_id = (${NEWEST_STANDING})
       WHERE changed.batch_id = ?
       ON CONFLICT (image_id) DO UPDATE SET batch_id = excluded.batch_id, verdict = excluded.verdict, label = excluded.label`,
    );
    this.#forget = connection.prepare<[number, number]>(
      'DELETE FROM review WHERE image_id IN (SELECT image_id FROM decision WHERE batch_id = ?) AND batch_id = ?',
    );
    const held = `ifnull((SELECT review.label FROM review WHERE review.image_id = image.id),
      (SELECT before.label_before FROM decision AS before WHERE before.image_id = image.id ORDER BY before.batch_id LIMIT 1))`;
    this.#relabel = connection.prepare<[number]>(
      `UPDATE image SET label = ${held}
       WHERE id IN (SELECT image_id FROM decision WHERE batch_id = ?) AND split <> 'unlabeled' AND label IS NOT ${held}`,
    );
    this.#batch = connection.prepare<[number], StoredBatch>(`${BATCHES} WHERE act.id = ?`);
    this.#list = connection.prepare<[number, number], StoredBatch>(
      `${BATCHES} WHERE act.id < ? ORDER BY act.id DESC LIMIT ?`,
    );
    this.#history = connection.prepare<[number], ImageDecision>(
      `SELECT decision.batch_id AS batch, reviewer.name AS reviewer, act.made_at AS madeAt, act.round_id AS round, decision.verdict,
         decision.from_label AS "from", decision.to_label AS "to", ifnull(decision.reason, act.reason) AS reason, decision_state.state
       FROM decision CROSS JOIN decision_batch AS act ON act.id = decision.batch_id
         JOIN decision_state ON decision_state.batch_id = act.id JOIN reviewer ON reviewer.id = act.reviewer_id
       WHERE decision.image_id = ? ORDER BY decision.batch_id`,
    );
    this.#images = connection
      .prepare<[number, number], number>('SELECT image_id FROM decision WHERE batch_id = ? ORDER BY image_id LIMIT ?')
      .pluck();
  }

  /**
   * Keeps what a reviewer decided as one act, in one transaction. The judged label is the image's own; where it has none, that of the round, and
   * without a round the one that was decided last.
   *
   * @param seen the label the reviewer saw of the only image. @returns the row of the log; the earlier one for a key that was there.
   * @throws StudioError 'not-found' for images that are gone, 'bad-input' for an `accept` where there is no label, 'conflict' where another
   *   label was seen than there is.
   */
  record(decisions: readonly Decision[], note: DecisionNote, seen?: number | null): DecisionBatch {
    return this.#connection.transaction(() => {
      const known = this.#known('decision', note.key);
      if (known !== undefined) return known;
      const rows = this.#resolve(decisions, note.round, seen);
      const reviewer = this.#reviewer.get(note.reviewer) ?? this.#addReviewer.get(note.reviewer)!;
      const id = this.#append('decision', reviewer, rows.length, note, null);
      this.#insertDecisions.insert(rows.map((row) => [id, ...row]));
      this.#abandon.run(reviewer);
      this.#insertState.run(id, reviewer);
      this.#follow(id);
      return this.get(id);
    })();
  }

  /**
   * Takes the newest act of a reviewer that stands back.
   * @returns the row of the log; the earlier one for a key that was there.
   * @throws StudioError 'conflict' when there is nothing to undo, when it is another act than the sender meant, or for a key of another kind of
   * act.
   */
  undo(reviewer: string, sent: SentTurn = {}): DecisionBatch {
    return this.#turn(reviewer, 'undo', sent);
  }

  /** Does again what the reviewer undid last; as {@link undo}. @throws StudioError 'conflict' also when something was decided since. */
  redo(reviewer: string, sent: SentTurn = {}): DecisionBatch {
    return this.#turn(reviewer, 'redo', sent);
  }

  /** Whether {@link undo} and {@link redo} have something to do. */
  canTurn(reviewer: string): { readonly canUndo: boolean; readonly canRedo: boolean } {
    const id = this.#reviewer.get(reviewer);
    if (id === undefined) return { canUndo: false, canRedo: false };
    return {
      canUndo: this.#newestStanding.get(id) !== undefined,
      canRedo: this.#oldestUndone.get(id) !== undefined,
    };
  }

  /** Everyone who decided something, in the order they came. */
  reviewers(): string[] {
    return this.#reviewers.all();
  }

  /** Acts before one, the newest first. */
  list({ beforeId = Number.MAX_SAFE_INTEGER, limit = 100 } = {}): DecisionBatch[] {
    return this.#list.all(beforeId, limit).map(batchOf);
  }

  get(id: number): DecisionBatch {
    return batchOf(this.#batch.get(id)!);
  }

  /** The images of an act, the first `limit` by their numbers; those of the act it is about for an undo or a redo. */
  imagesOf({ id, target }: Pick<DecisionBatch, 'id' | 'target'>, limit: number): number[] {
    return this.#images.all(target ?? id, limit);
  }

  /** Number of the newest act; 0 before the first. */
  newest(): number {
    return this.#list.get(Number.MAX_SAFE_INTEGER, 1)?.id ?? 0;
  }

  /** All that was decided of an image, undone decisions too, the oldest first. */
  history(image: number): ImageDecision[] {
    return this.#history.all(image);
  }

  /** The act that came with a key before. @throws StudioError 'conflict' when it was one of another kind. */
  #known(kind: DecisionBatch['kind'], key: string | null): DecisionBatch | undefined {
    const id = key === null ? undefined : this.#byKey.get(key);
    if (id === undefined) return undefined;
    const act = this.get(id);
    if (act.kind === kind) return act;
    throw new StudioError('conflict', `The key ${key} is that of another act: number ${id}, of kind ${act.kind}.`, {
      hint: 'Give each act a key of its own.',
    });
  }

  #turn(name: string, kind: 'undo' | 'redo', { key = null, act }: SentTurn): DecisionBatch {
    return this.#connection.transaction(() => {
      const known = this.#known(kind, key);
      if (known !== undefined) return known;
      const reviewer = this.#reviewer.get(name);
      const target = reviewer && (kind === 'undo' ? this.#newestStanding : this.#oldestUndone).get(reviewer);
      if (reviewer === undefined || target === undefined) {
        throw new StudioError('conflict', `There is nothing of ${name} to ${kind}.`, {
          hint: 'Everyone undoes their own decisions; the log lists what was done by whom.',
          commandLine: '`review log`',
        });
      }
      if (act !== undefined && this.#byKey.get(act) !== target) throw otherTurnError(name, kind);
      const { round, queue, images } = this.get(target);
      const note = { reviewer: name, round, audit: null, queue, reason: '', seconds: 0, key };
      const id = this.#append(kind, reviewer, images, note, target);
      this.#setState.run(kind === 'undo' ? 'undone' : 'standing', target);
      this.#follow(target);
      return this.get(id);
    })();
  }

  #append(
    kind: DecisionBatch['kind'],
    reviewer: number,
    images: number,
    { round, audit, queue, reason, seconds, key }: DecisionNote,
    target: number | null,
  ): number {
    const now = new Date().toISOString();
    return this.#insertBatch.get(kind, reviewer, now, round, audit, queue, reason, seconds, images, target, key)!;
  }

  /** Derives anew what holds of the images of an act. */
  #follow(batch: number): void {
    this.#forget.run(batch, batch);
    this.#derive.run(batch);
    this.#relabel.run(batch);
  }

  /** @returns rows of the log, without the act: image, verdict, from, to, before, reason. */
  #resolve(decisions: readonly Decision[], round: number | null, seen: number | null | undefined) {
    const ids = JSON.stringify(decisions.map(({ image }) => image));
    const judged = round === null ? this.#judged.all(ids) : this.#judgedInRound.all(ids, round);
    const byImage = new Map(judged.map((row) => [row.image, row]));
    const missing = decisions.filter(({ image }) => !byImage.has(image));
    if (missing.length > 0) throw goneError(missing);
    const rows = new Map<number, readonly (string | number | null)[]>();
    let unlabeled = 0;
    for (const { image, verdict, label, reason = null } of decisions) {
      const { split, own, pseudo, reviewed } = byImage.get(image)!;
      const from = split !== 'unlabeled' && own !== null ? own : round === null ? reviewed : pseudo;
      if (seen !== undefined && seen !== from) throw seenError(image);
      if (verdict === 'accept' && from === null) unlabeled++;
      const to = verdict === 'accept' ? from : verdict === 'relabel' ? label! : null;
      // To say the same class again is to accept it, so that a correction is always one.
      const said = verdict === 'relabel' && to === from ? 'accept' : verdict;
      rows.set(image, [image, said, from, to, own, reason]);
    }
    if (unlabeled > 0) throw unlabeledError(unlabeled, decisions.length, round);
    return [...rows.values()];
  }
}

function goneError(missing: readonly Decision[]): StudioError {
  const first = missing[0]!.image;
  const which = missing.length === 1 ? `image ${first}` : `${missing.length} of the images, such as ${first},`;
  return new StudioError('not-found', `There is no ${which} in this workspace.`, {
    hint: 'It may have been removed since; look at the list again.',
  });
}

function otherTurnError(reviewer: string, kind: 'undo' | 'redo'): StudioError {
  return new StudioError(
    'conflict',
    `What ${reviewer} would ${kind} is another decision by now than the one that was meant.`,
    {
      hint: `Look at the decisions, and ${kind} again if it is meant.`,
    },
  );
}

function seenError(image: number): StudioError {
  return new StudioError('conflict', `Image ${image} has another label by now than the one that was judged.`, {
    hint: 'Look at it again; its history tells who changed it.',
    commandLine: '`review log --image`',
  });
}

function unlabeledError(unlabeled: number, of: number, round: number | null): StudioError {
  const which = of === 1 ? 'The image has' : `${unlabeled.toLocaleString('en')} of the images have`;
  return new StudioError('bad-input', `${which} no label to accept${round === null ? '' : ' in this round'}.`, {
    hint: round === null ? 'Say which round is judged, or say the class.' : 'Choose another round, or say the class.',
  });
}

function batchOf({ image, source, path, verdict, from, to, ...batch }: StoredBatch): DecisionBatch {
  const first =
    image === null || source === null || path === null || verdict === null
      ? null
      : { image, source, path, verdict, from, to };
  return { ...batch, first };
}
