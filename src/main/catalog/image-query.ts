import type { ImageRow } from '#shared/catalog.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { Facets, ImageQueryRequest, QueryPage } from '#shared/query.ts';
import { CellWalk } from './cell-walk.ts';
import { type Cell, type CellTable, qualitiesOf } from './cells.ts';
import type { Connection } from './database.ts';
import type { DuplicateTable } from './duplicates.ts';
import { facetsOf } from './facets.ts';
import {
  type Key,
  type KeyedSort,
  ORDERED_COLUMNS,
  ORDERS,
  type OrderedImage,
  decodeCursor,
  encodeCursor,
} from './image-orders.ts';
import { KeyCollection } from './key-collection.ts';
import { KeyWalk } from './key-walk.ts';
import type { ListedImages } from './listed-images.ts';
import type { SourceTable } from './sources.ts';
import { type TextIndex, textTest } from './text-index.ts';

/** A filter that leaves this many images or fewer is answered by putting all of them in order. */
const COLLECTED = 5_000;
/** Images a page looks at, at most, when it must search for its rows: some milliseconds by the index of a key, or one by one by cells. */
const EXAMINED = 4_000;
const EXAMINED_OF_CELLS = 1_500;

type StoredRow = Omit<ImageRow, 'excluded' | 'qualities'> & { readonly excluded: number; readonly quality: number };

interface PlacedImage {
  readonly id: number;
  readonly cell: number;
}

/** Images of a page, and where the next one goes on. */
interface Found {
  readonly ids: readonly number[];
  readonly next: Key | null;
}

export interface ImageQueryParts {
  readonly sources: SourceTable;
  readonly cells: CellTable;
  readonly text: TextIndex;
  readonly duplicates: DuplicateTable;
}

/**
 * Answers filters. A page is found in one of three ways: few images are all put in order; the orders of id and label walk the filter's cells;
 * the others walk the index of their key and leave out what the filter does not want, and no search looks at more than some thousand.
 */
export class ImageQuery {
  readonly #parts: ImageQueryParts;
  readonly #cellWalk: CellWalk;
  readonly #keyWalk: KeyWalk;
  readonly #keyCollection: KeyCollection;
  readonly #rows;
  readonly #ordered;

  constructor(connection: Connection, parts: ImageQueryParts) {
    this.#parts = parts;
    this.#cellWalk = new CellWalk(connection);
    this.#keyWalk = new KeyWalk(connection);
    this.#keyCollection = new KeyCollection(connection);
    this.#rows = connection.prepare<[string], StoredRow>(
      `SELECT image.id, source.name AS source, image.split, image.label, image.identity, image.path, image.width, image.height, image.quality, image.excluded
       FROM json_each(?) AS wanted CROSS JOIN image ON image.id = wanted.value JOIN source ON source.id = image.source_id
       ORDER BY wanted.key`,
    );
    this.#ordered = connection.prepare<[number], OrderedImage>(`SELECT ${ORDERED_COLUMNS} FROM image WHERE id = ?`);
  }

  /** @throws StudioError 'not-found' for an unknown source, 'usage' for a cursor of another order. */
  page(request: ImageQueryRequest): QueryPage {
    const order = ORDERS[request.sort];
    const start = request.descending ? order.last : order.first;
    const from = request.cursor === null ? start : decodeCursor(request.cursor, order);
    const { ids, next } = this.#find(request, from);
    return { rows: this.rows(ids), nextCursor: next === null ? null : encodeCursor(next) };
  }

  /** @throws StudioError 'not-found' for an unknown source. */
  facets(filter: ImageFilter): Facets {
    const { sources } = this.#parts;
    const tests = this.#parts.cells.tests(filter);
    const names = new Map(sources.list().map(({ id, name }) => [id, name]));
    const cells = this.#parts.cells.all();
    const listed = this.#listed(filter);
    if (listed === null) return facetsOf(cells, tests, names, true);
    const byCell = Map.groupBy(listed.images, ({ cell }) => cell);
    const found = cells.map((cell) => ({ ...cell, count: byCell.get(cell.id)?.length ?? 0 }));
    return facetsOf(found, tests, names, listed.complete);
  }

  /** All images of a filter, ascending: for work in the background, not for a screen. @throws StudioError 'not-found' for an unknown source. */
  ids(filter: ImageFilter): number[] {
    const cells = this.#parts.cells.matching(filter);
    const { text, duplicates } = filter;
    const lists = [
      ...(text === undefined ? [] : [this.#parts.text.all(text)]),
      ...(duplicates === undefined ? [] : [this.#parts.duplicates.all(duplicates)]),
    ];
    const ids = lists.length === 0 ? this.#idsOf(cells) : inCells(inAll(lists), cells).map(({ id }) => id);
    return ids.sort((one, other) => one - other);
  }

  /** Rows in the order of the ids; those that are gone are left out. */
  rows(ids: readonly number[]): ImageRow[] {
    return this.#rows.all(JSON.stringify(ids)).map(({ quality, excluded, ...row }) => ({
      ...row,
      qualities: [...qualitiesOf(quality)],
      excluded: excluded === 1,
    }));
  }

  #find(request: ImageQueryRequest, from: Key): Found {
    const { filter, sort, limit } = request;
    const cells = this.#parts.cells.matching(filter);
    if (cells.length === 0) return { ids: [], next: null };
    if (sort === 'id' || sort === 'label') {
      const found = this.#inLists(filter, cells);
      if (found !== null) return orderByLabel(found, cells, from, request);
    } else {
      const few = this.#few(filter, cells);
      if (few !== null) return this.#collect(sort, few, from, request);
    }
    const wanted = new Set(cells.map(({ id }) => id));
    const hasText = filter.text === undefined ? () => true : textTest(filter.text);
    const isDuplicate = filter.duplicates === undefined ? () => true : this.#parts.duplicates.test(filter.duplicates);
    const isWanted = (image: OrderedImage): boolean =>
      wanted.has(image.cell) && hasText(image.path, image.identity) && isDuplicate(image.id);
    const most = sort === 'id' || sort === 'label' ? EXAMINED_OF_CELLS : EXAMINED;
    return search(this.#walk(request, cells, from), isWanted, ORDERS[sort].keyOf, { limit, most });
  }

  /** The first images found by the text and the duplicates of a filter; null when it has neither. */
  #listed({ text, duplicates }: ImageFilter): ListedImages | null {
    const lists = [
      ...(text === undefined ? [] : [this.#parts.text.find(text)]),
      ...(duplicates === undefined ? [] : [this.#parts.duplicates.find(duplicates)]),
    ];
    if (lists.length === 0) return null;
    const images = inAll(lists.map((list) => list.images));
    return { images, complete: lists.every(({ complete }) => complete) };
  }

  /** All images of the filter, found by its text or duplicates; null when it has none, or such as too many images have. */
  #inLists(filter: ImageFilter, cells: readonly Cell[]): PlacedImage[] | null {
    const listed = this.#listed(filter);
    return listed?.complete === true ? inCells(listed.images, cells) : null;
  }

  /** Ids of all images of the filter when they are few, else null. */
  #few(filter: ImageFilter, cells: readonly Cell[]): number[] | null {
    if (filter.text !== undefined || filter.duplicates !== undefined) {
      const found = this.#inLists(filter, cells);
      return found === null || found.length > COLLECTED ? null : found.map(({ id }) => id);
    }
    const total = cells.reduce((sum, { count }) => sum + count, 0);
    return total > COLLECTED ? null : this.#idsOf(cells);
  }

  #collect(sort: KeyedSort, ids: readonly number[], from: Key, { descending, limit }: ImageQueryRequest): Found {
    const images = this.#keyCollection.page(sort, ids, from, descending, limit);
    const last = images.length === limit ? images.at(-1)! : null;
    return { ids: images.map(({ id }) => id), next: last && ORDERS[sort].keyOf(last) };
  }

  #idsOf(cells: readonly Cell[]): number[] {
    return cells.flatMap((cell) => this.#cellWalk.all(cell));
  }

  /** Images in the order asked for, from a key on; those of other cells may be among them. */
  #walk(request: ImageQueryRequest, cells: readonly Cell[], from: Key): Iterable<OrderedImage> {
    const { sort, descending, limit } = request;
    if (sort === 'id') return this.#walkCells(cells, from[0] as number, descending, limit);
    if (sort === 'label') return this.#walkLabels(cells, from as readonly [number, number], descending, limit);
    if (sort !== 'path') return this.#keyWalk.byKey(sort, from, descending);
    const sources = [...new Set(cells.map(({ sourceId }) => sourceId))].sort((one, other) => one - other);
    return this.#keyWalk.byPath(sources, from, descending);
  }

  *#walkCells(cells: readonly Cell[], from: number, descending: boolean, limit: number): Generator<OrderedImage> {
    for (const id of this.#cellWalk.from(cells, from, descending, limit)) yield this.#ordered.get(id)!;
  }

  *#walkLabels(
    cells: readonly Cell[],
    [fromLabel, fromId]: readonly [number, number],
    descending: boolean,
    limit: number,
  ): Generator<OrderedImage> {
    const labels = [...new Set(cells.map(labelKey))].sort((one, other) => one - other);
    for (const label of descending ? labels.toReversed() : labels) {
      if (descending ? label > fromLabel : label < fromLabel) continue;
      const [start] = (descending ? ORDERS.id.last : ORDERS.id.first) as readonly [number];
      const ofLabel = cells.filter((cell) => labelKey(cell) === label);
      yield* this.#walkCells(ofLabel, label === fromLabel ? fromId : start, descending, limit);
    }
  }
}

/** As {@link ORDERS} sort it: images without a label first. */
const labelKey = ({ label }: Cell): number => label ?? -1;

/** Images that are in each of some lists, one at least. */
function inAll(lists: readonly (readonly PlacedImage[])[]): readonly PlacedImage[] {
  const [first, ...others] = lists;
  const sets = others.map((list) => new Set(list.map(({ id }) => id)));
  return first!.filter(({ id }) => sets.every((ids) => ids.has(id)));
}

function inCells(images: readonly PlacedImage[], cells: readonly Cell[]): PlacedImage[] {
  const wanted = new Set(cells.map(({ id }) => id));
  return images.filter(({ cell }) => wanted.has(cell));
}

/** Puts images in the order of ids, or of labels and then ids; their cells tell the label. */
function orderByLabel(
  images: readonly PlacedImage[],
  cells: readonly Cell[],
  from: Key,
  { sort, descending, limit }: ImageQueryRequest,
): Found {
  const labels = new Map(cells.map((cell) => [cell.id, labelKey(cell)]));
  const direction = descending ? -1 : 1;
  const keys = images
    .map(({ id, cell }) => (sort === 'id' ? [id] : [labels.get(cell)!, id]))
    .filter((key) => direction * compareKeys(key, from as readonly number[]) > 0)
    .sort((one, other) => direction * compareKeys(one, other))
    .slice(0, limit);
  return { ids: keys.map((key) => key.at(-1)!), next: keys.length === limit ? keys.at(-1)! : null };
}

function compareKeys(one: readonly number[], other: readonly number[]): number {
  const difference = one.findIndex((value, index) => value !== other[index]);
  return difference === -1 ? 0 : one[difference]! - other[difference]!;
}

/** Takes what is wanted from a walk until there is enough, or `most` were looked at. */
function search(
  walk: Iterable<OrderedImage>,
  isWanted: (image: OrderedImage) => boolean,
  keyOf: (image: OrderedImage) => Key,
  { limit, most }: { readonly limit: number; readonly most: number },
): Found {
  const ids: number[] = [];
  let examined = 0;
  for (const image of walk) {
    examined++;
    if (isWanted(image)) ids.push(image.id);
    if (ids.length === limit || examined === most) return { ids, next: keyOf(image) };
  }
  return { ids, next: null };
}
