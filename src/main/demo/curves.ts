/** A point of a drawing: x to the right, y down. */
export type Point = readonly [x: number, y: number];

/** A line through points, as a smooth curve. */
export type Curve = readonly Point[];

/** A smooth curve through all points (Catmull–Rom), with `steps` pieces between two of them. */
export function smooth(points: Curve, steps = 4): Point[] {
  const curve: Point[] = [];
  for (let index = 0; index + 1 < points.length; index++) {
    const start = points[index]!;
    const end = points[index + 1]!;
    const before = points[index - 1] ?? start;
    const after = points[index + 2] ?? end;
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      curve.push([
        catmullRom(before[0], start[0], end[0], after[0], t),
        catmullRom(before[1], start[1], end[1], after[1], t),
      ]);
    }
  }
  curve.push(points.at(-1)!);
  return curve;
}

function catmullRom(before: number, start: number, end: number, after: number, t: number): number {
  const slope = (end - before) / 2;
  const endSlope = (after - start) / 2;
  const rise = end - start;
  return start + t * (slope + t * (3 * rise - 2 * slope - endSlope + t * (slope + endSlope - 2 * rise)));
}

/** The outline of a brush stroke along a curve. @param width full width at each share 0 … 1 of the way. */
export function stroke(curve: Curve, width: (share: number) => number): Point[] {
  const left: Point[] = [];
  const right: Point[] = [];
  curve.forEach(([x, y], index) => {
    const before = curve[Math.max(0, index - 1)]!;
    const after = curve[Math.min(curve.length - 1, index + 1)]!;
    const dx = after[0] - before[0];
    const dy = after[1] - before[1];
    const reach = width(index / (curve.length - 1)) / 2 / Math.max(1e-9, Math.hypot(dx, dy));
    left.push([x - dy * reach, y + dx * reach]);
    right.push([x + dy * reach, y - dx * reach]);
  });
  return [...left, ...right.reverse()];
}

/** A brush's width that is `full` in the middle and thins towards both ends. */
export function taper(full: number, least = 0.25): (share: number) => number {
  return (share) => full * (least + (1 - least) * Math.sin(Math.PI * share));
}

export function ellipse(x: number, y: number, radiusX: number, radiusY: number, count = 20): Point[] {
  return Array.from({ length: count }, (_, index): Point => {
    const angle = (2 * Math.PI * index) / count;
    return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)];
  });
}

/** The same shape on the other side of the face. */
export function mirrored(points: Curve): Point[] {
  return points.map(([x, y]): Point => [-x, y]);
}

/** Points at `count` equal steps of `t` from `from` to `to`. */
export function trace(from: number, to: number, count: number, at: (t: number) => Point): Point[] {
  return Array.from({ length: count }, (_, index) => at(from + ((to - from) * index) / (count - 1)));
}
