import type { ColumnValue, Connection } from './database.ts';

/** A blob too: what is written need not be what a column is read as. */
type InsertedValue = ColumnValue | Uint8Array;

/** Rows of one statement. A call into SQLite costs about as much as a row does; more rows than this gain nothing. */
const ROWS_PER_STATEMENT = 100;

/** Inserts many rows, a hundred a statement. The caller holds the transaction. */
export class BulkInsert {
  readonly #hundred;
  readonly #single;

  /** @param into the statement's beginning, such as `INSERT INTO image`. @param conflict its end, such as `ON CONFLICT DO NOTHING`. */
  constructor(connection: Connection, into: string, columns: readonly string[], conflict = '') {
    const row = `(${columns.map(() => '?').join(', ')})`;
    const prepare = (rows: number) =>
      connection.prepare<InsertedValue[]>(
        `${into} (${columns.join(', ')}) VALUES ${Array(rows).fill(row).join(', ')} ${conflict}`,
      );
    this.#hundred = prepare(ROWS_PER_STATEMENT);
    this.#single = prepare(1);
  }

  /** @param rows values in the order of the columns. @returns how many rows were written. */
  insert(rows: readonly (readonly InsertedValue[])[]): number {
    let written = 0;
    let next = 0;
    for (; next + ROWS_PER_STATEMENT <= rows.length; next += ROWS_PER_STATEMENT) {
      written += this.#hundred.run(...rows.slice(next, next + ROWS_PER_STATEMENT).flat()).changes;
    }
    for (; next < rows.length; next++) written += this.#single.run(...rows[next]!).changes;
    return written;
  }
}
