import { drawFace, type FaceDescription } from '#main/demo/draw-face.ts';
import { DEFAULT_DEMO_SIZES, describeFace, planDemo } from '#main/demo/plan.ts';
import { blackImage, CHANNELS, type RgbImage } from '#main/imaging/image.ts';

const plan = planDemo(11, DEFAULT_DEMO_SIZES);

/** A drawn face that looks into the camera, in the middle of the picture. */
export function drawnFace(size: number): RgbImage {
  const face: FaceDescription = describeFace(11, plan[0]!);
  const scene = {
    backdrop: 'plain',
    yaw: 0,
    pitch: 0,
    roll: 0,
    noise: 0,
    blur: 0,
    centerX: 0.5,
    centerY: 0.5,
  } as const;
  return drawFace({ ...face, scene: { ...face.scene, ...scene } }, size);
}

/** A grey picture with others in it. */
export function placed(
  width: number,
  height: number,
  ...images: readonly (readonly [RgbImage, number, number])[]
): RgbImage {
  const whole = blackImage(width, height);
  whole.data.fill(128);
  for (const [image, left, top] of images) {
    for (let row = 0; row < image.height; row++) {
      const pixels = image.data.subarray(row * image.width * CHANNELS, (row + 1) * image.width * CHANNELS);
      whole.data.set(pixels, ((top + row) * width + left) * CHANNELS);
    }
  }
  return whole;
}
