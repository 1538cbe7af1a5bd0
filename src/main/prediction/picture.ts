import type { ImageReference } from '#shared/images.ts';
import type { FaceBox, FaceCrop, FACE_ORIGINS, Landmarks, MarkedFace } from '#shared/prediction.ts';
import { decodeImage } from '../imaging/decode.ts';
import { adjustColor } from '../imaging/enhance.ts';
import { centerCropOffset } from '../imaging/geometry.ts';
import { CHANNELS, type RgbImage } from '../imaging/image.ts';
import { normalizeInto } from '../imaging/normalize.ts';
import { resizeShorterSideAndCrop, sizeWithShorterSide } from '../imaging/resize.ts';
import { shorterSideOf } from '../imaging/views.ts';
import type { TrainedNetwork } from '../training/trained-network.ts';
import { cropOf, cutOut, type Framing } from './face-crop.ts';
import type { FaceDetector } from './face-detector.ts';

/** A picture to predict, and how. */
export interface PictureQuestion {
  readonly reference: ImageReference;
  /** Turn it as its EXIF orientation says: for photographs. Pictures of the catalog are taken as training takes them. */
  readonly applyOrientation: boolean;
  /** Look for faces; or take the whole picture as one; or these. */
  readonly faces: 'detect' | 'picture' | readonly MarkedFace[];
  /** Prepare faces as the released notebook: resized to what the network sees, without the margin that evaluation cuts away. */
  readonly notebook: boolean;
}

/** A face in a picture. */
export interface SeenFace {
  readonly origin: (typeof FACE_ORIGINS)[number];
  readonly box: FaceBox;
  readonly score: number | null;
  readonly landmarks: Landmarks | null;
  /** Null for the whole picture. */
  readonly crop: FaceCrop | null;
}

/** @throws StudioError when the picture cannot be read, naming it and why. */
export function readPicture({ reference, applyOrientation }: PictureQuestion): Promise<RgbImage> {
  return decodeImage(reference, { applyOrientation });
}

/** What faces are found and cut out with. */
export interface Looking {
  readonly detector: FaceDetector;
  readonly framing: Framing;
}

/** The faces of a picture, the largest first; the whole picture where none is looked for, or none found. */
export async function facesOf(
  image: RgbImage,
  faces: PictureQuestion['faces'],
  looking: Looking | null,
): Promise<SeenFace[]> {
  if (faces !== 'picture') {
    if (looking === null) throw new Error('Faces are to be found, and nothing was given to find them with.');
    const { detector, framing } = looking;
    if (faces !== 'detect') {
      return faces.map((face) => ({ ...face, origin: 'marked', score: null, crop: cropOf(face, framing) }));
    }
    const found = await detector.detect(image);
    if (found.length > 0) return found.map((face) => ({ ...face, origin: 'detected', crop: cropOf(face, framing) }));
  }
  const { width, height } = image;
  return [{ origin: 'picture', box: { x: 0, y: 0, width, height }, score: null, landmarks: null, crop: null }];
}

/** The picture of one face, as data sets of faces hold it. */
export function faceImage(image: RgbImage, { crop }: SeenFace): RgbImage {
  return crop === null ? image : cutOut(image, crop);
}

/** How a network's pictures are prepared. */
export type NetworkView = TrainedNetwork['view'];

/** A face as a network sees it: [1, imageSize, imageSize, 3], normalised; as for evaluation, or as in the released notebook. */
export function networkInput(face: RgbImage, view: NetworkView, notebook: boolean): Float32Array {
  const { imageSize } = view;
  const shorterSide = shorterSideFor(view, notebook);
  const { width, height } = sizeWithShorterSide(face.width, face.height, shorterSide);
  const colored = view.grayscale === true ? adjustColor(face, 0) : face;
  const values = new Float32Array(imageSize * imageSize * CHANNELS);
  const centre = { top: centerCropOffset(height, imageSize), left: centerCropOffset(width, imageSize) };
  normalizeInto(
    resizeShorterSideAndCrop(colored, shorterSide, { ...centre, size: imageSize, mirrored: false }),
    values,
    0,
  );
  return values;
}

/** The square of the picture that {@link networkInput} shows. */
export function shownSquare({ box, crop }: SeenFace, view: NetworkView, notebook: boolean): FaceCrop {
  const share = view.imageSize / shorterSideFor(view, notebook);
  if (crop !== null) return { ...crop, side: crop.side * share };
  const side = Math.min(box.width, box.height) * share;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, side, degrees: 0 };
}

function shorterSideFor(view: NetworkView, notebook: boolean): number {
  return notebook ? view.imageSize : shorterSideOf(view);
}
