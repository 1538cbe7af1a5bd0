import { firstWhere, sortedPlaces } from '#shared/sorted.ts';

/** A label of a round with the cell of its image, as SQLite gives it. */
export type IndexedLabel = readonly [image: number, label: number, confidence: number, margin: number, cell: number];

export type ShareColumn = 'confidence' | 'margin';

/** Steps in which confidences and margins are put in order: finer than a float32 near 1, and whole numbers that a cursor can hold. */
const ORDER_STEPS = 2 ** 30;

/**
 * The labels of a round in memory, in the order of their images, each with its image's cell: 25 bytes a label. What a filter within a round leaves
 * is counted by going through all of it, some milliseconds for a million; from the tables it would take a second.
 */
export class RoundIndex {
  readonly round: number;
  #length = 0;
  #images = new Uint32Array(0);
  #labels = new Uint8Array(0);
  #confidences = new Float64Array(0);
  #margins = new Float64Array(0);
  #cells = new Uint32Array(0);
  /** Numbers of the cells that its images are in; {@link cells} holds places in it. */
  readonly #cellIds: number[] = [];
  readonly #placeOfCell = new Map<number, number>();
  readonly #orders = new Map<ShareColumn, Uint32Array>();
  #version = 0;

  constructor(round: number) {
    this.round = round;
  }

  get length(): number {
    return this.#length;
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  /** [N] ids, ascending. */
  get images(): Uint32Array {
    return this.#images.subarray(0, this.#length);
  }

  /** [N] classes. */
  get labels(): Uint8Array {
    return this.#labels.subarray(0, this.#length);
  }

  get confidence(): Float64Array {
    return this.#confidences.subarray(0, this.#length);
  }

  get margin(): Float64Array {
    return this.#margins.subarray(0, this.#length);
  }

  /** [N] places in {@link cellIds}. */
  get cells(): Uint32Array {
    return this.#cells.subarray(0, this.#length);
  }

  get cellIds(): readonly number[] {
    return this.#cellIds;
  }

  get lastImage(): number {
    return this.#length === 0 ? 0 : this.#images[this.#length - 1]!;
  }

  /** Adds labels of images behind the last one, in the order of the images. @param expected labels in all, as far as that is known. */
  append(rows: readonly IndexedLabel[], expected: number): void {
    this.#reserve(this.#length + rows.length, expected);
    for (const [image, label, confidence, margin, cell] of rows) {
      const position = this.#length++;
      this.#images[position] = image;
      this.#labels[position] = label;
      this.#confidences[position] = confidence;
      this.#margins[position] = margin;
      this.#cells[position] = this.#placeOf(cell);
    }
    this.#orders.clear();
    this.#version++;
  }

  /** An image is in another cell now; nothing happens where the round has no label of it. */
  moveTo(image: number, cell: number): void {
    const position = this.positionOf(image);
    if (position === -1) return;
    this.#cells[position] = this.#placeOf(cell);
    this.#version++;
  }

  /** -1 where the round has no label of an image. */
  positionOf(image: number): number {
    const position = this.firstFrom(image);
    return position < this.#length && this.#images[position] === image ? position : -1;
  }

  /** What the round says of an image; undefined where it has no label of it. */
  at(image: number): { label: number; confidence: number; margin: number } | undefined {
    const position = this.positionOf(image);
    if (position === -1) return undefined;
    const [label, confidence, margin] = [this.#labels, this.#confidences, this.#margins].map(
      (column) => column[position]!,
    );
    return { label: label!, confidence: confidence!, margin: margin! };
  }

  /** Position of the first image with this id or a higher one. */
  firstFrom(image: number): number {
    return firstWhere(this.images, (other) => other >= image);
  }

  /** Positions by confidence or margin, those of the same by their images. Made when it is first asked for: a tenth of a second for a million. */
  order(column: ShareColumn): Uint32Array {
    let order = this.#orders.get(column);
    if (order === undefined) {
      const shares = this[column];
      const keys = new Uint32Array(shares.length);
      for (let position = 0; position < keys.length; position++) keys[position] = orderKey(shares[position]!);
      order = sortedPlaces(keys);
      this.#orders.set(column, order);
    }
    return order;
  }

  #placeOf(cell: number): number {
    let place = this.#placeOfCell.get(cell);
    if (place === undefined) {
      place = this.#cellIds.push(cell) - 1;
      this.#placeOfCell.set(cell, place);
    }
    return place;
  }

  #reserve(needed: number, expected: number): void {
    if (needed <= this.#images.length) return;
    const room = Math.max(needed, expected, Math.ceil(this.#images.length * 1.5));
    this.#images = grown(this.#images, new Uint32Array(room));
    this.#labels = grown(this.#labels, new Uint8Array(room));
    this.#confidences = grown(this.#confidences, new Float64Array(room));
    this.#margins = grown(this.#margins, new Float64Array(room));
    this.#cells = grown(this.#cells, new Uint32Array(room));
  }
}

/** What an order of confidence or margin compares. */
export const orderKey = (share: number): number => Math.round(Math.max(0, share) * ORDER_STEPS);

function grown<Numbers extends Uint8Array | Uint32Array | Float64Array>(old: Numbers, room: Numbers): Numbers {
  room.set(old);
  return room;
}
