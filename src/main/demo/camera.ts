import { RandomStream } from '#shared/random.ts';
import type { Head } from './head.ts';
import type { Raster } from './raster.ts';
import type { Scene } from './scene.ts';

/** Turns the flat drawing into a picture taken somewhere: light from a side, a lens's blur, a sensor's colours and noise. */
export function photograph(raster: Raster, head: Head, scene: Scene): void {
  light(raster, head, scene);
  if (scene.blur > 0) blur(raster, scene.blur);
  develop(raster, scene);
}

/** Lambert-like shading of the head as a ball; what lies beside it gets the light of its rim. */
function light(raster: Raster, head: Head, { lightX, lightY, lightStrength, lightColor }: Scene): void {
  const { width, height, pixels } = raster;
  const [centerX, centerY] = head.rim([0, 0]);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = (column + 0.5 - centerX) / head.unit;
      const y = (row + 0.5 - centerY) / head.unit;
      const reach = 1 / Math.max(1, Math.sqrt(x * x + y * y));
      const side = (x * lightX - y * lightY) * reach;
      const amount = 1 + lightStrength * side;
      const at = (row * width + column) * 3;
      pixels[at]! *= amount * lightColor[0];
      pixels[at + 1]! *= amount * lightColor[1];
      pixels[at + 2]! *= amount * lightColor[2];
    }
  }
}

/** Mean of three pixels along rows, then along columns. @param amount how much of it: 0 leaves the picture sharp. */
function blur({ width, height, pixels }: Raster, amount: number): void {
  const side = amount / 3;
  const pass = (lines: number, lineStep: number, length: number, step: number): void => {
    for (let line = 0; line < lines; line++) {
      for (let channel = 0; channel < 3; channel++) {
        let at = line * lineStep + channel;
        let before = pixels[at]!;
        for (let index = 0; index < length; index++, at += step) {
          const here = pixels[at]!;
          const after = index + 1 < length ? pixels[at + step]! : here;
          pixels[at] = here + side * (before + after - 2 * here);
          before = here;
        }
      }
    }
  };
  pass(height, width * 3, width, 3);
  pass(width, 3, height, width * 3);
}

function develop({ pixels }: Raster, { exposure, contrast, saturation, noise, seed }: Scene): void {
  const stream = new RandomStream(seed, 'demo', 1);
  for (let at = 0; at < pixels.length; at += 3) {
    const grain = noise * grainOf(stream.next());
    const grey = 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
    for (let channel = at; channel < at + 3; channel++) {
      const colored = (grey + (pixels[channel]! - grey) * saturation) * exposure;
      pixels[channel] = 0.5 + (colored - 0.5) * contrast + grain;
    }
  }
}

/** A nearly normal number of deviation 1 from one word: the sum of its four bytes, because a true normal for each pixel would cost more than the drawing. */
function grainOf(word: number): number {
  const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
  // Four uniform bytes have mean 4·127.5 and variance 4·(256² - 1)/12.
  return (sum - 510) / 147.8;
}
