import type { FaceMovement } from './action-units.ts';
import type { Curve, Point } from './curves.ts';
import { ellipse, stroke, taper, trace } from './curves.ts';
import type { Head } from './head.ts';
import type { Identity } from './identity.ts';
import { blend } from './identity.ts';
import type { Color, Raster } from './raster.ts';

const CAVITY: Color = [0.3, 0.08, 0.1];
const TONGUE: Color = [0.76, 0.36, 0.38];
const TEETH: Color = [0.97, 0.95, 0.91];
const POINTS = 15;

/** The mouth's edges, each from the left corner to the right, in head units. */
interface MouthShape {
  readonly upperOuter: Curve;
  readonly upperInner: Curve;
  readonly lowerInner: Curve;
  readonly lowerOuter: Curve;
  readonly center: number;
  readonly halfWidth: number;
  /** Height of the opening at the middle. */
  readonly opening: number;
}

/** How much lower the jaw is than at rest, head units. */
export function jawLowering(movement: FaceMovement): number {
  return 0.15 * movement.jawDrop;
}

function mouthShape(identity: Identity, movement: FaceMovement): MouthShape {
  const { cornerPull, cornerDepress, lipStretch, lipPress, lipsPart, jawDrop, upperLipRaise, chinRaise, noseWrinkle } =
    movement;
  const rounded = jawDrop * Math.max(0, 1 - cornerPull - lipStretch);
  const halfWidth =
    identity.mouthWidth *
    (1 + 0.4 * cornerPull + 0.26 * lipStretch - 0.12 * lipPress - 0.36 * rounded - 0.08 * chinRaise);
  const corner = identity.restingCorner + 0.23 * cornerPull - 0.22 * cornerDepress - 0.02 * lipStretch;
  const center = identity.mouthHeight - 0.02 * chinRaise - 0.03 * noseWrinkle + 0.03 * cornerPull;
  const raised = 0.07 * upperLipRaise + 0.015 * noseWrinkle;
  const up = 0.04 * lipsPart + 0.05 * jawDrop + raised * Math.min(1, lipsPart * 2);
  const down = 0.06 * lipsPart + 0.26 * jawDrop + 0.015 * lipStretch * lipsPart;
  const closedLift = raised * (1 - Math.min(1, lipsPart * 2));
  // Almond at rest, oval for a round mouth, nearly square when the lips are drawn back over the teeth.
  const power = 1.7 + 0.5 * rounded + 1.3 * Math.min(1, upperLipRaise + lipStretch) * lipsPart;
  const thickness = 0.062 * identity.lipFullness * (1 - 0.6 * lipPress) * (1 - 0.2 * cornerPull - 0.15 * lipStretch);

  const edge = (offset: (t: number, bulge: number) => number): Point[] =>
    trace(-1, 1, POINTS, (t): Point => {
      const bulge = Math.max(0, 1 - Math.abs(t) ** power) ** (1 / power);
      const bend = corner * (0.35 - t * t) - (closedLift + 0.035 * chinRaise) * (1 - t * t);
      return [t * halfWidth, center + bend + offset(t, bulge)];
    });
  const bow = (t: number): number => 1 - 0.25 * Math.exp(-((t / 0.16) ** 2));
  return {
    upperOuter: edge((t, bulge) => -up * bulge - thickness * 0.85 * bow(t) * (1 - t * t) - 0.004),
    upperInner: edge((_, bulge) => -up * bulge),
    lowerInner: edge((_, bulge) => down * bulge),
    lowerOuter: edge((t, bulge) => down * bulge + thickness * 1.1 * (1 - t * t) + 0.004),
    center,
    halfWidth,
    opening: up + down,
  };
}

export function drawMouth(raster: Raster, head: Head, movement: FaceMovement): void {
  const { identity } = head;
  const shape = mouthShape(identity, movement);
  const { upperOuter, upperInner, lowerInner, lowerOuter } = shape;
  const lips = identity.lips;
  const upperLip = blend(lips, [0.25, 0.06, 0.08], 0.16);
  drawChinShadow(raster, head, shape, movement);
  raster.fill(head.features([...upperOuter, ...lowerInner.toReversed()]), upperLip);
  raster.fill(head.features([...upperInner, ...lowerOuter.toReversed()]), lips);
  if (shape.opening > 0.035) drawOpening(raster, head, shape, movement);
  else raster.fill(head.features(stroke(upperInner, taper(0.04, 0.6))), blend(CAVITY, lips, 0.15), 0.9);
  const corners = 0.3 + 0.5 * Math.max(movement.cornerPull, movement.cornerDepress, movement.lipPress);
  for (const corner of [upperInner[0]!, upperInner.at(-1)!]) {
    const [x, y] = head.feature(corner);
    raster.glow({ x, y, radiusX: 0.06 * head.unit, radiusY: 0.06 * head.unit }, CAVITY, corners * 0.6);
  }
  const gleam = head.feature([0, lowerOuter[7]![1] - 0.03]);
  raster.glow({ x: gleam[0], y: gleam[1], radiusX: 0.12 * head.unit, radiusY: 0.03 * head.unit }, [1, 0.9, 0.88], 0.35);
}

function drawOpening(
  raster: Raster,
  head: Head,
  { upperInner, lowerInner, center, halfWidth, opening }: MouthShape,
  movement: FaceMovement,
): void {
  const outline = [...upperInner, ...lowerInner.toReversed()];
  const clip = raster.mask(head.features(outline));
  raster.paint(clip, CAVITY);
  const bottom = lowerInner[7]![1];
  if (opening > 0.12) {
    raster.fill(head.features(ellipse(0, bottom + 0.02, halfWidth * 0.55, opening * 0.38)), TONGUE, 0.9, clip);
  }
  const bared = Math.min(1, movement.cornerPull + movement.upperLipRaise + movement.lipStretch + 0.25);
  const upperTeeth = Math.min(opening * 0.6, 0.11) * bared;
  const below = upperInner.map(([x, y]): Point => [x * 0.92, y + upperTeeth]);
  raster.fill(head.features([...upperInner, ...below.toReversed()]), TEETH, 0.95, clip);
  const lowerBared = Math.min(1, movement.lipStretch + movement.upperLipRaise) * Math.min(opening * 0.4, 0.05);
  if (lowerBared > 0.01) {
    const above = lowerInner.map(([x, y]): Point => [x * 0.85, y - lowerBared]);
    raster.fill(head.features([...above, ...lowerInner.toReversed()]), blend(TEETH, CAVITY, 0.12), 0.9, clip);
  }
  const [x, y] = head.feature([0, center - 0.02]);
  raster.glow({ x, y, radiusX: halfWidth * head.unit, radiusY: 0.05 * head.unit }, CAVITY, 0.15, clip);
}

/** The shade under the lower lip, and the dimpled chin of a raised one. */
function drawChinShadow(
  raster: Raster,
  head: Head,
  { lowerOuter, halfWidth }: MouthShape,
  { chinRaise }: FaceMovement,
): void {
  const shade = blend(head.identity.skin, [0.3, 0.1, 0.08], 0.45);
  const [x, y] = head.feature([0, lowerOuter[7]![1] + 0.06]);
  raster.glow({ x, y, radiusX: halfWidth * 0.7 * head.unit, radiusY: 0.06 * head.unit }, shade, 0.5 + 0.3 * chinRaise);
}
