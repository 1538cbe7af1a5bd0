import { StudioError } from '#shared/errors.ts';
import type { ImageFilter } from '#shared/filter.ts';
import type { Sort } from '#shared/query.ts';

/** What decides an image's place in some order. Null columns have their stand-ins: label -1, identity '' and size 0. */
export interface OrderedImage {
  readonly id: number;
  readonly cell: number;
  readonly sourceId: number;
  readonly path: string;
  readonly offset: number;
  readonly label: number;
  readonly identity: string;
  readonly size: number;
}

export const IDENTITY_KEY = "ifnull(image.identity, '')";
export const SIZE_KEY = 'ifnull(min(image.width, image.height), 0)';

/** Columns of {@link OrderedImage}. */
export const ORDERED_COLUMNS = `image.id, image.cell, image.source_id AS sourceId, image.path, image.byte_offset AS "offset",
  ifnull(image.label, -1) AS label, ${IDENTITY_KEY} AS identity, ${SIZE_KEY} AS size`;

/** Sorts by what is stored of an image, whatever the filter. */
export type StoredSort = Exclude<Sort, 'confidence' | 'margin' | 'similarity'>;
/** Sorts that have a key and an index of their own; the others follow from cells. */
export type KeyedSort = Exclude<StoredSort, 'id' | 'label'>;

export type KeyValue = string | number | Buffer;
/** The values that an order compares, the last of them different for every image. */
export type Key = readonly KeyValue[];

/** Keys before the first image and behind the last one. */
export interface OrderEnds {
  readonly first: Key;
  readonly last: Key;
}

export interface Order extends OrderEnds {
  /** The key in SQL. */
  readonly columns: readonly string[];
  keyOf(image: OrderedImage): Key;
}

/** SQLite orders every blob behind every text (sqlite.org/datatype3.html#sort_order). */
const BEHIND_ALL_TEXTS = Buffer.alloc(0);
const HIGHEST = Number.MAX_SAFE_INTEGER;

export const ORDERS: Readonly<Record<StoredSort, Order>> = {
  id: { columns: ['image.id'], keyOf: ({ id }) => [id], first: [0], last: [HIGHEST] },
  label: {
    columns: ['ifnull(image.label, -1)', 'image.id'],
    keyOf: ({ label, id }) => [label, id],
    first: [-2, 0],
    last: [HIGHEST, 0],
  },
  path: {
    columns: ['image.source_id', 'image.path', 'image.byte_offset'],
    keyOf: ({ sourceId, path, offset }) => [sourceId, path, offset],
    first: [0, '', -1],
    last: [HIGHEST, BEHIND_ALL_TEXTS, 0],
  },
  identity: {
    columns: [IDENTITY_KEY, 'image.id'],
    keyOf: ({ identity, id }) => [identity, id],
    first: ['', 0],
    last: [BEHIND_ALL_TEXTS, 0],
  },
  size: { columns: [SIZE_KEY, 'image.id'], keyOf: ({ size, id }) => [size, id], first: [-1, 0], last: [HIGHEST, 0] },
};

/** A number and then the id: of the orders that a round or a list of similar faces makes. */
const BY_NUMBER: OrderEnds = { first: [-1, 0], last: [HIGHEST, 0] };
export const ORDER_ENDS: Readonly<Record<Sort, OrderEnds>> = {
  ...ORDERS,
  confidence: BY_NUMBER,
  margin: BY_NUMBER,
  similarity: BY_NUMBER,
};

/** @throws StudioError 'usage' for an order of a round or of similar faces where the filter has none. */
export function checkOrder(sort: Sort, { round, similarTo }: ImageFilter): void {
  if ((sort === 'confidence' || sort === 'margin') && round === undefined) {
    throw new StudioError('usage', `The order of ${sort} is that of a round of pseudo labels, and none is chosen.`, {
      hint: 'Choose a round too.',
      commandLine: '`rounds list`',
    });
  }
  if (sort === 'similarity' && similarTo === undefined) {
    throw new StudioError('usage', 'The order of similarity is that to one image, and none is chosen.', {
      hint: 'Say which image the others should be like.',
    });
  }
}

export const encodeCursor = (key: Key): string => JSON.stringify(key);

/** @throws StudioError 'usage' for a text that is no cursor of this order. */
export function decodeCursor(cursor: string, order: OrderEnds): Key {
  const key = parsed(cursor);
  const fits =
    Array.isArray(key) &&
    key.length === order.first.length &&
    key.every((value, index) => typeof value === typeof order.first[index]);
  if (fits) return key as Key;
  throw new StudioError('usage', `“${cursor.slice(0, 80)}” is no cursor of this order.`, {
    hint: 'Give the nextCursor of a page of the same order, or none for the first page.',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no cursor either
  }
}
