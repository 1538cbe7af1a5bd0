import type { FaceBox, FaceCrop, Landmarks } from '#shared/prediction.ts';
import { crop } from '../imaging/geometry.ts';
import { blackImage, CHANNELS, type RgbImage } from '../imaging/image.ts';
import { resizeTo } from '../imaging/resize.ts';

/** How a face lies in the pictures a network learned from. Shares of the square in the middle that it is shown. */
export interface Framing {
  /** Side of the detector's box. */
  readonly faceSide: number;
  /** Middle of that box. */
  readonly x: number;
  readonly y: number;
  /** The pictures were turned so that the eyes are level. */
  readonly upright: boolean;
}

/** Where the pictures a network learned from are not known: as in FER2013, and with the eyes level. */
export const USUAL_FRAMING: Framing = { faceSide: 0.67, x: 0.5, y: 0.54, upright: true };

/** The square to cut out, so that the face lies in it as in the pictures of the framing. */
export function cropOf(
  { box, landmarks }: { readonly box: FaceBox; readonly landmarks: Landmarks | null },
  framing: Framing,
): FaceCrop {
  const degrees = framing.upright && landmarks !== null ? rollOf(landmarks) : 0;
  const side = Math.max(box.width, box.height) / framing.faceSide;
  const across = (0.5 - framing.x) * side;
  const down = (0.5 - framing.y) * side;
  const { cosine, sine } = turn(degrees);
  return {
    x: box.x + box.width / 2 + cosine * across - sine * down,
    y: box.y + box.height / 2 + sine * across + cosine * down,
    side,
    degrees,
  };
}

/** How far a face is turned in the picture, clockwise: the line through the eyes. */
export function rollOf({ rightEye, leftEye }: Landmarks): number {
  return (Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x) * 180) / Math.PI;
}

/** Side from which a turned square is made smaller before it is turned: no network sees more. Pixels. */
const LARGEST_TURNED_SIDE = 512;

/** The square, upright; black where it leaves the picture. Bilinear where it is turned. */
export function cutOut(image: RgbImage, { x, y, side, degrees }: FaceCrop): RgbImage {
  if (degrees === 0) {
    const pixels = Math.max(1, Math.round(side));
    return crop(image, {
      left: Math.round(x - side / 2),
      top: Math.round(y - side / 2),
      width: pixels,
      height: pixels,
    });
  }
  const { cosine, sine } = turn(degrees);
  const reach = Math.ceil((side / 2) * (Math.abs(cosine) + Math.abs(sine))) + 1;
  const left = Math.floor(x) - reach;
  const top = Math.floor(y) - reach;
  const around = crop(image, { left, top, width: 2 * reach + 1, height: 2 * reach + 1 });
  const pixels = Math.max(1, Math.round(Math.min(side, LARGEST_TURNED_SIDE)));
  const scale = pixels / side;
  const shrunk = Math.max(1, Math.round(around.width * Math.min(1, scale)));
  const source = resizeTo(around, shrunk, shrunk);
  const perPixel = source.width / around.width;
  return turned(source, {
    x: (x - left) * perPixel,
    y: (y - top) * perPixel,
    step: perPixel / scale,
    pixels,
    cosine,
    sine,
  });
}

interface Turning {
  /** The square's middle in the source, in pixels, those of a corner. */
  readonly x: number;
  readonly y: number;
  /** Source pixels for one of the result. */
  readonly step: number;
  readonly pixels: number;
  readonly cosine: number;
  readonly sine: number;
}

function turned(source: RgbImage, { x, y, step, pixels, cosine, sine }: Turning): RgbImage {
  const result = blackImage(pixels, pixels);
  const { width, height, data } = source;
  for (let row = 0; row < pixels; row++) {
    for (let column = 0; column < pixels; column++) {
      const across = (column + 0.5 - pixels / 2) * step;
      const down = (row + 0.5 - pixels / 2) * step;
      const sourceX = x + cosine * across - sine * down - 0.5;
      const sourceY = y + sine * across + cosine * down - 0.5;
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      if (left < 0 || top < 0 || left + 1 >= width || top + 1 >= height) continue;
      const shareRight = sourceX - left;
      const shareBelow = sourceY - top;
      const above = (top * width + left) * CHANNELS;
      const below = above + width * CHANNELS;
      const target = (row * pixels + column) * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const upper = data[above + channel]! * (1 - shareRight) + data[above + CHANNELS + channel]! * shareRight;
        const lower = data[below + channel]! * (1 - shareRight) + data[below + CHANNELS + channel]! * shareRight;
        result.data[target + channel] = Math.round(upper * (1 - shareBelow) + lower * shareBelow);
      }
    }
  }
  return result;
}

function turn(degrees: number): { cosine: number; sine: number } {
  const radians = (degrees * Math.PI) / 180;
  return { cosine: Math.cos(radians), sine: Math.sin(radians) };
}
