import type { FaceBox, FacePrediction, Landmarks, MarkedFace, Point } from '#shared/prediction.ts';

/** A side or corner of a box that is pulled; `move` takes the whole of it. */
export type Handle = 'move' | 'nw' | 'ne' | 'sw' | 'se';
export const CORNERS = ['nw', 'ne', 'sw', 'se'] as const;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The smallest side a box can be given, pixels of the picture. */
const SMALLEST = 8;

/**
 * A box pulled by so many pixels of the picture, kept within it where it is moved; a corner never passes the opposite one.
 */
export function pulled(box: FaceBox, handle: Handle, by: Point, picture: Size): FaceBox {
  if (handle === 'move') {
    return {
      ...box,
      x: clamp(box.x + by.x, Math.min(0, box.x), Math.max(picture.width - box.width, box.x)),
      y: clamp(box.y + by.y, Math.min(0, box.y), Math.max(picture.height - box.height, box.y)),
    };
  }
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const left = handle.endsWith('w') ? clamp(box.x + by.x, Math.min(0, box.x), right - SMALLEST) : box.x;
  const top = handle.startsWith('n') ? clamp(box.y + by.y, Math.min(0, box.y), bottom - SMALLEST) : box.y;
  const newRight = handle.endsWith('e') ? clamp(right + by.x, left + SMALLEST, Math.max(picture.width, right)) : right;
  const newBottom = handle.startsWith('s')
    ? clamp(bottom + by.y, top + SMALLEST, Math.max(picture.height, bottom))
    : bottom;
  return { x: left, y: top, width: newRight - left, height: newBottom - top };
}

/** A box in the middle, for a picture in which none was found. */
export function middleBox({ width, height }: Size): FaceBox {
  const side = Math.min(width, height) * 0.6;
  return { x: (width - side) / 2, y: (height - side) / 2, width: side, height: side };
}

/** What is asked about instead, once a box of these faces was corrected. Whole pictures have no box to keep. */
export function markedFaces(faces: readonly FacePrediction[], corrected: number, box: FaceBox): MarkedFace[] {
  return faces.flatMap((face, index) => {
    if (index !== corrected) return face.origin === 'picture' ? [] : [{ box: face.box, landmarks: face.landmarks }];
    return [{ box, landmarks: landmarksWithin(face.landmarks, box) }];
  });
}

/** Landmarks turn a face upright; those of which an eye is outside the box belong to something else. */
export function landmarksWithin(landmarks: Landmarks | null, box: FaceBox): Landmarks | null {
  if (landmarks === null) return null;
  return [landmarks.leftEye, landmarks.rightEye].every((point) => isWithin(point, box)) ? landmarks : null;
}

function isWithin({ x, y }: Point, box: FaceBox): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}

const ORIGINS: Readonly<Record<FacePrediction['origin'], string>> = {
  detected: 'found',
  marked: 'marked by you',
  picture: 'the whole picture',
};

/** "Face 2 of 3, found, 98 % sure". */
export function faceTitle(faces: readonly FacePrediction[], index: number): string {
  const { origin, score } = faces[index]!;
  const name = faces.length === 1 ? 'Face' : `Face ${index + 1} of ${faces.length}`;
  return [name, ORIGINS[origin], ...(score === null ? [] : [`${Math.round(score * 100)} % sure`])].join(', ');
}
