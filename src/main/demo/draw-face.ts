import type { RgbImage } from '#main/imaging/image.ts';
import type { FaceMovement } from './action-units.ts';
import { drawBackdrop } from './draw-backdrop.ts';
import { drawBrows, drawEyes, EYE_HEIGHT } from './draw-eyes.ts';
import { drawFreckles, drawNose, drawSkin } from './draw-features.ts';
import { drawBeard, drawHairBack, drawHairFront } from './draw-hair.ts';
import { drawGlasses } from './draw-glasses.ts';
import { drawMouth, jawLowering } from './draw-mouth.ts';
import type { Point } from './curves.ts';
import { ellipse } from './curves.ts';
import { Head, headOutline } from './head.ts';
import type { Identity } from './identity.ts';
import { blend } from './identity.ts';
import { photograph } from './camera.ts';
import type { Color } from './raster.ts';
import { Raster } from './raster.ts';
import type { Scene } from './scene.ts';

/** All that is in one picture: who, what the face does, and the circumstances. */
export interface FaceDescription {
  readonly identity: Identity;
  readonly movement: FaceMovement;
  readonly scene: Scene;
}

const SHADOW: Color = [0.25, 0.08, 0.1];

/** Draws a face. The same description gives the same bytes. @param size side of the square picture, pixels. */
export function drawFace({ identity, movement, scene }: FaceDescription, size: number): RgbImage {
  const raster = new Raster(size, size);
  const head = new Head(identity, scene, size);
  const drop = jawLowering(movement);
  drawBackdrop(raster, scene);
  drawHairBack(raster, head);
  drawBody(raster, head);
  drawEars(raster, head);
  raster.fill(head.rims(headOutline(identity, drop)), identity.skin);
  drawForeheadShade(raster, head);
  drawSkin(raster, head, movement);
  drawFreckles(raster, head);
  drawBeard(raster, head, drop);
  drawMouth(raster, head, movement);
  drawNose(raster, head, movement);
  drawEyes(raster, head, movement, scene);
  drawHairFront(raster, head);
  // Over the hair, as cartoonists do: brows raised under a fringe would say nothing.
  drawBrows(raster, head, movement);
  drawGlasses(raster, head);
  photograph(raster, head, scene);
  return raster.toImage();
}

function drawBody(raster: Raster, head: Head): void {
  const { identity } = head;
  const neck = identity.faceWidth * 0.52;
  const skin = blend(identity.skin, SHADOW, 0.22);
  raster.fill(
    head.bodies([
      [-neck, 0.5],
      [neck, 0.5],
      [neck * 1.05, 1.5],
      [-neck * 1.05, 1.5],
    ]),
    skin,
  );
  const [x, y] = head.body([0, 1.0]);
  raster.glow({ x, y, radiusX: neck * 1.4 * head.unit, radiusY: 0.3 * head.unit }, SHADOW, 0.45);
  const shoulders: Point[] = [
    [-neck * 1.15, 1.2],
    [-0.5, 1.32],
    [-1.15, 1.48],
    [-1.4, 2.4],
    [1.4, 2.4],
    [1.15, 1.48],
    [0.5, 1.32],
    [neck * 1.15, 1.2],
    [0.2, 1.42],
    [-0.2, 1.42],
  ];
  raster.fill(head.bodies(shoulders), identity.clothes);
}

function drawEars(raster: Raster, head: Head): void {
  const { identity } = head;
  if (identity.hairStyle === 'scarf') return;
  for (const side of [-1, 1]) {
    raster.fill(head.rims(ellipse(side * (identity.faceWidth + 0.02), EYE_HEIGHT + 0.16, 0.1, 0.19)), identity.skin);
    raster.fill(
      head.rims(ellipse(side * (identity.faceWidth + 0.03), EYE_HEIGHT + 0.17, 0.05, 0.11, 12)),
      blend(identity.skin, SHADOW, 0.4),
      0.7,
    );
  }
}

function drawForeheadShade(raster: Raster, head: Head): void {
  const { identity } = head;
  if (identity.hairStyle === 'bald') return;
  const [x, y] = head.rim([0, -0.72]);
  raster.glow({ x, y, radiusX: 0.75 * head.unit, radiusY: 0.28 * head.unit }, blend(identity.skin, SHADOW, 0.5), 0.4);
}
