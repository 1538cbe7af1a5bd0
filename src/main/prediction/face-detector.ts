import type { FaceBox, Landmarks, Point } from '#shared/prediction.ts';
import { crop, type Rectangle } from '../imaging/geometry.ts';
import { CHANNELS, type RgbImage } from '../imaging/image.ts';
import { resizeTo } from '../imaging/resize.ts';
import type { StepExecutor } from '../training/executor.ts';
import { type AnchoredFace, anchoredFaces, DETECTOR_SIDE, detectorStep } from './blazeface.ts';

/** A face that was found, in pixels of the picture. */
export interface DetectedFace {
  readonly box: FaceBox;
  readonly landmarks: Landmarks;
  /** 0 … 1. */
  readonly score: number;
}

export interface FaceDetector {
  /** The faces of a picture, the largest first. None where there is none to be sure of. */
  detect(image: RgbImage): Promise<DetectedFace[]>;
}

const LEAST_SCORE = 0.5;
/** Two boxes that share this much of the smaller one are of the same face. */
const SHARED_AREA = 0.5;
/** In a picture with no face larger than this share of it, faces may be too small for the detector: it is looked at again in parts. */
const SMALL_FACE = 1 / 5;
/** A picture smaller than this shows no more in parts than as a whole. */
const SIDE_WORTH_PARTS = 1.5 * DETECTOR_SIDE;

/** @throws StudioError 'unavailable' as {@link detectorStep}. */
export async function createFaceDetector(executor: StepExecutor): Promise<FaceDetector> {
  const runner = executor.prepare(await detectorStep());
  const look = async (image: RgbImage, square: Square): Promise<DetectedFace[]> => {
    const outputs = await runner.run({ images: detectorInput(image, square) });
    return anchoredFaces(outputs, LEAST_SCORE).map((face) => inPicture(face, square));
  };
  return {
    async detect(image) {
      const side = Math.max(image.width, image.height);
      const found = await look(image, wholePicture(image));
      const largest = Math.max(0, ...found.map(({ box }) => box.width));
      if (side > SIDE_WORTH_PARTS && largest < side * SMALL_FACE) {
        for (const part of overlappingParts(image)) found.push(...(await look(image, part)));
      }
      return distinctFaces(found).toSorted((a, b) => areaOf(b.box) - areaOf(a.box));
    },
  };
}

/** A square of the picture, which may leave it. Pixels. */
interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

function wholePicture({ width, height }: RgbImage): Square {
  const side = Math.max(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}

/** Squares of half the longer side, each overlapping the next by half. */
function overlappingParts({ width, height }: RgbImage): Square[] {
  const side = Math.ceil(Math.max(width, height) / 2);
  const startsAlong = (length: number): number[] => {
    if (length <= side) return [Math.floor((length - side) / 2)];
    const steps = Math.ceil((2 * (length - side)) / side);
    return Array.from({ length: steps + 1 }, (_, step) => Math.round(((length - side) * step) / steps));
  };
  return startsAlong(height).flatMap((top) => startsAlong(width).map((left) => ({ left, top, side })));
}

/** A square as the detector sees it, values in [-1, 1]; black where it leaves the picture. */
function detectorInput(image: RgbImage, { left, top, side }: Square): Float32Array {
  const inside: Rectangle = {
    left: Math.max(0, left),
    top: Math.max(0, top),
    width: Math.min(image.width, left + side) - Math.max(0, left),
    height: Math.min(image.height, top + side) - Math.max(0, top),
  };
  const isWhole = inside.width === image.width && inside.height === image.height;
  const scale = DETECTOR_SIDE / side;
  const resized = resizeTo(
    isWhole ? image : crop(image, inside),
    Math.max(1, Math.round(inside.width * scale)),
    Math.max(1, Math.round(inside.height * scale)),
  );
  const seen = crop(resized, {
    left: Math.round((left - inside.left) * scale),
    top: Math.round((top - inside.top) * scale),
    width: DETECTOR_SIDE,
    height: DETECTOR_SIDE,
  });
  const values = new Float32Array(DETECTOR_SIDE * DETECTOR_SIDE * CHANNELS);
  for (let index = 0; index < values.length; index++) values[index] = seen.data[index]! / 127.5 - 1;
  return values;
}

function inPicture({ box, landmarks, score }: AnchoredFace, { left, top, side }: Square): DetectedFace {
  const scale = side / DETECTOR_SIDE;
  const moved = ({ x, y }: Point): Point => ({ x: left + x * scale, y: top + y * scale });
  return {
    box: { ...moved(box), width: box.width * scale, height: box.height * scale },
    landmarks: Object.fromEntries(Object.entries(landmarks).map(([name, point]) => [name, moved(point)])) as Landmarks,
    score,
  };
}

/** The surest of all that were found of the same face. */
function distinctFaces(faces: readonly DetectedFace[]): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const face of faces.toSorted((a, b) => b.score - a.score)) {
    const isKnown = kept.some(({ box }) => sharedArea(box, face.box) > SHARED_AREA);
    if (!isKnown) kept.push(face);
  }
  return kept;
}

function sharedArea(one: FaceBox, other: FaceBox): number {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return width <= 0 || height <= 0 ? 0 : (width * height) / Math.min(areaOf(one), areaOf(other));
}

function areaOf({ width, height }: FaceBox): number {
  return width * height;
}
