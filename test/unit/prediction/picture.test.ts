import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { adjustColor } from '#main/imaging/enhance.ts';
import { centerCrop } from '#main/imaging/geometry.ts';
import { normalizeInto } from '#main/imaging/normalize.ts';
import { resizeShorterSide } from '#main/imaging/resize.ts';
import { evaluationView } from '#main/imaging/views.ts';
import { faceImage, facesOf, networkInput, readPicture, type SeenFace, shownSquare } from '#main/prediction/picture.ts';
import { noise } from '../imaging/support.ts';

const view = { imageSize: 48, releaseCrop: false, released: false, grayscale: false };
const picture = noise(90, 70, 3);
const whole: SeenFace = {
  origin: 'picture',
  box: { x: 0, y: 0, width: 90, height: 70 },
  score: null,
  landmarks: null,
  crop: null,
};
const folder = mkdtempSync(join(tmpdir(), 'face2exp-picture-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('what a network is shown', () => {
  test('of a whole picture is what evaluation shows', async () => {
    expect(await facesOf(picture, 'picture', null)).toEqual([whole]);
    const expected = new Float32Array(48 * 48 * 3);
    evaluationView(picture, { ...view, randAugment: null }, expected, 0);
    expect(networkInput(faceImage(picture, whole), view, false)).toEqual(expected);
    // A shorter side of 55 before the crop of 48.
    expect(shownSquare(whole, view, false)).toEqual({ x: 45, y: 35, side: 70 * (48 / 55), degrees: 0 });
  });

  test('as in the notebook is the whole shorter side', () => {
    const expected = new Float32Array(48 * 48 * 3);
    normalizeInto(centerCrop(resizeShorterSide(picture, 48), 48), expected, 0);
    expect(networkInput(picture, view, true)).toEqual(expected);
    expect(shownSquare(whole, view, true)).toEqual({ x: 45, y: 35, side: 70, degrees: 0 });
  });

  test('is grey where the network learned from grey pictures', () => {
    const grey = networkInput(picture, { ...view, grayscale: true }, false);
    expect(grey).toEqual(networkInput(adjustColor(picture, 0), view, false));
    expect(grey).not.toEqual(networkInput(picture, view, false));
  });
});

test('a photograph is turned as its EXIF orientation says, a picture of the catalog is not', async () => {
  const path = join(folder, 'photo.jpg');
  const { width, height, data } = noise(40, 24);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(path);
  const question = { reference: { path, encoding: 'file' }, faces: 'picture', notebook: false } as const;
  expect(await readPicture({ ...question, applyOrientation: true })).toMatchObject({ width: 24, height: 40 });
  expect(await readPicture({ ...question, applyOrientation: false })).toMatchObject({ width: 40, height: 24 });
});
