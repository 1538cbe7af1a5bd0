import type { RandomStream } from '#shared/random.ts';
import { blend, PALETTE } from './identity.ts';
import type { Color } from './raster.ts';

export type Backdrop = 'plain' | 'gradient' | 'lights' | 'stripes' | 'window';

/** What differs between two pictures of the same person, the expression aside. Angles in radians. */
export interface Scene {
  /** Head turned to the picture's right, looking up, and tilted clockwise. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** Half the head's height, and its centre, as shares of the picture's side. */
  readonly scale: number;
  readonly centerX: number;
  readonly centerY: number;
  /** Where the eyes look, -1 … 1 to each side. */
  readonly gazeX: number;
  readonly gazeY: number;
  readonly backdrop: Backdrop;
  readonly backdropColors: readonly [Color, Color];
  /** Direction the light comes from (x to the right, y up), its strength, its colour, and the shadow's. */
  readonly lightX: number;
  readonly lightY: number;
  readonly lightStrength: number;
  readonly lightColor: Color;
  /** Factors on brightness, contrast and colourfulness. */
  readonly exposure: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Width of the blur, 0 … 1 of a 3-pixel mean. */
  readonly blur: number;
  /** Standard deviation of the sensor noise, in [0,1] units. */
  readonly noise: number;
  readonly seed: number;
}

/** How pictures of a set vary. */
export interface SceneVariety {
  /** Standard deviations. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  readonly scale: readonly [number, number];
  readonly shift: number;
  readonly backdrops: readonly Backdrop[];
  readonly backdropDarkness: readonly [number, number];
  readonly lightStrength: readonly [number, number];
  readonly lightTint: number;
  readonly exposure: readonly [number, number];
  readonly contrast: readonly [number, number];
  readonly greyShare: number;
  readonly blur: readonly [number, number];
  readonly noise: readonly [number, number];
}

const WARM: Color = [1.08, 0.98, 0.84];
const COOL: Color = [0.88, 0.98, 1.1];
const DARK: Color = [0.07, 0.08, 0.11];
const PAPER: Color = [0.95, 0.94, 0.91];

/** Draws the circumstances of one picture. */
export function sampleScene(variety: SceneVariety, stream: RandomStream): Scene {
  const within = ([low, high]: readonly [number, number]): number => stream.between(low, high);
  const spread = (deviation: number): number => deviation * Math.min(2, Math.max(-2, stream.normal()));
  const yaw = spread(variety.yaw);
  const pitch = spread(variety.pitch);
  const lightAngle = stream.between(0, Math.PI);
  const tint = stream.chance(0.5) ? WARM : COOL;
  return {
    yaw,
    pitch,
    roll: spread(variety.roll),
    scale: within(variety.scale),
    centerX: 0.5 + spread(variety.shift),
    centerY: 0.5 + spread(variety.shift),
    gazeX: spread(0.3) - yaw * 0.5,
    gazeY: spread(0.25),
    backdrop: variety.backdrops[stream.integer(variety.backdrops.length)]!,
    backdropColors: [backdropColor(variety, stream), backdropColor(variety, stream)],
    lightX: Math.cos(lightAngle),
    lightY: Math.sin(lightAngle),
    lightStrength: within(variety.lightStrength),
    lightColor: blend([1, 1, 1], tint, variety.lightTint * stream.uniform()),
    exposure: within(variety.exposure),
    contrast: within(variety.contrast),
    saturation: stream.chance(variety.greyShare) ? 0 : stream.between(0.85, 1.1),
    blur: within(variety.blur),
    noise: within(variety.noise),
    seed: stream.next(),
  };
}

function backdropColor({ backdropDarkness: [low, high] }: SceneVariety, stream: RandomStream): Color {
  const color = blend(PALETTE[stream.integer(PALETTE.length)]!, PAPER, stream.between(0.1, 0.6));
  return blend(color, DARK, stream.between(low, high));
}
