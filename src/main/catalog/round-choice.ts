import { type ImageFilter, type ShareRange, comparedRange } from '#shared/filter.ts';
import { SHARE_BINS } from '#shared/query.ts';
import { firstWhere, sortedPlaces } from '#shared/sorted.ts';
import { type Cell, type CellTests, decode } from './cells.ts';
import type { Key } from './image-orders.ts';
import { type RoundIndex, type ShareColumn, orderKey } from './round-index.ts';

const CLASSES = 8;
/** Of a round: as few as one in so many are put in order by themselves, more are taken from the order of all. */
const FEW = 4;
/** Steps of an order that are looked at before all that is chosen is put in order: a millisecond. */
const MOST_WALKED = 20_000;
const EVERYTHING: ShareRange = { from: -Infinity, to: Infinity };

/** How many of a round's images there are of each kind, each under all parts of the filter but its own. */
export interface RoundCounts {
  /** Images by the number of their cell, under the round's parts alone: what cells decide is to be tested still. */
  readonly byCell: ReadonlyMap<number, number>;
  readonly labels: readonly number[];
  readonly confidence: readonly number[];
  readonly margin: readonly number[];
}

/** Images of one page, and the key of the last one; null at the end. */
export interface KeyedPage {
  readonly ids: readonly number[];
  readonly next: Key | null;
}

/** The images of a round that meet a filter: its cells, and what the round says. */
export class RoundChoice {
  readonly #index: RoundIndex;
  /** The index's columns, as long as it was then. */
  readonly #columns: Pick<RoundIndex, 'images' | 'labels' | 'confidence' | 'margin' | 'cells'>;
  /** By class. */
  readonly #labels: Uint8Array;
  /** As they are compared. */
  readonly #confidence: ShareRange;
  readonly #margin: ShareRange;
  /** By place in the index's cells. */
  readonly #cells: Uint8Array;
  /** Only these positions, where a text or duplicates were asked for too. */
  readonly #among: Uint32Array | null;
  #positions: Uint32Array | undefined;
  readonly #orders = new Map<ShareColumn | 'label', Uint32Array>();

  /** @param among ids that alone count, ascending; null for all of the round. */
  constructor(index: RoundIndex, filter: ImageFilter, tests: CellTests, among: readonly number[] | null) {
    this.#index = index;
    const { images, labels, confidence, margin, cells } = index;
    this.#columns = { images, labels, confidence, margin, cells };
    this.#labels = new Uint8Array(CLASSES).fill(filter.pseudoLabels === undefined ? 1 : 0);
    for (const label of filter.pseudoLabels ?? []) this.#labels[label] = 1;
    this.#confidence = filter.confidence === undefined ? EVERYTHING : comparedRange(filter.confidence);
    this.#margin = filter.margin === undefined ? EVERYTHING : comparedRange(filter.margin);
    const each = Object.values(tests);
    this.#cells = Uint8Array.from(index.cellIds, (id) => {
      const cell: Cell = { ...decode(id), count: 0 };
      return each.every((test) => test(cell)) ? 1 : 0;
    });
    this.#among =
      among === null
        ? null
        : Uint32Array.from(among.map((id) => index.positionOf(id)).filter((position) => position !== -1));
  }

  /** Positions in the index of the images that meet all of the filter, ascending. */
  positions(): Uint32Array {
    return (this.#positions ??= this.#find());
  }

  /** Ids of the images that meet all of the filter, ascending. */
  ids(): Uint32Array {
    const { images } = this.#columns;
    return this.positions().map((position) => images[position]!);
  }

  /** Whether an image meets all of the filter. */
  has(id: number): boolean {
    const position = this.#index.positionOf(id);
    return position !== -1 && this.#isChosen(position);
  }

  counts(): RoundCounts {
    const { labels, confidence, margin, cells } = this.#columns;
    const { cellIds } = this.#index;
    const byPlace = new Uint32Array(cellIds.length);
    const byLabel = new Uint32Array(CLASSES);
    const confidences = new Uint32Array(SHARE_BINS);
    const margins = new Uint32Array(SHARE_BINS);
    const { from: confidenceFrom, to: confidenceTo } = this.#confidence;
    const { from: marginFrom, to: marginTo } = this.#margin;
    const among = this.#among;
    const length = among?.length ?? labels.length;
    for (let step = 0; step < length; step++) {
      const position = among === null ? step : among[step]!;
      const label = labels[position]!;
      const sureness = confidence[position]!;
      const lead = margin[position]!;
      const place = cells[position]!;
      const isOfCell = this.#cells[place] === 1;
      const isOfLabel = this.#labels[label] === 1;
      const isSure = sureness >= confidenceFrom && sureness < confidenceTo;
      const isAhead = lead >= marginFrom && lead < marginTo;
      if (isOfLabel && isSure && isAhead) byPlace[place]!++;
      if (!isOfCell) continue;
      if (isSure && isAhead) byLabel[label]!++;
      if (isOfLabel && isAhead) confidences[binOf(sureness)]!++;
      if (isOfLabel && isSure) margins[binOf(lead)]!++;
    }
    return {
      byCell: new Map(cellIds.map((id, place) => [id, byPlace[place]!])),
      labels: [...byLabel],
      confidence: [...confidences],
      margin: [...margins],
    };
  }

  /** The first `limit` images beyond a key, in the order of their ids. */
  pageById(from: number, descending: boolean, limit: number): KeyedPage {
    const { images } = this.#columns;
    const isBeyond = (position: number): boolean => images[position]! >= (descending ? from : from + 1);
    const ids = Array.from(nearest(this.positions(), isBeyond, descending, limit), (position) => images[position]!);
    return { ids, next: ids.length === limit ? [ids.at(-1)!] : null };
  }

  /** The same in the order of confidences or margins; keys are those of `orderKey`, then ids. */
  pageByShare(column: ShareColumn, [fromKey, fromId]: Key, descending: boolean, limit: number): KeyedPage {
    const { images } = this.#columns;
    const values = this.#columns[column];
    const isBeyond = (position: number): boolean => {
      const key = orderKey(values[position]!);
      if (key !== fromKey) return key > (fromKey as number);
      return images[position]! >= (fromId as number) + (descending ? 0 : 1);
    };
    const chosen =
      this.#walk(column, isBeyond, descending, limit) ?? nearest(this.#byShare(column), isBeyond, descending, limit);
    const last = chosen.at(-1);
    return {
      ids: Array.from(chosen, (position) => images[position]!),
      next: last === undefined || chosen.length < limit ? null : [orderKey(values[last]!), images[last]!],
    };
  }

  /** Ids of all of them in that order, ascending. */
  idsByShare(column: ShareColumn): Uint32Array {
    const { images } = this.#columns;
    return this.#byShare(column).map((position) => images[position]!);
  }

  /** The same in the order of labels, those without one first, then ids. */
  pageByLabel([fromLabel, fromId]: Key, descending: boolean, limit: number): KeyedPage {
    const { images, cells } = this.#columns;
    const labels = this.#labelsOfCells();
    const labelOf = (position: number): number => labels[cells[position]!]!;
    const isBeyond = (position: number): boolean => {
      const label = labelOf(position);
      if (label !== fromLabel) return label > (fromLabel as number);
      return images[position]! >= (fromId as number) + (descending ? 0 : 1);
    };
    const chosen = nearest(this.#byLabel(), isBeyond, descending, limit);
    const last = chosen.at(-1);
    return {
      ids: Array.from(chosen, (position) => images[position]!),
      next: last === undefined || chosen.length < limit ? null : [labelOf(last), images[last]!],
    };
  }

  /** Ids of all of them in that order. */
  idsByLabel(): Uint32Array {
    const { images } = this.#columns;
    return this.#byLabel().map((position) => images[position]!);
  }

  /**
   * The same from the order of the whole round, where many of it are chosen and they are not far: then none of the others need be put in order.
   * @returns null when it was given up.
   */
  #walk(
    column: ShareColumn,
    isBeyond: (position: number) => boolean,
    descending: boolean,
    limit: number,
  ): number[] | null {
    if (this.#orders.has(column) || this.positions().length * FEW < this.#columns.labels.length) return null;
    const order = this.#index.order(column);
    const first = firstWhere(order, isBeyond);
    const chosen: number[] = [];
    for (let steps = 0; steps < MOST_WALKED; steps++) {
      const position = order[descending ? first - 1 - steps : first + steps];
      if (position === undefined) return chosen;
      if (this.#isChosen(position)) chosen.push(position);
      if (chosen.length === limit) return chosen;
    }
    return null;
  }

  /** Positions by confidence or margin, ascending. */
  #byShare(column: ShareColumn): Uint32Array {
    const known = this.#orders.get(column);
    if (known !== undefined) return known;
    const positions = this.positions();
    const total = this.#columns.labels.length;
    const order =
      positions.length * FEW < total
        ? sortedBy(positions, this.#columns[column])
        : amongThose(this.#index.order(column), positions, total);
    this.#orders.set(column, order);
    return order;
  }

  /** Positions by label, ascending. */
  #byLabel(): Uint32Array {
    const known = this.#orders.get('label');
    if (known !== undefined) return known;
    const positions = this.positions();
    const { cells } = this.#columns;
    const labels = this.#labelsOfCells();
    const starts = new Uint32Array(CLASSES + 2);
    const count = positions.length;
    for (let place = 0; place < count; place++) starts[labels[cells[positions[place]!]!]! + 2]!++;
    for (let label = 0; label <= CLASSES; label++) starts[label + 1]! += starts[label]!;
    const order = new Uint32Array(positions.length);
    for (let place = 0; place < count; place++) {
      const position = positions[place]!;
      order[starts[labels[cells[position]!]! + 1]!++] = position;
    }
    this.#orders.set('label', order);
    return order;
  }

  /** By place in the index's cells; -1 for images without a label. */
  #labelsOfCells(): Int8Array {
    return Int8Array.from(this.#index.cellIds, (id) => decode(id).label ?? -1);
  }

  /** As {@link #meets}, and among the images that alone count. */
  #isChosen(position: number): boolean {
    if (!this.#meets(position)) return false;
    const among = this.#among;
    if (among === null) return true;
    const place = firstWhere(among, (other) => other >= position);
    return among[place] === position;
  }

  #meets(position: number): boolean {
    const { labels, confidence, margin, cells } = this.#columns;
    return (
      this.#cells[cells[position]!] === 1 &&
      this.#labels[labels[position]!] === 1 &&
      isIn(confidence[position]!, this.#confidence) &&
      isIn(margin[position]!, this.#margin)
    );
  }

  #find(): Uint32Array {
    const { labels, confidence, margin, cells } = this.#columns;
    const { from: confidenceFrom, to: confidenceTo } = this.#confidence;
    const { from: marginFrom, to: marginTo } = this.#margin;
    const [isLabel, isCell, among] = [this.#labels, this.#cells, this.#among];
    const hasShares = this.#confidence !== EVERYTHING || this.#margin !== EVERYTHING;
    const length = among?.length ?? labels.length;
    const found = new Uint32Array(length);
    let count = 0;
    for (let step = 0; step < length; step++) {
      const position = among === null ? step : among[step]!;
      if (isCell[cells[position]!] === 0 || isLabel[labels[position]!] === 0) continue;
      if (hasShares) {
        const sureness = confidence[position]!;
        if (sureness < confidenceFrom || sureness >= confidenceTo) continue;
        const lead = margin[position]!;
        if (lead < marginFrom || lead >= marginTo) continue;
      }
      found[count++] = position;
    }
    return found.subarray(0, count);
  }
}

const isIn = (share: number, { from, to }: ShareRange): boolean => share >= from && share < to;

/** Bounds of the bins as they are compared, one more than there are. */
const BOUNDS = Array.from({ length: SHARE_BINS + 1 }, (_, bin) => Math.fround(bin / SHARE_BINS));

/** The bin whose bounds hold a share. */
function binOf(share: number): number {
  const bin = Math.min(SHARE_BINS - 1, Math.max(0, Math.floor(share * SHARE_BINS)));
  // The product may be rounded over a bound.
  if (share < BOUNDS[bin]!) return Math.max(0, bin - 1);
  return share >= BOUNDS[bin + 1]! ? Math.min(SHARE_BINS - 1, bin + 1) : bin;
}

/** Positions by what a column says of each, ascending. */
function sortedBy(positions: Uint32Array, column: Float64Array): Uint32Array {
  const keys = new Uint32Array(positions.length);
  for (let place = 0; place < keys.length; place++) keys[place] = orderKey(column[positions[place]!]!);
  const order = sortedPlaces(keys);
  for (let place = 0; place < order.length; place++) order[place] = positions[order[place]!]!;
  return order;
}

/** Those of an order of all positions that are among some. */
function amongThose(order: Uint32Array, positions: Uint32Array, total: number): Uint32Array {
  const isChosen = new Uint8Array(total);
  for (const position of positions) isChosen[position] = 1;
  const chosen = new Uint32Array(positions.length);
  let count = 0;
  for (const position of order) if (isChosen[position] === 1) chosen[count++] = position;
  return chosen;
}

/** Values of a sorted list beyond a place of it, the nearest first. @param isBeyond holds from that place on. */
function nearest(
  values: Uint32Array,
  isBeyond: (value: number) => boolean,
  descending: boolean,
  limit: number,
): Uint32Array {
  const first = firstWhere(values, isBeyond);
  return descending
    ? values.subarray(Math.max(0, first - limit), first).toReversed()
    : values.subarray(first, first + limit);
}
