import type { Cell } from './cells.ts';
import type { Connection } from './database.ts';

/** Ids asked for at a time of one cell: a question costs about as much as ten ids. */
const SMALLEST_CHUNK = 8;

/** Walks the images of some cells together, in the order of their ids. */
export class CellWalk {
  readonly #after;
  readonly #before;

  constructor(connection: Connection) {
    this.#after = connection
      .prepare<[number, number, number], number>('SELECT id FROM image WHERE cell = ? AND id > ? ORDER BY id LIMIT ?')
      .pluck();
    this.#before = connection
      .prepare<[number, number, number], number>(
        'SELECT id FROM image WHERE cell = ? AND id < ? ORDER BY id DESC LIMIT ?',
      )
      .pluck();
  }

  /** All ids of one cell, ascending. */
  all(cell: Cell): number[] {
    return this.#after.all(cell.id, 0, -1);
  }

  /** Ids beyond one, nearest first. @param expected about how many will be taken. */
  *from(cells: readonly Cell[], id: number, descending: boolean, expected: number): Generator<number, void> {
    const chunk = Math.max(SMALLEST_CHUNK, Math.ceil((2 * expected) / cells.length));
    const next = descending ? this.#before : this.#after;
    const lanes = cells.map((cell) => new Lane((beyond) => next.all(cell.id, beyond, chunk), id));
    let open = lanes.filter((lane) => lane.head !== undefined);
    while (open.length > 0) {
      const nearest = open.reduce((best, lane) => (lane.head! < best.head! !== descending ? lane : best));
      yield nearest.head!;
      nearest.advance();
      if (nearest.head === undefined) open = open.filter((lane) => lane !== nearest);
    }
  }
}

/** The ids of one cell, read by the chunk. */
class Lane {
  head: number | undefined;
  readonly #read: (beyond: number) => number[];
  #waiting: number[] = [];
  #position = 0;

  constructor(read: (beyond: number) => number[], beyond: number) {
    this.#read = read;
    this.#refill(beyond);
  }

  advance(): void {
    const last = this.head!;
    this.#position++;
    if (this.#position < this.#waiting.length) this.head = this.#waiting[this.#position];
    else this.#refill(last);
  }

  #refill(beyond: number): void {
    this.#waiting = this.#read(beyond);
    this.#position = 0;
    this.head = this.#waiting[0];
  }
}
