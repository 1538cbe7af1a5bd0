import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '#main/imaging/image.ts';
import type { FaceDescription } from '#main/demo/draw-face.ts';
import { drawFace } from '#main/demo/draw-face.ts';
import { DEFAULT_DEMO_SIZES, describeFace, planDemo } from '#main/demo/plan.ts';

const plan = planDemo(11, DEFAULT_DEMO_SIZES);
const faces = [0, 700, 1800, 3000].map((number) => describeFace(11, plan[number]!));
const sha256 = ({ data }: RgbImage): string => createHash('sha256').update(data).digest('hex');

/** Mean brightness, 0 … 255, over the columns between two shares of the width. */
function brightness({ width, data }: RgbImage, from = 0, to = 1): number {
  const values = data.filter((_, index) => {
    const share = (Math.floor(index / 3) % width) / width;
    return share >= from && share < to;
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function plainScene(face: FaceDescription): FaceDescription {
  const quiet = { backdrop: 'plain', yaw: 0, pitch: 0, roll: 0, noise: 0, blur: 0, lightStrength: 0 } as const;
  return { ...face, scene: { ...face.scene, ...quiet, centerX: 0.5, centerY: 0.5 } };
}

describe('drawFace', () => {
  it('draws the bytes it has always drawn; a change here needs a new drawing version', () => {
    expect(faces.map((face) => sha256(drawFace(face, 64)))).toMatchInlineSnapshot(`
      [
        "e5837ecc5e8051f16cc337b0c16f0aaebce5a4fe704a25e9fc5e082076688a84",
        "fa8ad3343422a008e713de7ffdb416bda263e4c01ad811a7ea9d2dc2831bf1e4",
        "9d595851a500716edebe2c8f1fbf08ac6513ba0aa77cab79efca00386dbba104",
        "ddc31e15236cc1dcba32a1a4f9fc4f598d41157352c1894aaf33f0b9acfbc5b2",
      ]
    `);
  });

  it('has the size asked for, and the same composition at any size', () => {
    const plain = plainScene(faces[0]!);
    const [small, large] = [drawFace(plain, 48), drawFace(plain, 192)];
    expect([large.width, large.height, large.data.length]).toEqual([192, 192, 192 * 192 * 3]);
    expect(Math.abs(brightness(small) - brightness(large))).toBeLessThan(2);
  });

  it('shows what the face does', () => {
    const calm = plainScene(faces[0]!);
    const shouting = { ...calm, movement: { ...calm.movement, jawDrop: 1, lipsPart: 1 } };
    const [before, after] = [drawFace(calm, 64), drawFace(shouting, 64)];
    const changed = before.data.reduce((count, value, index) => count + (value === after.data[index] ? 0 : 1), 0) / 3;
    // The open mouth and the lower chin, but nothing like the whole of the 4,096 pixels.
    expect(changed).toBeGreaterThan(100);
    expect(changed).toBeLessThan(1500);
  });

  it('is brighter on the side the light comes from', () => {
    const plain = plainScene(faces[0]!);
    const lit = (lightX: number): RgbImage =>
      drawFace({ ...plain, scene: { ...plain.scene, lightX, lightY: 0, lightStrength: 0.4 } }, 64);
    expect(brightness(lit(1), 0.5, 1)).toBeGreaterThan(brightness(lit(1), 0, 0.5) + 20);
    expect(brightness(lit(-1), 0, 0.5)).toBeGreaterThan(brightness(lit(-1), 0.5, 1) + 20);
  });

  it('adds grain of the deviation asked for', () => {
    const plain = plainScene(faces[0]!);
    const smooth = drawFace(plain, 64);
    const grainy = drawFace({ ...plain, scene: { ...plain.scene, noise: 0.04 } }, 64);
    const differences = Float64Array.from(smooth.data, (value, index) => grainy.data[index]! - value)
      // Where neither end of the scale cuts it off.
      .filter((_, index) => smooth.data[index]! > 50 && smooth.data[index]! < 205);
    const deviation = Math.sqrt(differences.reduce((sum, value) => sum + value ** 2, 0) / differences.length);
    expect(deviation / 255).toBeCloseTo(0.04, 2);
  });

  it('looks different where there are no labels: darker, from the same drawing', () => {
    const mean = (from: number): number => {
      const pictures = Array.from({ length: 120 }, (_, index) => drawFace(describeFace(11, plan[from + index]!), 32));
      return pictures.reduce((sum, picture) => sum + brightness(picture), 0) / pictures.length;
    };
    expect(mean(1550)).toBeGreaterThan(mean(2250) + 10);
  });
});
