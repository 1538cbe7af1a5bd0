import type { Connection } from './database.ts';
import { type IndexedLabel, RoundIndex } from './round-index.ts';

/** Labels read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;
/** Rounds kept in memory: what a person goes back and forth between. */
const KEPT = 3;

/**
 * Tells what changed of the images and labels since it was asked last, by triggers of this connection alone. A label that was taken out makes its
 * round stale; those that were added are told by their count. What is noted already is looked for and not left to a conflict clause: in a trigger
 * that of the outer statement holds instead (sqlite.org/lang_createtrigger.html).
 */
const FOLLOWING = `
CREATE TEMP TABLE moved_image (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE stale_round (id INTEGER PRIMARY KEY);
CREATE TEMP TRIGGER follow_image AFTER UPDATE OF source_id, split, label, excluded, width, height, quality, reviewed ON main.image
  WHEN old.cell <> new.cell BEGIN
  INSERT INTO moved_image SELECT new.id WHERE NOT EXISTS (SELECT 1 FROM moved_image WHERE id = new.id);
END;
CREATE TEMP TRIGGER follow_label_delete AFTER DELETE ON main.pseudo_label BEGIN
  INSERT INTO stale_round SELECT old.round_id WHERE NOT EXISTS (SELECT 1 FROM stale_round WHERE id = old.round_id);
END;
CREATE TEMP TRIGGER follow_label_update AFTER UPDATE ON main.pseudo_label BEGIN
  INSERT INTO stale_round SELECT old.round_id WHERE NOT EXISTS (SELECT 1 FROM stale_round WHERE id = old.round_id);
END;`;

/** Beyond so many images that changed their cells a round is read anew: that is less work than looking each of them up. */
const MOST_MOVED = 200_000;

interface Followed {
  /** Images that are in other cells now. */
  moved(): (readonly [id: number, cell: number])[];
  movedCount(): number;
  staleRounds(): number[];
  forget(): void;
}

/**
 * Rounds in memory, read when they are first asked for (a second for a million labels) and kept up with what changes: a decision, an exclusion or a
 * new label costs what it changed.
 */
export class RoundIndexes {
  readonly #connection: Connection;
  readonly #slice;
  readonly #count;
  /** The one used last is the last. */
  readonly #kept = new Map<number, RoundIndex>();
  #followed: Followed | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#slice = connection
      .prepare<[number, number, number], IndexedLabel>(
        `SELECT pseudo_label.image_id, pseudo_label.label, confidence, margin, image.cell
         FROM pseudo_label CROSS JOIN image ON image.id = pseudo_label.image_id
         WHERE round_id = ? AND pseudo_label.image_id > ? ORDER BY pseudo_label.image_id LIMIT ?`,
      )
      .raw();
    this.#count = connection
      .prepare<[number], number | null>('SELECT sum(count) FROM pseudo_label_class WHERE round_id = ?')
      .pluck();
  }

  /** A round as it is now; reads what is missing of it at once. */
  get(round: number): RoundIndex {
    const reading = this.read(round);
    for (;;) {
      const { done, value } = reading.next();
      if (done === true) return value;
    }
  }

  /** The same by slices, between which others may get their turn, and the round may change. */
  *read(round: number): Generator<undefined, RoundIndex, void> {
    let isNew = false;
    for (;;) {
      this.#catchUp();
      const expected = this.#count.get(round) ?? 0;
      let index = this.#kept.get(round);
      if (index === undefined || index.length > expected) {
        index = new RoundIndex(round);
        isNew = true;
      }
      this.#keep(index);
      if (index.length === expected) return index;
      const rows = this.#slice.all(round, index.lastImage, SLICE);
      // Labels were put between those that were read; or, where all were read just now, the counts are wrong, which `integrityCheck` tells.
      if (rows.length === 0 && isNew) return index;
      if (rows.length === 0) this.#kept.delete(round);
      else index.append(rows, expected);
      yield undefined;
    }
  }

  #keep(index: RoundIndex): void {
    this.#kept.delete(index.round);
    this.#kept.set(index.round, index);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT) this.#kept.delete(oldest!);
  }

  /** Follows what changed since. A snapshot never changes. */
  #catchUp(): void {
    if (this.#connection.readonly) return;
    this.#followed ??= this.#follow();
    const followed = this.#followed;
    for (const round of followed.staleRounds()) this.#kept.delete(round);
    if (followed.movedCount() > MOST_MOVED) this.#kept.clear();
    for (const index of this.#kept.values()) for (const [id, cell] of followed.moved()) index.moveTo(id, cell);
    followed.forget();
  }

  /** From the first question on: whoever asks for no round pays nothing. */
  #follow(): Followed {
    const connection = this.#connection;
    connection.exec(FOLLOWING);
    const moved = connection
      .prepare<[], readonly [number, number]>(
        'SELECT image.id, image.cell FROM temp.moved_image AS moved CROSS JOIN main.image ON image.id = moved.id',
      )
      .raw();
    const movedCount = connection.prepare<[], number>('SELECT count(*) FROM temp.moved_image').pluck();
    const stale = connection.prepare<[], number>('SELECT id FROM temp.stale_round').pluck();
    const isEmpty = connection
      .prepare<[], number>(
        'SELECT NOT EXISTS (SELECT 1 FROM temp.moved_image) AND NOT EXISTS (SELECT 1 FROM temp.stale_round)',
      )
      .pluck();
    const forgetMoved = connection.prepare('DELETE FROM temp.moved_image');
    const forgetStale = connection.prepare('DELETE FROM temp.stale_round');
    return {
      moved: () => moved.all(),
      movedCount: () => movedCount.get()!,
      staleRounds: () => stale.all(),
      forget: () => {
        if (isEmpty.get() === 1) return;
        forgetMoved.run();
        forgetStale.run();
      },
    };
  }
}
