/** Which part of a map is seen: the middle in map coordinates, and CSS pixels per unit of the map. The y axis of the map points up. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Of the smaller side of the window; the rest is margin. */
const FILLED = 0.92;
/** How far one may go in from where all is seen, and out. */
const CLOSEST = 400;
const FARTHEST = 0.5;

/** All of a map, which lies within -1 … 1. */
export function wholeMap({ width, height }: Size): Camera {
  return { x: 0, y: 0, scale: (Math.max(1, Math.min(width, height)) / 2) * FILLED };
}

export function toScreen(camera: Camera, { width, height }: Size, x: number, y: number): Point {
  return { x: width / 2 + (x - camera.x) * camera.scale, y: height / 2 - (y - camera.y) * camera.scale };
}

export function toMap(camera: Camera, { width, height }: Size, { x, y }: Point): Point {
  return { x: camera.x + (x - width / 2) / camera.scale, y: camera.y - (y - height / 2) / camera.scale };
}

/** Nearer by a factor, with the place under a point of the window staying there; never so far that nothing is seen. */
export function zoomed(camera: Camera, size: Size, about: Point, factor: number): Camera {
  const whole = wholeMap(size).scale;
  const scale = Math.min(whole * CLOSEST, Math.max(whole * FARTHEST, camera.scale * factor));
  const fixed = toMap(camera, size, about);
  return held({
    x: fixed.x - (about.x - size.width / 2) / scale,
    y: fixed.y + (about.y - size.height / 2) / scale,
    scale,
  });
}

/** Moved by CSS pixels: what was under the pointer stays under it. */
export function panned(camera: Camera, by: Point): Camera {
  return held({ ...camera, x: camera.x - by.x / camera.scale, y: camera.y + by.y / camera.scale });
}

/** The middle never leaves the map, so that nobody gets lost. */
function held({ x, y, scale }: Camera): Camera {
  return { x: Math.min(1, Math.max(-1, x)), y: Math.min(1, Math.max(-1, y)), scale };
}
