import type { Point } from './camera.ts';

/** Points of a cell on average: few enough to look at each, many enough that cells are few. */
const POINTS_PER_CELL = 8;
const MOST_CELLS_A_SIDE = 1_024;

/** Points of a map in the cells of a grid, so that those near a place are found without looking at all. */
export class PointIndex {
  readonly #positions: Float32Array;
  readonly #side: number;
  /** [cells + 1] where each cell begins in `members`. */
  readonly #starts: Uint32Array;
  readonly #members: Uint32Array;

  /** @param positions [N×2] within -1 … 1. */
  constructor(positions: Float32Array) {
    const count = positions.length / 2;
    this.#positions = positions;
    this.#side = Math.max(1, Math.min(MOST_CELLS_A_SIDE, Math.ceil(Math.sqrt(count / POINTS_PER_CELL))));
    this.#starts = new Uint32Array(this.#side ** 2 + 1);
    for (let point = 0; point < count; point++) this.#starts[this.#cellOf(point) + 1]!++;
    for (let cell = 0; cell < this.#side ** 2; cell++) this.#starts[cell + 1]! += this.#starts[cell]!;
    const next = this.#starts.slice();
    this.#members = new Uint32Array(count);
    for (let point = 0; point < count; point++) this.#members[next[this.#cellOf(point)]!++] = point;
  }

  /** The point nearest to a place, of those that are wanted and no further than a radius; -1 when there is none. */
  nearest({ x, y }: Point, radius: number, isWanted: (point: number) => boolean): number {
    let best = -1;
    let least = radius ** 2;
    for (const point of this.#around(x - radius, x + radius, y - radius, y + radius)) {
      const distance = (this.#positions[2 * point]! - x) ** 2 + (this.#positions[2 * point + 1]! - y) ** 2;
      if (distance > least || !isWanted(point)) continue;
      best = point;
      least = distance;
    }
    return best;
  }

  /** All wanted points within a closed outline, ascending; where it crosses itself, by the even-odd rule. @param outline three corners at least. */
  within(outline: readonly Point[], isWanted: (point: number) => boolean): Uint32Array {
    const xs = outline.map(({ x }) => x);
    const ys = outline.map(({ y }) => y);
    const found: number[] = [];
    for (const point of this.#around(Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys))) {
      const [x, y] = [this.#positions[2 * point]!, this.#positions[2 * point + 1]!];
      if (isWanted(point) && isInside(outline, x, y)) found.push(point);
    }
    return Uint32Array.from(found).sort();
  }

  *#around(left: number, right: number, bottom: number, top: number): Generator<number> {
    for (let row = this.#place(bottom); row <= this.#place(top); row++) {
      const from = this.#starts[row * this.#side + this.#place(left)]!;
      const to = this.#starts[row * this.#side + this.#place(right) + 1]!;
      for (let place = from; place < to; place++) yield this.#members[place]!;
    }
  }

  #cellOf(point: number): number {
    return this.#place(this.#positions[2 * point + 1]!) * this.#side + this.#place(this.#positions[2 * point]!);
  }

  /** Column or row of a coordinate; what lies outside is in the first or last. */
  #place(value: number): number {
    return Math.min(this.#side - 1, Math.max(0, Math.floor(((value + 1) / 2) * this.#side)));
  }
}

function isInside(outline: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  let before = outline.at(-1)!;
  for (const corner of outline) {
    if (corner.y > y !== before.y > y) {
      const crossing = corner.x + ((y - corner.y) / (before.y - corner.y)) * (before.x - corner.x);
      if (x < crossing) inside = !inside;
    }
    before = corner;
  }
  return inside;
}
