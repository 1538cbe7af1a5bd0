import type { FaceBox } from '#shared/prediction.ts';

/** Pixels of the picture as the host sees it. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export const percent = (share: number): string => `${share * 100}%`;

/** Where a box lies over the picture, however large that is shown. */
export function placeOf({ x, y, width, height }: FaceBox, picture: PictureSize) {
  return {
    left: percent(x / picture.width),
    top: percent(y / picture.height),
    width: percent(width / picture.width),
    height: percent(height / picture.height),
  };
}
