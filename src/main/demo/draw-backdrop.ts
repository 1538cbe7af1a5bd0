import { RandomStream } from '#shared/random.ts';
import { blend } from './identity.ts';
import type { Color, Raster } from './raster.ts';
import type { Scene } from './scene.ts';

/** What is behind the person. */
export function drawBackdrop(raster: Raster, scene: Scene): void {
  const { width, height } = raster;
  const [first, second] = scene.backdropColors;
  const stream = new RandomStream(scene.seed, 'demo');
  const rectangle = (x: number, y: number, across: number, down: number, color: Color, opacity = 1): void =>
    raster.fill(
      [x, y, x + across, y, x + across, y + down, x, y + down].map((place) => place * width),
      color,
      opacity,
    );
  rectangle(0, 0, 1, height / width, first);
  switch (scene.backdrop) {
    case 'plain':
      break;
    case 'gradient':
      raster.glow({ x: stream.uniform() * width, y: height * 0.3, radiusX: width, radiusY: height }, second, 0.9);
      break;
    case 'lights':
      for (let count = 9; count > 0; count--) {
        const radius = stream.between(0.08, 0.22) * width;
        const color = blend(second, [1, 0.92, 0.75], stream.uniform());
        raster.glow(
          { x: stream.uniform() * width, y: stream.uniform() * height, radiusX: radius, radiusY: radius },
          color,
          0.75,
        );
      }
      break;
    case 'stripes': {
      const step = stream.between(0.12, 0.3);
      for (let x = stream.between(-0.2, 0); x < 1; x += step) rectangle(x, 0, step / 2, 1, second, 0.7);
      break;
    }
    case 'window': {
      const left = stream.between(-0.1, 0.7);
      rectangle(left, 0.05, 0.42, 0.6, blend(second, [0.95, 0.97, 1], 0.7));
      rectangle(left + 0.2, 0.05, 0.02, 0.6, first);
      rectangle(left, 0.33, 0.42, 0.02, first);
      rectangle(0, 0.8, 1, 0.2, blend(second, [0.1, 0.08, 0.08], 0.5), 0.8);
      break;
    }
  }
}
