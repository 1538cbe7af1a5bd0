import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FaceListRequest } from '#shared/faces.ts';
import type { Cell } from './cells.ts';
import type { Connection } from './database.ts';
import { type FilterParts, inCells } from './filter-parts.ts';
import { IDENTITY_KEY, type KeyValue, type KeyedSort, ORDERS, SIZE_KEY, checkOrder } from './image-orders.ts';
import { KeyCollection } from './key-collection.ts';

/** Rows read between which others get their turn: some ten milliseconds. */
const SLICE = 20_000;
/** A list of so many images or fewer is made by putting all of them in order, not by walking an index. */
const COLLECTED = 5_000;

type PlacedKey = readonly [id: number, cell: number, ...key: KeyValue[]];

/**
 * Puts all images of a filter in order, so that any place of the order can be looked at. A million are read in some tenths of a second to two
 * seconds, by slices between which others get their turn; changes meanwhile may or may not be seen.
 */
export class ImageLists {
  readonly #filters: FilterParts;
  readonly #collection: KeyCollection;
  readonly #ofCell;
  readonly #ofKey;
  readonly #ofPath;

  constructor(connection: Connection, filters: FilterParts) {
    this.#filters = filters;
    this.#collection = new KeyCollection(connection);
    this.#ofCell = connection
      .prepare<[number, number, number], number>('SELECT id FROM image WHERE cell = ? AND id > ? ORDER BY id LIMIT ?')
      .pluck();
    const keyed = (column: string) => ({
      same: connection
        .prepare<KeyValue[], PlacedKey>(
          `SELECT id, cell, ${column} FROM image WHERE ${column} = ? AND id > ? ORDER BY id LIMIT ?`,
        )
        .raw(),
      beyond: connection
        .prepare<KeyValue[], PlacedKey>(
          `SELECT id, cell, ${column} FROM image WHERE ${column} > ? ORDER BY ${column}, id LIMIT ?`,
        )
        .raw(),
    });
    this.#ofKey = { identity: keyed(IDENTITY_KEY), size: keyed(SIZE_KEY) };
    this.#ofPath = connection
      .prepare<KeyValue[], PlacedKey>(
        `SELECT id, cell, path, byte_offset FROM image WHERE source_id = ? AND (path, byte_offset) > (?, ?)
         ORDER BY path, byte_offset LIMIT ?`,
      )
      .raw();
  }

  /**
   * Ids in the order asked for. @throws StudioError 'not-found' for an unknown source or round, 'usage' for an order that the filter does not have;
   * the signal's reason.
   */
  async make({ filter, sort, descending }: FaceListRequest, signal?: AbortSignal): Promise<Uint32Array> {
    checkOrder(sort, filter);
    for (const _ of this.#filters.prepare(filter)) {
      await nextTurn();
      signal?.throwIfAborted();
    }
    const ids = await this.#ordered({ filter, sort, descending }, signal);
    return descending ? ids.reverse() : ids;
  }

  async #ordered({ filter, sort }: FaceListRequest, signal: AbortSignal | undefined): Promise<Uint32Array> {
    const cells = this.#filters.cells(filter);
    const listed = this.#filters.allListed(filter);
    const choice = this.#filters.choice(filter, listed);
    if (sort === 'similarity') {
      const found = inCells(listed!, cells).filter(({ id }) => choice?.has(id) ?? true);
      return Uint32Array.from(found, ({ id }) => id);
    }
    if (choice !== null) {
      if (sort === 'id') return choice.ids();
      if (sort === 'label') return choice.idsByLabel();
      if (sort === 'confidence' || sort === 'margin') return choice.idsByShare(sort);
      return this.#byKey(sort, cells, new Set(choice.ids()), signal);
    }
    const wanted = listed === null ? null : new Set(inCells(listed, cells).map(({ id }) => id));
    if (sort === 'id') return this.#byId(cells, wanted, signal);
    if (sort === 'label') return this.#byLabel(cells, wanted, signal);
    return this.#byKey(sort as KeyedSort, cells, wanted, signal);
  }

  async #byKey(
    sort: KeyedSort,
    cells: readonly Cell[],
    wanted: ReadonlySet<number> | null,
    signal: AbortSignal | undefined,
  ): Promise<Uint32Array> {
    const total = wanted?.size ?? cells.reduce((sum, { count }) => sum + count, 0);
    if (total <= COLLECTED) {
      const ids = [...(await this.#byId(cells, wanted, signal))];
      const images = this.#collection.page(sort, ids, ORDERS[sort].first, false, COLLECTED);
      return Uint32Array.from(images, ({ id }) => id);
    }
    const pages = sort === 'path' ? this.#pathPages(cells) : this.#keyPages(sort);
    const cellIds = new Set(cells.map(({ id }) => id));
    const found = new Ids(total);
    for (const page of pages) {
      for (const [id, cell] of page) if (cellIds.has(cell) && (wanted?.has(id) ?? true)) found.add(id);
      await nextTurn();
      signal?.throwIfAborted();
    }
    return found.taken();
  }

  async #byId(
    cells: readonly Cell[],
    wanted: ReadonlySet<number> | null,
    signal: AbortSignal | undefined,
  ): Promise<Uint32Array> {
    if (wanted !== null) return Uint32Array.from(wanted).sort();
    const found = new Ids(cells.reduce((sum, { count }) => sum + count, 0));
    for (const cell of cells) {
      for (let after = 0; ;) {
        const ids = this.#ofCell.all(cell.id, after, SLICE);
        for (const id of ids) found.add(id);
        if (ids.length < SLICE) break;
        after = ids.at(-1)!;
        await nextTurn();
        signal?.throwIfAborted();
      }
    }
    return found.taken().sort();
  }

  async #byLabel(
    cells: readonly Cell[],
    wanted: ReadonlySet<number> | null,
    signal: AbortSignal | undefined,
  ): Promise<Uint32Array> {
    // Images without a label come first, as everywhere.
    const labels = [...new Set(cells.map(({ label }) => label ?? -1))].sort((one, other) => one - other);
    const found = new Ids(wanted?.size ?? cells.reduce((sum, { count }) => sum + count, 0));
    for (const label of labels) {
      const ofLabel = cells.filter((cell) => (cell.label ?? -1) === label);
      for (const id of await this.#byId(ofLabel, null, signal)) if (wanted?.has(id) ?? true) found.add(id);
    }
    return found.taken();
  }

  /** In two stretches, as {@link KeyWalk}. */
  *#keyPages(sort: 'identity' | 'size'): Generator<readonly PlacedKey[]> {
    const { same, beyond } = this.#ofKey[sort];
    let [key, id] = ORDERS[sort].first as readonly [KeyValue, number];
    for (;;) {
      const rest = same.all(key, id, SLICE);
      yield rest;
      if (rest.length === SLICE) {
        id = rest.at(-1)![0];
        continue;
      }
      const page = beyond.all(key, SLICE);
      yield page;
      if (page.length < SLICE) return;
      const last = page.at(-1)!;
      id = last[0];
      key = last[2]!;
    }
  }

  *#pathPages(cells: readonly Cell[]): Generator<readonly PlacedKey[]> {
    const sources = [...new Set(cells.map(({ sourceId }) => sourceId))].sort((one, other) => one - other);
    for (const source of sources) {
      let from: readonly KeyValue[] = ['', -1];
      for (;;) {
        const page = this.#ofPath.all(source, ...from, SLICE);
        yield page;
        if (page.length < SLICE) break;
        from = page.at(-1)!.slice(2) as KeyValue[];
      }
    }
  }
}

/** Ids in a row of numbers that grows when more come than were counted. */
class Ids {
  #ids: Uint32Array<ArrayBuffer>;
  #length = 0;

  constructor(expected: number) {
    this.#ids = new Uint32Array(Math.max(16, expected));
  }

  add(id: number): void {
    if (this.#length === this.#ids.length) {
      const larger = new Uint32Array(this.#length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#length++] = id;
  }

  taken(): Uint32Array {
    return this.#ids.subarray(0, this.#length);
  }
}
