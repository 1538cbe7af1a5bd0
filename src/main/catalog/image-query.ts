import type { ImageRow } from '#shared/catalog.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { Facets, ImageQueryRequest, QueryPage, Sort } from '#shared/query.ts';
import { CellWalk } from './cell-walk.ts';
import { type Cell, type CellTable, qualitiesOf } from './cells.ts';
import type { Connection } from './database.ts';
import { facetsOf, roundFacetsOf } from './facets.ts';
import { type FilterParts, type PlacedImage, inCells } from './filter-parts.ts';
import {
  type Key,
  type KeyedSort,
  ORDERS,
  ORDER_ENDS,
  type OrderedImage,
  checkOrder,
  decodeCursor,
  encodeCursor,
} from './image-orders.ts';
import { KeyCollection } from './key-collection.ts';
import { KeyWalk } from './key-walk.ts';
import type { KeyedPage, RoundChoice } from './round-choice.ts';
import { type ShareColumn, orderKey } from './round-index.ts';
import type { SourceTable } from './sources.ts';

/** A filter that leaves this many images or fewer is answered by putting all of them in order. */
const COLLECTED = 5_000;
/** Images a page looks at, at most, when it must search for its rows: some milliseconds by the index of a key, or one by one by cells. */
const EXAMINED = 4_000;
const EXAMINED_OF_CELLS = 1_500;
/** In the order of confidences images lie anywhere in the file. */
const EXAMINED_OF_SHARES = 400;

type StoredRow = Omit<ImageRow, 'excluded' | 'qualities'> & { readonly excluded: number; readonly quality: number };

export interface ImageQueryParts {
  readonly sources: SourceTable;
  readonly cells: CellTable;
  readonly filters: FilterParts;
}

/** An image that a search looks at. */
interface Candidate {
  readonly id: number;
  readonly key: Key;
  readonly isWanted: boolean;
}

/**
 * Answers filters. A page is found in one of four ways: few images are all put in order; a round is gone through in memory; the orders of id and
 * label walk the filter's cells; the others walk the index of their key and leave out what the filter does not want, and no search looks at more
 * than some thousand.
 */
export class ImageQuery {
  readonly #parts: ImageQueryParts;
  readonly #cellWalk: CellWalk;
  readonly #keyWalk: KeyWalk;
  readonly #keyCollection: KeyCollection;
  readonly #rows;

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
  }

  /**
   * Reads what a filter needs and is not in memory yet, by slices between which others may get their turn; without it the first question does.
   * @throws StudioError 'not-found' for an unknown round.
   */
  prepare(filter: ImageFilter): Generator<undefined, void, void> {
    return this.#parts.filters.prepare(filter);
  }

  /**
   * @throws StudioError 'not-found' for an unknown source or round, 'usage' for a cursor of another order or an order that the filter does not
   * have, 'unavailable' for similar faces that nobody looked for.
   */
  page(request: ImageQueryRequest): QueryPage {
    const { filter, sort, descending, cursor } = request;
    checkOrder(sort, filter);
    const order = ORDER_ENDS[sort];
    const from = cursor === null ? (descending ? order.last : order.first) : decodeCursor(cursor, order);
    const { ids, next } = this.#find(request, from);
    return { rows: this.rows(ids, filter), nextCursor: next === null ? null : encodeCursor(next) };
  }

  /** @throws StudioError 'not-found' for an unknown source or round, 'unavailable' as {@link page}. */
  facets(filter: ImageFilter): Facets {
    const { sources, filters } = this.#parts;
    const tests = this.#parts.cells.tests(filter);
    const names = new Map(sources.list().map(({ id, name }) => [id, name]));
    const cells = this.#parts.cells.all();
    const listed = filters.listed(filter);
    const choice = filters.choice(filter, listed?.images ?? null);
    if (choice !== null) {
      const counts = choice.counts();
      const found = cells.map((cell) => ({ ...cell, count: counts.byCell.get(cell.id) ?? 0 }));
      const { id, name, source } = filters.round(filter)!;
      const round = { id, name, source, ...roundFacetsOf(counts) };
      return { ...facetsOf(found, tests, names, listed?.complete ?? true), round };
    }
    if (listed === null) return { ...facetsOf(cells, tests, names, true), round: null };
    const byCell = Map.groupBy(listed.images, ({ cell }) => cell);
    const found = cells.map((cell) => ({ ...cell, count: byCell.get(cell.id)?.length ?? 0 }));
    return { ...facetsOf(found, tests, names, listed.complete), round: null };
  }

  /** All images of a filter, ascending: for work in the background, not for a screen. @throws as {@link facets}. */
  ids(filter: ImageFilter): number[] {
    const { filters } = this.#parts;
    const cells = filters.cells(filter);
    const listed = filters.allListed(filter);
    const choice = filters.choice(filter, listed);
    if (choice !== null) return [...choice.ids()];
    const ids = listed === null ? this.#idsOf(cells) : inCells(listed, cells).map(({ id }) => id);
    return ids.sort((one, other) => one - other);
  }

  /**
   * Rows in the order of the ids; those that are gone are left out.
   * @param filter what its round and its similar faces say of them is told too.
   */
  rows(ids: readonly number[], filter: ImageFilter = {}): ImageRow[] {
    const rows = this.#rows.all(JSON.stringify(ids)).map(({ quality, excluded, ...row }) => ({
      ...row,
      qualities: [...qualitiesOf(quality)],
      excluded: excluded === 1,
    }));
    const { round, similarTo } = filter;
    if (round === undefined && similarTo === undefined) return rows;
    const { filters } = this.#parts;
    const index = round === undefined ? null : filters.roundIndex(round);
    const distances = similarTo === undefined ? null : filters.distances(filter);
    return rows.map((row) => {
      const pseudo = index?.at(row.id);
      const distance = distances?.get(row.id);
      return { ...row, ...(pseudo !== undefined && { pseudo }), ...(distance !== undefined && { distance }) };
    });
  }

  #find(request: ImageQueryRequest, from: Key): KeyedPage {
    const { filter, sort, limit, descending } = request;
    const { filters } = this.#parts;
    const cells = filters.cells(filter);
    if (cells.length === 0) return { ids: [], next: null };
    const listed = filters.listed(filter);
    const among = listed?.complete === true ? listed.images : null;
    const choice = filters.choice(filter, among);
    // What both orders of an image's own and of a round can be found in: all of them, one by one.
    if (among !== null && !isKeyed(sort)) {
      const found = inCells(among, cells).filter(({ id }) => choice?.has(id) ?? true);
      return inOrder(found, this.#keyOf(request, cells), from, request);
    }
    if (choice !== null && listed === null && !isKeyed(sort)) return pageOf(choice, sort, from, descending, limit);
    if (isKeyed(sort)) {
      const few = this.#few(cells, among, listed === null, choice);
      if (few !== null) return this.#collect(sort, few, from, request);
    }
    const most = isKeyed(sort) ? EXAMINED : isOfRound(sort) ? EXAMINED_OF_SHARES : EXAMINED_OF_CELLS;
    return search(this.#candidates(request, cells, choice, from), limit, most);
  }

  /** Ids of all images of the filter when they are few, else null. @param isUnlisted the filter has no list of images. */
  #few(
    cells: readonly Cell[],
    among: readonly PlacedImage[] | null,
    isUnlisted: boolean,
    choice: RoundChoice | null,
  ): number[] | null {
    if (among !== null) {
      const found = inCells(among, cells).filter(({ id }) => choice?.has(id) ?? true);
      return found.length > COLLECTED ? null : found.map(({ id }) => id);
    }
    if (!isUnlisted) return null;
    if (choice !== null) return choice.positions().length > COLLECTED ? null : [...choice.ids()];
    const total = cells.reduce((sum, { count }) => sum + count, 0);
    return total > COLLECTED ? null : this.#idsOf(cells);
  }

  #collect(sort: KeyedSort, ids: readonly number[], from: Key, { descending, limit }: ImageQueryRequest): KeyedPage {
    const images = this.#keyCollection.page(sort, ids, from, descending, limit);
    const last = images.length === limit ? images.at(-1)! : null;
    return { ids: images.map(({ id }) => id), next: last && ORDERS[sort].keyOf(last) };
  }

  #idsOf(cells: readonly Cell[]): number[] {
    return cells.flatMap((cell) => this.#cellWalk.all(cell));
  }

  /** Keys of images that are found one by one. Their cells tell the label. */
  #keyOf({ sort, filter }: ImageQueryRequest, cells: readonly Cell[]): (image: PlacedImage) => readonly number[] {
    const { filters } = this.#parts;
    if (sort === 'similarity') {
      const ranks = filters.ranks(filter);
      return ({ id }) => [ranks.get(id)!, id];
    }
    if (isOfRound(sort)) {
      const index = filters.roundIndex(filter.round!);
      return ({ id }) => [orderKey(index[sort][index.positionOf(id)]!), id];
    }
    if (sort === 'id') return ({ id }) => [id];
    const labels = new Map(cells.map((cell) => [cell.id, labelKey(cell)]));
    return ({ id, cell }) => [labels.get(cell)!, id];
  }

  /** Images in the order asked for, from a key on, each with whether the filter wants it. */
  *#candidates(
    request: ImageQueryRequest,
    cells: readonly Cell[],
    choice: RoundChoice | null,
    from: Key,
  ): Generator<Candidate, void> {
    const { filter, sort, descending, limit } = request;
    const { filters } = this.#parts;
    const isListed = filters.listTest(filter);
    if (choice !== null && !isKeyed(sort)) {
      for (let next: Key | null = from; next !== null;) {
        const page: KeyedPage = pageOf(choice, sort, next, descending, limit);
        const keys = page.ids.map((id) => filters.ordered(id));
        for (const image of keys)
          yield { id: image.id, key: this.#roundKey(sort, filter, image), isWanted: isListed(image) };
        next = page.next;
      }
      return;
    }
    const wanted = new Set(cells.map(({ id }) => id));
    const { keyOf } = ORDERS[sort as keyof typeof ORDERS];
    for (const image of this.#walk(request, cells, from)) {
      const isWanted = wanted.has(image.cell) && (choice?.has(image.id) ?? true) && isListed(image);
      yield { id: image.id, key: keyOf(image), isWanted };
    }
  }

  #roundKey(sort: Sort, { round }: ImageFilter, image: OrderedImage): Key {
    if (!isOfRound(sort)) return ORDERS[sort as 'id' | 'label'].keyOf(image);
    const index = this.#parts.filters.roundIndex(round!);
    return [orderKey(index[sort][index.positionOf(image.id)]!), image.id];
  }

  /** Images in the order asked for, from a key on; those of other cells may be among them. */
  #walk(request: ImageQueryRequest, cells: readonly Cell[], from: Key): Iterable<OrderedImage> {
    const { sort, descending, limit } = request;
    if (sort === 'id') return this.#walkCells(cells, from[0] as number, descending, limit);
    if (sort === 'label') return this.#walkLabels(cells, from as readonly [number, number], descending, limit);
    if (sort !== 'path') return this.#keyWalk.byKey(sort as 'identity' | 'size', from, descending);
    const sources = [...new Set(cells.map(({ sourceId }) => sourceId))].sort((one, other) => one - other);
    return this.#keyWalk.byPath(sources, from, descending);
  }

  *#walkCells(cells: readonly Cell[], from: number, descending: boolean, limit: number): Generator<OrderedImage> {
    for (const id of this.#cellWalk.from(cells, from, descending, limit)) yield this.#parts.filters.ordered(id);
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

/** Sorts that walk an index of their own. */
function isKeyed(sort: Sort): sort is KeyedSort {
  return sort === 'path' || sort === 'identity' || sort === 'size';
}

function isOfRound(sort: Sort): sort is ShareColumn {
  return sort === 'confidence' || sort === 'margin';
}

/** A page of a round in an order that memory knows. */
function pageOf(choice: RoundChoice, sort: Sort, from: Key, descending: boolean, limit: number): KeyedPage {
  if (sort === 'id') return choice.pageById(from[0] as number, descending, limit);
  if (sort === 'label') return choice.pageByLabel(from, descending, limit);
  return choice.pageByShare(sort as ShareColumn, from, descending, limit);
}

/** Puts images in the order of their keys. */
function inOrder(
  images: readonly PlacedImage[],
  keyOf: (image: PlacedImage) => readonly number[],
  from: Key,
  { descending, limit }: ImageQueryRequest,
): KeyedPage {
  const direction = descending ? -1 : 1;
  const keys = images
    .map(keyOf)
    .filter((key) => direction * compareKeys(key, from as readonly number[]) > 0)
    .sort((one, other) => direction * compareKeys(one, other))
    .slice(0, limit);
  return { ids: keys.map((key) => key.at(-1)!), next: keys.length === limit ? keys.at(-1)! : null };
}

function compareKeys(one: readonly number[], other: readonly number[]): number {
  const difference = one.findIndex((value, index) => value !== other[index]);
  return difference === -1 ? 0 : one[difference]! - other[difference]!;
}

/** Takes what is wanted until there is enough, or `most` were looked at. */
function search(candidates: Iterable<Candidate>, limit: number, most: number): KeyedPage {
  const ids: number[] = [];
  let examined = 0;
  for (const { id, key, isWanted } of candidates) {
    examined++;
    if (isWanted) ids.push(id);
    if (ids.length === limit || examined === most) return { ids, next: key };
  }
  return { ids, next: null };
}
