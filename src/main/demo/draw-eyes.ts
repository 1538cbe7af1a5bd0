import type { FaceMovement } from './action-units.ts';
import type { Point } from './curves.ts';
import { ellipse, smooth, stroke, taper, trace } from './curves.ts';
import type { Head } from './head.ts';
import { blend } from './identity.ts';
import type { Color, Raster } from './raster.ts';
import type { Scene } from './scene.ts';

export const EYE_HEIGHT = -0.13;
const SCLERA: Color = [0.95, 0.94, 0.92];
const PUPIL: Color = [0.05, 0.04, 0.05];
const LID_LINE: Color = [0.14, 0.08, 0.08];
const SHADE: Color = [0.3, 0.12, 0.1];
const BROW: Color = [0.16, 0.1, 0.08];
const SIDES = [-1, 1] as const;
type Side = (typeof SIDES)[number];

export function drawEyes(raster: Raster, head: Head, movement: FaceMovement, scene: Scene): void {
  for (const side of SIDES) drawEye(raster, head, movement, scene, side);
}

function drawEye(raster: Raster, head: Head, movement: FaceMovement, scene: Scene, side: Side): void {
  const { identity } = head;
  const { upperLidRaise, lidTighten, cheekRaise, lidDroop, noseWrinkle, browLower } = movement;
  const half = identity.eyeSize;
  const x = identity.eyeDistance * side;
  const squint = 0.3 * lidTighten + 0.25 * cheekRaise + 0.3 * noseWrinkle;
  const upper =
    0.13 *
    identity.eyeOpenness *
    Math.max(0.12, 1 + 0.6 * upperLidRaise - 0.75 * lidDroop - 0.6 * squint - 0.08 * browLower);
  // A raised cheek pushes the lower lid up until it curves the other way.
  const lower = 0.078 * identity.eyeOpenness * (1 + 0.2 * upperLidRaise - 1.2 * squint - 0.5 * cheekRaise);
  const lid = (height: number, skew: number): Point[] =>
    trace(-1, 1, 11, (t): Point => {
      const outward = t * side;
      const arch = (1 - Math.abs(t) ** 2.2) * (1 + skew * outward);
      return [x + t * half, EYE_HEIGHT - identity.eyeTilt * outward - height * arch];
    });
  const upperLid = lid(upper, -0.12);
  const lowerLid = lid(-lower, 0.18);
  drawSocket(raster, head, x, movement);
  const opening = raster.mask(head.features([...upperLid, ...lowerLid.toReversed()]));
  raster.paint(opening, SCLERA);
  drawIris(raster, head, scene, [x, EYE_HEIGHT - 0.02], opening);
  const lash = 0.03 + 0.02 * identity.lashes;
  raster.fill(
    head.features(stroke(upperLid, (share) => lash * (0.55 + 0.45 * Math.sin(Math.PI * share)))),
    LID_LINE,
    0.9,
  );
  raster.fill(head.features(stroke(lowerLid, taper(0.014))), SHADE, 0.4);
  const crease = lid(upper + 0.05 - 0.02 * browLower, -0.1).slice(1, -1);
  raster.fill(head.features(stroke(crease, taper(0.018))), blend(identity.skin, SHADE, 0.6), 0.55);
}

function drawIris(raster: Raster, head: Head, scene: Scene, [x, y]: Point, opening: ReturnType<Raster['mask']>): void {
  const { identity } = head;
  const radius = identity.eyeSize * 0.58;
  const centerX = x + scene.gazeX * 0.05;
  const centerY = y + scene.gazeY * 0.03;
  raster.fill(head.features(ellipse(centerX, centerY, radius, radius)), blend(identity.iris, PUPIL, 0.35), 1, opening);
  raster.fill(
    head.features(ellipse(centerX, centerY + 0.008, radius * 0.82, radius * 0.82)),
    identity.iris,
    1,
    opening,
  );
  raster.fill(head.features(ellipse(centerX, centerY, radius * 0.48, radius * 0.48, 14)), PUPIL, 1, opening);
  const spark = head.feature([centerX + scene.lightX * 0.03, centerY - 0.035]);
  const reach = 0.036 * head.unit;
  raster.glow({ x: spark[0], y: spark[1], radiusX: reach, radiusY: reach }, [1, 1, 1], 1, opening);
}

/** The soft shade around the eye, and the pouch that a tightened lid makes. */
function drawSocket(
  raster: Raster,
  head: Head,
  x: number,
  { lidTighten, cheekRaise, noseWrinkle }: FaceMovement,
): void {
  const shade = blend(head.identity.skin, SHADE, 0.5);
  const [left, top] = head.feature([x, EYE_HEIGHT - 0.03]);
  raster.glow({ x: left, y: top, radiusX: 0.27 * head.unit, radiusY: 0.19 * head.unit }, shade, 0.5);
  const pouch = 0.25 + 0.3 * Math.min(1, lidTighten + cheekRaise + noseWrinkle) + 0.2 * head.identity.age;
  const below = head.feature([x, EYE_HEIGHT + 0.11]);
  raster.glow({ x: below[0], y: below[1], radiusX: 0.17 * head.unit, radiusY: 0.05 * head.unit }, shade, pouch * 0.7);
}

export function drawBrows(raster: Raster, head: Head, movement: FaceMovement): void {
  const { identity } = head;
  const { innerBrowRaise, outerBrowRaise, browLower, noseWrinkle } = movement;
  const lowered = browLower + 0.5 * noseWrinkle;
  // A raised inner end resists being lowered: the two together make the slanted brows of grief and fear.
  const pulledDown = lowered * (1 - 0.55 * Math.min(1, innerBrowRaise));
  const inner = identity.browHeight + identity.browTilt - 0.22 * innerBrowRaise + 0.19 * pulledDown;
  const middle =
    identity.browHeight - identity.browArch - 0.12 * innerBrowRaise - 0.13 * outerBrowRaise + 0.12 * lowered;
  const outer =
    identity.browHeight - identity.browTilt + 0.03 - 0.22 * outerBrowRaise - 0.01 * lowered + 0.05 * innerBrowRaise;
  const start = 0.15 - 0.045 * Math.min(1.2, lowered);
  // Brows are darker than the hair of a fair person: they must stay readable against the skin.
  const color = blend(identity.hair, BROW, identity.hair[0] > 0.4 ? 0.55 : 0.2);
  for (const side of SIDES) {
    const line = smooth([
      [start * side, inner],
      [(start + 0.13) * side, (inner + middle) / 2 - 0.005],
      [(start + 0.27) * side, middle],
      [(start + 0.43) * side, outer],
    ]);
    const width = identity.browThickness;
    raster.fill(
      head.features(stroke(line, (share) => width * (0.75 + 0.45 * share - 0.95 * share ** 2.2))),
      color,
      0.95,
    );
  }
}
