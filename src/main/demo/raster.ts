import type { RgbImage } from '#main/imaging/image.ts';

/** Red, green, blue in [0,1]. */
export type Color = readonly [number, number, number];

/** A closed outline in pixels: x0, y0, x1, y1, …; the last point joins the first. */
export type Polygon = readonly number[];

/** How much of each pixel of a rectangle a shape covers, 0 … 1, row-major. */
export interface Mask {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly coverage: Float32Array;
}

/** A soft ellipse: full at its centre, nothing at its rim. Pixels; `angle` in radians, clockwise. */
export interface Glow {
  readonly x: number;
  readonly y: number;
  readonly radiusX: number;
  readonly radiusY: number;
  readonly angle?: number;
}

/**
 * A picture in floating point that shapes are painted on. Edges are anti-aliased by the exact area a polygon covers of each pixel, so that
 * small faces stay clear without supersampling.
 */
export class Raster {
  readonly width: number;
  readonly height: number;
  /** height × width × 3, values in [0,1] once finished. */
  readonly pixels: Float32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Float32Array(width * height * 3);
  }

  /** Exact area coverage of a polygon that does not cross itself, inside the picture. */
  mask(polygon: Polygon): Mask {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let index = 0; index < polygon.length; index += 2) {
      left = Math.min(left, polygon[index]!);
      right = Math.max(right, polygon[index]!);
      top = Math.min(top, polygon[index + 1]!);
      bottom = Math.max(bottom, polygon[index + 1]!);
    }
    left = Math.max(0, Math.floor(left));
    top = Math.max(0, Math.floor(top));
    const width = Math.max(0, Math.min(this.width, Math.ceil(right)) - left);
    const height = Math.max(0, Math.min(this.height, Math.ceil(bottom)) - top);
    // Two spare columns take the changes past the right border, so that the inner loop needs no test.
    const stride = width + 2;
    const changes = new Float32Array(stride * height);
    for (let index = 0, last = polygon.length - 2; index < polygon.length; last = index, index += 2) {
      addEdge(
        changes,
        stride,
        height,
        polygon[last]! - left,
        polygon[last + 1]! - top,
        polygon[index]! - left,
        polygon[index + 1]! - top,
      );
    }
    return { left, top, width, height, coverage: integrateRows(changes, width, height) };
  }

  /** Paints a polygon. @param clip a shape outside of which nothing is painted. */
  fill(polygon: Polygon, color: Color, opacity = 1, clip?: Mask): void {
    this.paint(this.mask(polygon), color, opacity, clip);
  }

  paint(mask: Mask, color: Color, opacity = 1, clip?: Mask): void {
    for (let row = 0; row < mask.height; row++) {
      for (let column = 0; column < mask.width; column++) {
        const coverage = mask.coverage[row * mask.width + column]!;
        if (coverage > 0) this.#blend(mask.left + column, mask.top + row, color, coverage * opacity, clip);
      }
    }
  }

  /** Paints a soft ellipse. */
  glow({ x, y, radiusX, radiusY, angle = 0 }: Glow, color: Color, opacity: number, clip?: Mask): void {
    const reach = Math.max(radiusX, radiusY);
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const lastRow = Math.min(this.height - 1, Math.floor(y + reach));
    const lastColumn = Math.min(this.width - 1, Math.floor(x + reach));
    for (let row = Math.max(0, Math.floor(y - reach)); row <= lastRow; row++) {
      for (let column = Math.max(0, Math.floor(x - reach)); column <= lastColumn; column++) {
        const dx = column + 0.5 - x;
        const dy = row + 0.5 - y;
        const squared = ((dx * cos + dy * sin) / radiusX) ** 2 + ((dy * cos - dx * sin) / radiusY) ** 2;
        if (squared < 1) this.#blend(column, row, color, (1 - squared) ** 2 * opacity, clip);
      }
    }
  }

  #blend(column: number, row: number, color: Color, opacity: number, clip: Mask | undefined): void {
    const amount = clip === undefined ? opacity : opacity * coverageAt(clip, column, row);
    const at = (row * this.width + column) * 3;
    const pixels = this.pixels;
    pixels[at]! += (color[0] - pixels[at]!) * amount;
    pixels[at + 1]! += (color[1] - pixels[at + 1]!) * amount;
    pixels[at + 2]! += (color[2] - pixels[at + 2]!) * amount;
  }

  /** The picture in 8 bits. */
  toImage(): RgbImage {
    // A clamped array rounds and limits by itself, faster than arithmetic does.
    const data = new Uint8ClampedArray(this.pixels.length);
    for (let index = 0; index < data.length; index++) data[index] = 255 * this.pixels[index]!;
    return { width: this.width, height: this.height, data: new Uint8Array(data.buffer) };
  }
}

export function coverageAt(mask: Mask, column: number, row: number): number {
  const x = column - mask.left;
  const y = row - mask.top;
  return x < 0 || y < 0 || x >= mask.width || y >= mask.height ? 0 : mask.coverage[y * mask.width + x]!;
}

/**
 * Adds one edge. Everything right of an edge is inside or outside by its direction, so an edge only has to note, in each row it crosses, by
 * how much the coverage changes from one pixel to the next; a running sum over the row then gives the coverage.
 */
function addEdge(
  changes: Float32Array,
  stride: number,
  height: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  if (y0 === y1) return;
  const direction = y0 < y1 ? 1 : -1;
  const [topX, topY, bottomX, bottomY] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
  const slope = (bottomX - topX) / (bottomY - topY);
  const lastRow = Math.min(height, Math.ceil(bottomY));
  for (let row = Math.max(0, Math.floor(topY)); row < lastRow; row++) {
    const from = Math.max(row, topY);
    const to = Math.min(row + 1, bottomY);
    if (to <= from) continue;
    const enter = clamp(topX + (from - topY) * slope, stride - 2);
    const leave = clamp(topX + (to - topY) * slope, stride - 2);
    addSlice(changes, row * stride, Math.min(enter, leave), Math.max(enter, leave), direction * (to - from));
  }
}

/** One row's part of an edge that runs from column `low` to `high` over a height of `amount` (signed) of the row. */
function addSlice(changes: Float32Array, start: number, low: number, high: number, amount: number): void {
  const first = Math.floor(low);
  let areaBefore = 0;
  let coverageBefore = 0;
  for (let column = first; ; column++) {
    const right = column + 1;
    // Area right of the edge and left of this pixel's right border, per unit of height.
    const area = right >= high ? right - (low + high) / 2 : (right - low) ** 2 / (2 * (high - low));
    const coverage = area - areaBefore;
    changes[start + column]! += (coverage - coverageBefore) * amount;
    if (right >= high) {
      changes[start + right]! += (1 - coverage) * amount;
      return;
    }
    areaBefore = area;
    coverageBefore = coverage;
  }
}

function integrateRows(changes: Float32Array, width: number, height: number): Float32Array {
  const coverage = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    let sum = 0;
    for (let column = 0; column < width; column++) {
      sum += changes[row * (width + 2) + column]!;
      coverage[row * width + column] = Math.min(1, Math.abs(sum));
    }
  }
  return coverage;
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}
