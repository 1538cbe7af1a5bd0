import type { ActivationMaps } from '#shared/prediction.ts';

/** Pixels of a side of the drawn map: enough that its own places, some seven, do not show as squares. */
export const HEAT_SIDE = 96;

/**
 * Values in rows from the top, between which is drawn a straight line; at the edge the outermost value holds.
 * @param values [height × width]. @returns [side × side].
 */
export function enlarged(values: ArrayLike<number>, width: number, height: number, side: number): Float32Array {
  const result = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    const [top, down] = placeOf(row, side, height);
    for (let column = 0; column < side; column++) {
      const [left, across] = placeOf(column, side, width);
      const at = (y: number, x: number): number => values[Math.min(height - 1, y) * width + Math.min(width - 1, x)]!;
      const upper = at(top, left) * (1 - across) + at(top, left + 1) * across;
      const lower = at(top + 1, left) * (1 - across) + at(top + 1, left + 1) * across;
      result[row * side + column] = upper * (1 - down) + lower * down;
    }
  }
  return result;
}

/** Between which two values the middle of a pixel lies, and how far from the first. */
function placeOf(pixel: number, side: number, count: number): [first: number, share: number] {
  const place = Math.min(count - 1, Math.max(0, ((pixel + 0.5) / side) * count - 0.5));
  return [Math.floor(place), place - Math.floor(place)];
}

/** Dark blue over red to yellow: lightness rises all along, so that it reads without colour too. */
const RAMP: readonly (readonly [red: number, green: number, blue: number])[] = [
  [30, 20, 110],
  [120, 28, 140],
  [210, 50, 90],
  [248, 130, 30],
  [253, 231, 90],
];

/** The colour of a share of the largest value; little is seen through. @returns red, green, blue, alpha, 0 … 255. */
export function heatColor(share: number): [number, number, number, number] {
  const place = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const first = Math.min(RAMP.length - 2, Math.floor(place));
  const mixed = RAMP[first]!.map((value, index) => value + (RAMP[first + 1]![index]! - value) * (place - first));
  return [...(mixed.map(Math.round) as [number, number, number]), Math.round(255 * Math.min(1, 0.25 + share))];
}

/** Where a network looked for a class, as a picture of {@link HEAT_SIDE} pixels; null where there is no such class, or it looked nowhere. */
export function heatPixels(maps: ActivationMaps, className: string): Uint8ClampedArray<ArrayBuffer> | null {
  const values = maps.byClass[className];
  const largest = Math.max(0, ...(values ?? []));
  if (values === undefined || largest === 0) return null;
  const pixels = new Uint8ClampedArray(HEAT_SIDE * HEAT_SIDE * 4);
  for (const [index, value] of enlarged(values, maps.width, maps.height, HEAT_SIDE).entries()) {
    pixels.set(heatColor(value / largest), index * 4);
  }
  return pixels;
}
