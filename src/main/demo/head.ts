import type { Curve, Point } from './curves.ts';
import { trace } from './curves.ts';
import type { Identity } from './identity.ts';
import type { Polygon } from './raster.ts';
import type { Scene } from './scene.ts';

/** Nearest a feature may lie to the head's rim, as depth: keeps features of a turned head from vanishing to a line. */
const LEAST_DEPTH = 0.12;
/** How far the chin and crown follow a turn, relative to the face's front. */
const OUTLINE_FOLLOW = 0.1;

/**
 * Places drawings on the picture. Features are drawn flat, in head units (x to the picture's right, y down, the head from y = -1 to 1), and
 * wrapped around an ellipsoid that is turned, tilted, scaled and moved.
 */
export class Head {
  readonly identity: Identity;
  /** Half the head's height in pixels. */
  readonly unit: number;
  readonly #scene: Scene;
  readonly #size: number;

  /** @param size side of the picture in pixels. */
  constructor(identity: Identity, scene: Scene, size: number) {
    this.identity = identity;
    this.#scene = scene;
    this.#size = size;
    this.unit = scene.scale * size;
  }

  /** A point of the face's front. @param lift how far it stands out of the face, head units. */
  feature([x, y]: Point, lift = 0): Point {
    const { yaw, pitch } = this.#scene;
    const across = x / (this.identity.faceWidth * 1.15);
    const depth = 0.62 * Math.sqrt(Math.max(LEAST_DEPTH, 1 - across * across - (y / 1.25) ** 2)) + lift;
    return this.#place(x * Math.cos(yaw) + depth * Math.sin(yaw), y * Math.cos(pitch) - depth * Math.sin(pitch));
  }

  /** A point of the head's rim, the hair, the neck: it hardly moves as the head turns. */
  rim([x, y]: Point): Point {
    const { yaw, pitch } = this.#scene;
    return this.#place(x + OUTLINE_FOLLOW * yaw * (1 + y), y - OUTLINE_FOLLOW * pitch);
  }

  /** A point of the body, which does not tilt with the head. */
  body([x, y]: Point): Point {
    return [this.#scene.centerX * this.#size + x * this.unit, this.#scene.centerY * this.#size + y * this.unit];
  }

  features(curve: Curve, lift = 0): Polygon {
    return curve.flatMap((point) => this.feature(point, lift));
  }

  rims(curve: Curve): Polygon {
    return curve.flatMap((point) => this.rim(point));
  }

  bodies(curve: Curve): Polygon {
    return curve.flatMap((point) => this.body(point));
  }

  #place(x: number, y: number): Point {
    const { roll } = this.#scene;
    const cos = Math.cos(roll) * this.unit;
    const sin = Math.sin(roll) * this.unit;
    return [this.#scene.centerX * this.#size + x * cos - y * sin, this.#scene.centerY * this.#size + x * sin + y * cos];
  }
}

/**
 * The head's rim at an angle: 0 at the crown, π/2 at the picture's right, π at the chin.
 * @param drop how much lower the chin is than at rest, head units.
 */
export function rimAt(identity: Identity, angle: number, drop = 0): Point {
  const across = Math.sin(angle);
  const down = -Math.cos(angle);
  if (down < 0) return [identity.faceWidth * across, down];
  // Below the cheekbones a square jaw keeps its width for longer than a pointed one.
  const width = identity.faceWidth * (1 - (0.2 - 0.12 * identity.jaw) * down ** 1.5);
  return [width * Math.sign(across) * Math.abs(across) ** (1.12 - 0.3 * identity.jaw), down * (1 + drop)];
}

export function headOutline(identity: Identity, drop: number): Point[] {
  return trace(0, 2 * Math.PI, 45, (angle) => rimAt(identity, angle, drop)).slice(0, -1);
}
