import { EXPRESSIONS } from '#shared/expressions.ts';
import type { LabelVotes, Majority } from '#shared/label-votes.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { ColumnValue, Connection } from './database.ts';

/** In the order of VOTE_CHOICES. */
const CHOICE_COLUMNS = [...EXPRESSIONS.map(({ name }) => name), 'unknown', 'non_face'];
const COLUMNS = ['image_id', 'origin', ...CHOICE_COLUMNS, 'majority'];
const UNKNOWN = EXPRESSIONS.length;
const NON_FACE = EXPRESSIONS.length + 1;

/** What several people said of an image; its own label stays what it is. */
export class LabelVoteTable {
  readonly #connection: Connection;
  readonly #put;
  readonly #of;

  constructor(connection: Connection) {
    this.#connection = connection;
    const changed = CHOICE_COLUMNS.map((column) => `${column} <> excluded.${column}`).join(' OR ');
    const update = [...CHOICE_COLUMNS, 'majority'].map((column) => `${column} = excluded.${column}`).join(', ');
    this.#put = new BulkInsert(
      connection,
      'INSERT INTO label_vote',
      COLUMNS,
      `ON CONFLICT (image_id, origin) DO UPDATE SET ${update} WHERE ${changed}`,
    );
    this.#of = connection
      .prepare<[number], ColumnValue[]>(
        `SELECT ${COLUMNS.slice(1).join(', ')} FROM label_vote WHERE image_id = ? ORDER BY origin`,
      )
      .raw();
  }

  /** Keeps votes in one transaction, in place of those of the same voting before. @returns for how many images they are new or other. */
  put(votes: readonly (LabelVotes & { readonly image: number })[]): number {
    const rows = votes.map(({ image, origin, counts, majority }) => [
      image,
      origin,
      ...counts,
      storedMajority(majority),
    ]);
    return this.#connection.transaction(() => this.#put.insert(rows))();
  }

  /** The votes on an image, by the voting's name. */
  of(image: number): LabelVotes[] {
    return this.#of.all(image).map(([origin, ...rest]) => ({
      origin: origin as string,
      counts: rest.slice(0, -1) as number[],
      majority: majorityOf(rest.at(-1) as number | null),
    }));
  }
}

function storedMajority(majority: Majority): number | null {
  if (majority === 'unknown') return UNKNOWN;
  return majority === 'non-face' ? NON_FACE : majority;
}

function majorityOf(stored: number | null): Majority {
  if (stored === UNKNOWN) return 'unknown';
  return stored === NON_FACE ? 'non-face' : stored;
}
