import type { FaceMovement } from './action-units.ts';
import type { Curve, Point } from './curves.ts';
import { ellipse, mirrored, smooth, stroke, taper } from './curves.ts';
import { EYE_HEIGHT } from './draw-eyes.ts';
import type { Head } from './head.ts';
import { blend } from './identity.ts';
import type { Color, Raster } from './raster.ts';
import { RandomStream } from '#shared/random.ts';

const SHADE: Color = [0.32, 0.1, 0.08];
const NOSE_LIFT = 0.14;

/** Nose, with the wrinkles and flared wings of disgust. */
export function drawNose(raster: Raster, head: Head, { noseWrinkle, upperLipRaise }: FaceMovement): void {
  const { identity } = head;
  const lifted = 0.05 * noseWrinkle + 0.02 * upperLipRaise;
  const tip = identity.noseLength - lifted * 0.6;
  const width = identity.noseWidth * (1 + 0.14 * noseWrinkle + 0.08 * upperLipRaise);
  const shade = blend(identity.skin, SHADE, 0.5);
  const light = blend(identity.skin, [1, 1, 1], 0.4);
  const [x, y] = head.feature([0, tip + 0.03], NOSE_LIFT);
  raster.glow({ x, y, radiusX: 0.2 * head.unit, radiusY: 0.1 * head.unit }, shade, 0.55);
  const side = smooth([
    [0.07, EYE_HEIGHT + 0.02],
    [0.05, tip * 0.4],
    [0.075, tip - 0.09],
  ]);
  raster.fill(head.features(stroke(side, taper(0.04, 0.1)), NOSE_LIFT * 0.6), shade, 0.5);
  const wing: Curve = smooth([
    [width * 0.82, tip - 0.09],
    [width, tip - 0.02 - lifted * 0.5],
    [width * 0.8, tip + 0.025],
    [width * 0.45, tip + 0.005],
  ]);
  for (const line of [wing, mirrored(wing)])
    raster.fill(head.features(stroke(line, taper(0.026)), NOSE_LIFT * 0.7), shade, 0.75);
  for (const nostril of [-1, 1]) {
    raster.fill(head.features(ellipse(nostril * width * 0.42, tip + 0.018, 0.036, 0.018, 10), NOSE_LIFT), SHADE, 0.65);
  }
  const gleam = head.feature([0, tip - 0.06], NOSE_LIFT + 0.05);
  raster.glow({ x: gleam[0], y: gleam[1], radiusX: 0.06 * head.unit, radiusY: 0.07 * head.unit }, light, 0.55);
  const bridge = head.feature([0, tip - 0.22], NOSE_LIFT);
  raster.glow({ x: bridge[0], y: bridge[1], radiusX: 0.04 * head.unit, radiusY: 0.16 * head.unit }, light, 0.35);
  drawNoseWrinkles(raster, head, noseWrinkle, shade);
}

function drawNoseWrinkles(raster: Raster, head: Head, noseWrinkle: number, shade: Color): void {
  for (const [offset, reach] of [
    [-0.1, 0.09],
    [-0.04, 0.1],
    [0.02, 0.085],
  ] as const) {
    const line = smooth([
      [-reach, EYE_HEIGHT + offset - 0.025],
      [0, EYE_HEIGHT + offset + 0.02],
      [reach, EYE_HEIGHT + offset - 0.025],
    ]);
    raster.fill(head.features(stroke(line, taper(0.024)), 0.08), shade, 0.9 * Math.min(1, noseWrinkle));
  }
}

/** Folds, furrows and cheeks: what the movements do to the skin around the features. */
export function drawSkin(raster: Raster, head: Head, movement: FaceMovement): void {
  const { identity } = head;
  const shade = blend(identity.skin, SHADE, 0.48);
  const {
    cheekRaise,
    cornerPull,
    noseWrinkle,
    upperLipRaise,
    browLower,
    innerBrowRaise,
    outerBrowRaise,
    cornerDepress,
  } = movement;
  drawCheeks(raster, head, movement);

  const folded = Math.min(
    1,
    0.15 * identity.age + 0.55 * cornerPull + 0.5 * noseWrinkle + 0.5 * upperLipRaise + 0.15 * cornerDepress,
  );
  const outward = 0.07 * cornerPull - 0.02 * upperLipRaise;
  const fold = smooth([
    [identity.noseWidth + 0.05, identity.noseLength - 0.06 - 0.03 * noseWrinkle],
    [identity.noseWidth + 0.13 + outward, identity.noseLength + 0.1],
    [identity.noseWidth + 0.15 + outward * 1.4, identity.noseLength + 0.26],
  ]);
  drawPair(raster, head, fold, 0.035, shade, folded);

  const frown = smooth([
    [0.05, EYE_HEIGHT - 0.26],
    [0.04, EYE_HEIGHT - 0.2],
    [0.055, EYE_HEIGHT - 0.12],
  ]);
  drawPair(raster, head, frown, 0.026, shade, 0.9 * Math.min(1, Math.max(0, browLower - 0.4 * innerBrowRaise)));

  const lifted = Math.min(1, innerBrowRaise * 0.6 + outerBrowRaise * 0.6) * (0.35 + 0.5 * identity.age);
  for (const height of [-0.66, -0.58]) {
    const reach = 0.16 + 0.16 * outerBrowRaise;
    const line = smooth([
      [-reach, height + 0.02],
      [0, height],
      [reach, height + 0.02],
    ]);
    raster.fill(head.features(stroke(line, taper(0.022))), shade, lifted);
  }

  const crow: Curve = smooth([
    [identity.eyeDistance + identity.eyeSize + 0.03, EYE_HEIGHT + 0.03],
    [identity.eyeDistance + identity.eyeSize + 0.09, EYE_HEIGHT + 0.07],
  ]);
  drawPair(raster, head, crow, 0.02, shade, 0.7 * Math.min(1, cheekRaise) * (0.4 + 0.6 * identity.age));
}

function drawCheeks(raster: Raster, head: Head, { cheekRaise, cornerPull }: FaceMovement): void {
  const { identity } = head;
  const raised = Math.min(1, 0.6 * cheekRaise + 0.4 * cornerPull);
  const blush = blend(identity.skin, [0.92, 0.36, 0.34], 0.35);
  const light = blend(identity.skin, [1, 1, 1], 0.3);
  for (const side of [-1, 1]) {
    const [x, y] = head.feature([side * 0.46, 0.19 - 0.05 * raised]);
    raster.glow({ x, y, radiusX: 0.24 * head.unit, radiusY: 0.18 * head.unit }, blush, 0.5 + 0.25 * raised);
    const top = head.feature([side * 0.43, 0.1 - 0.03 * raised]);
    raster.glow(
      { x: top[0], y: top[1], radiusX: 0.14 * head.unit, radiusY: 0.08 * head.unit },
      light,
      0.2 + 0.4 * raised,
    );
  }
}

function drawPair(raster: Raster, head: Head, line: Curve, width: number, color: Color, opacity: number): void {
  if (opacity < 0.04) return;
  for (const curve of [line, mirrored(line)])
    raster.fill(head.features(stroke(curve, taper(width, 0.15))), color, opacity);
}

export function drawFreckles(raster: Raster, head: Head): void {
  const { identity } = head;
  if (identity.freckles === 0) return;
  const stream = new RandomStream(identity.seed, 'demo');
  const color = blend(identity.skin, [0.5, 0.22, 0.1], 0.5);
  for (let count = Math.round(26 * identity.freckles); count > 0; count--) {
    const spot: Point = [stream.between(-0.48, 0.48), stream.between(0, 0.26)];
    const [x, y] = head.feature(spot, 0.04);
    const radius = 0.018 * head.unit * stream.between(0.8, 1.5);
    raster.glow({ x, y, radiusX: radius, radiusY: radius }, color, 0.8);
  }
}
