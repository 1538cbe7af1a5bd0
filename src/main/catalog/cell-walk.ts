import type { Cell } from './cells.ts';
import type { Connection } from './database.ts';

/** Ids asked for at a time of one cell: a question costs about as much as ten ids. */
const SMALLEST_CHUNK = 8;
/** With more cells than this, images of any cell are looked at first, as long as one in so many is wanted: less work than asking each cell. */
const FEW_CELLS = 32;
const WANTED_ONE_IN = 4;
/** Images looked at in a row, for each that will be taken. */
const LOOKED_AT = 2;

interface PlacedImage {
  readonly id: number;
  readonly cell: number;
}

/** Walks the images of some cells together, in the order of their ids. */
export class CellWalk {
  readonly #after;
  readonly #before;
  readonly #anyAfter;
  readonly #anyBefore;

  constructor(connection: Connection) {
    this.#after = connection
      .prepare<[number, number, number], number>('SELECT id FROM image WHERE cell = ? AND id > ? ORDER BY id LIMIT ?')
      .pluck();
    this.#before = connection
      .prepare<[number, number, number], number>(
        'SELECT id FROM image WHERE cell = ? AND id < ? ORDER BY id DESC LIMIT ?',
      )
      .pluck();
    this.#anyAfter = connection.prepare<[number, number], PlacedImage>(
      'SELECT id, cell FROM image WHERE id > ? ORDER BY id LIMIT ?',
    );
    this.#anyBefore = connection.prepare<[number, number], PlacedImage>(
      'SELECT id, cell FROM image WHERE id < ? ORDER BY id DESC LIMIT ?',
    );
  }

  /** All ids of one cell, ascending. */
  all(cell: Cell): number[] {
    return this.#after.all(cell.id, 0, -1);
  }

  /** Ids beyond one, nearest first. @param expected about how many will be taken. */
  *from(cells: readonly Cell[], id: number, descending: boolean, expected: number): Generator<number, void> {
    const from = cells.length > FEW_CELLS ? yield* this.#dense(cells, id, descending, expected) : id;
    if (from !== null) yield* this.#lanes(cells, from, descending, expected);
  }

  /** While many of the images in a row are wanted. @returns where to go on; null at the end. */
  *#dense(cells: readonly Cell[], id: number, descending: boolean, expected: number): Generator<number, number | null> {
    const wanted = new Set(cells.map((cell) => cell.id));
    const next = descending ? this.#anyBefore : this.#anyAfter;
    const chunk = LOOKED_AT * Math.max(expected, SMALLEST_CHUNK);
    for (let from = id; ;) {
      const images = next.all(from, chunk);
      const found = images.filter(({ cell }) => wanted.has(cell));
      for (const image of found) yield image.id;
      if (images.length < chunk) return null;
      from = images.at(-1)!.id;
      if (found.length * WANTED_ONE_IN < images.length) return from;
    }
  }

  *#lanes(cells: readonly Cell[], id: number, descending: boolean, expected: number): Generator<number, void> {
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
