import { setImmediate as nextTurn } from 'node:timers/promises';
import { StudioError } from '#shared/errors.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { Verdict } from '#shared/review.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection } from './database.ts';
import type { ImageQuery } from './image-query.ts';

/** Rows read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;

export interface StoredAudit {
  readonly id: number;
  readonly name: string;
  readonly round: number | null;
  /** One for each class; null for an audit of the images' own labels. */
  readonly thresholds: readonly number[] | null;
  readonly filter: ImageFilter;
  readonly seed: number;
  readonly target: number;
  readonly classTarget: number;
  readonly createdAt: string;
}
export type NewAudit = Omit<StoredAudit, 'id' | 'createdAt'>;

export interface LabeledImage {
  readonly image: number;
  readonly label: number;
}

/** What was judged of a drawn label. */
export interface AuditAnswer {
  readonly image: number;
  readonly verdict: Verdict;
}

type StoredRow = Omit<StoredAudit, 'thresholds' | 'filter'> & {
  readonly thresholds: string | null;
  readonly filter: string;
};

const COLUMNS = `id, name, round_id AS round, filter, thresholds, seed, target, class_target AS classTarget, created_at AS createdAt`;

/** Blind audits: what was drawn of which labels. The answers are decisions. */
export class AuditTable {
  readonly #connection: Connection;
  readonly #query: ImageQuery;
  readonly #insert;
  readonly #insertStratum;
  readonly #insertImages;
  readonly #byName;
  readonly #all;
  readonly #strata;
  readonly #sample;
  readonly #answers;
  readonly #ofRound;
  readonly #labeled;

  constructor(connection: Connection, query: ImageQuery) {
    this.#connection = connection;
    this.#query = query;
    this.#insert = connection
      .prepare<unknown[], number>(
        `INSERT INTO audit (name, round_id, filter, thresholds, seed, target, class_target, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      )
      .pluck();
    this.#insertStratum = connection.prepare(
      'INSERT INTO audit_stratum (audit_id, label, population) VALUES (?, ?, ?)',
    );
    const columns = ['audit_id', 'position', 'image_id', 'label'];
    this.#insertImages = new BulkInsert(connection, 'INSERT INTO audit_image', columns);
    this.#byName = connection.prepare<[string], StoredRow>(`SELECT ${COLUMNS} FROM audit WHERE name = ?`);
    this.#all = connection.prepare<[], StoredRow>(`SELECT ${COLUMNS} FROM audit ORDER BY id DESC`);
    this.#strata = connection.prepare<[number], { label: number; population: number }>(
      'SELECT label, population FROM audit_stratum WHERE audit_id = ? ORDER BY label',
    );
    this.#sample = connection.prepare<[number], LabeledImage>(
      'SELECT image_id AS image, label FROM audit_image WHERE audit_id = ? ORDER BY position',
    );
    this.#answers = connection.prepare<[number], AuditAnswer>(
      `SELECT decision.image_id AS image, decision.verdict
       FROM decision_batch AS act CROSS JOIN decision_state ON decision_state.batch_id = act.id AND decision_state.state = 'standing'
         CROSS JOIN decision ON decision.batch_id = act.id
       WHERE act.audit_id = ? ORDER BY act.id`,
    );
    this.#ofRound = connection
      .prepare<[number, number, number], [number, number, number]>(
        `SELECT image_id, pseudo_label.label, confidence FROM pseudo_label CROSS JOIN image ON image.id = image_id
         WHERE round_id = ? AND image_id > ? AND excluded = 0 ORDER BY image_id LIMIT ?`,
      )
      .raw();
    this.#labeled = connection.prepare<[string], LabeledImage>(
      `SELECT image.id AS image, image.label FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value
       WHERE image.label IS NOT NULL`,
    );
  }

  /** Labels of a round at or above the threshold of their class, without excluded images. */
  async labelsOfRound(round: number, thresholds: readonly number[]): Promise<LabeledImage[]> {
    const accepted: LabeledImage[] = [];
    for (let after = 0; ;) {
      const rows = this.#ofRound.all(round, after, SLICE);
      for (const [image, label, confidence] of rows) {
        if (confidence >= (thresholds[label] ?? 0)) accepted.push({ image, label });
      }
      if (rows.length < SLICE) return accepted;
      after = rows.at(-1)![0];
      await nextTurn();
    }
  }

  /** Images of a filter with the labels they have. @throws StudioError 'not-found' for an unknown source. */
  labelsOfFilter(filter: ImageFilter): LabeledImage[] {
    return this.#labeled.all(JSON.stringify(this.#query.ids(filter)));
  }

  /** @throws StudioError 'conflict' for a name that is taken. */
  create(audit: NewAudit, populations: ReadonlyMap<number, number>, sample: readonly LabeledImage[]): StoredAudit {
    const { name, round, filter, thresholds, seed, target, classTarget } = audit;
    return this.#connection.transaction(() => {
      if (this.#byName.get(name) !== undefined) {
        throw new StudioError('conflict', `There is an audit named “${name}” already.`, {
          hint: 'Choose another name.',
        });
      }
      const stored = thresholds === null ? null : JSON.stringify(thresholds);
      const now = new Date().toISOString();
      const id = this.#insert.get(name, round, JSON.stringify(filter), stored, seed, target, classTarget, now)!;
      for (const [label, population] of populations) this.#insertStratum.run(id, label, population);
      this.#insertImages.insert(sample.map(({ image, label }, position) => [id, position, image, label]));
      return this.get(name);
    })();
  }

  /** @throws StudioError 'not-found'. */
  get(name: string): StoredAudit {
    const stored = this.#byName.get(name);
    if (stored !== undefined) return auditOf(stored);
    throw new StudioError('not-found', `There is no audit named “${name}” in this workspace.`, {
      hint: 'It may have been deleted: choose another.',
      commandLine: '`review audit`',
    });
  }

  /** The newest first. */
  list(): StoredAudit[] {
    return this.#all.all().map(auditOf);
  }

  /** Labels there are, by class. */
  populations(id: number): Map<number, number> {
    return new Map(this.#strata.all(id).map(({ label, population }) => [label, population]));
  }

  /** What was drawn, in the order of judging; images that are gone from the catalog are left out. */
  sample(id: number): LabeledImage[] {
    return this.#sample.all(id);
  }

  /** Answers that stand, by image: the newest of each. */
  answers(id: number): Map<number, Verdict> {
    return new Map(this.#answers.all(id).map(({ image, verdict }) => [image, verdict]));
  }
}

function auditOf({ thresholds, filter, ...stored }: StoredRow): StoredAudit {
  return {
    ...stored,
    thresholds: thresholds === null ? null : (JSON.parse(thresholds) as number[]),
    filter: JSON.parse(filter) as ImageFilter,
  };
}
