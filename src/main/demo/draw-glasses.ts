import type { Curve, Point } from './curves.ts';
import { ellipse, stroke } from './curves.ts';
import { EYE_HEIGHT } from './draw-eyes.ts';
import type { Head } from './head.ts';
import { blend } from './identity.ts';
import type { Color, Raster } from './raster.ts';

const WIRE = 0.034;
/** Half width and height of a lens, and how far the glasses stand out of the face. Head units. */
const LENS = [0.25, 0.21] as const;
const LIFT = 0.06;

export function drawGlasses(raster: Raster, head: Head): void {
  const { identity } = head;
  if (identity.glasses === 'none') return;
  const dark = identity.glasses === 'sun';
  const frame: Color = dark ? [0.06, 0.06, 0.08] : blend(identity.accessory, [0.05, 0.05, 0.06], 0.65);
  const wire = (line: Curve): void =>
    raster.fill(
      head.features(
        stroke(line, () => WIRE),
        LIFT,
      ),
      frame,
      0.95,
    );
  const [halfWidth, halfHeight] = LENS;
  const y = EYE_HEIGHT + 0.02;
  for (const side of [-1, 1]) {
    const x = side * identity.eyeDistance;
    // A superellipse: power 1 is round, a smaller one has corners.
    const power = identity.glasses === 'square' ? 0.45 : 1;
    const lens = ellipse(0, 0, 1, 1, 28).map(([across, down]): Point => [
      x + halfWidth * Math.sign(across) * Math.abs(across) ** power,
      y + halfHeight * Math.sign(down) * Math.abs(down) ** power,
    ]);
    if (dark) raster.fill(head.features(lens, LIFT), [0.1, 0.09, 0.11], 0.88);
    else raster.fill(head.features(lens, LIFT), [0.85, 0.93, 1], 0.1);
    wire([...lens, lens[0]!]);
    wire([
      [x + side * halfWidth, y - 0.03],
      [side * identity.faceWidth * 0.99, y - 0.05],
    ]);
  }
  const inner = identity.eyeDistance - halfWidth;
  wire([
    [-inner, y - 0.02],
    [0, y - 0.05],
    [inner, y - 0.02],
  ]);
}
