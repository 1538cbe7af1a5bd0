import { expect, test } from 'vitest';
import type { ActivationMaps, FaceBox, FacePrediction, Landmarks } from '#shared/prediction.ts';
import { trainingConfigSchema } from '#shared/training.ts';
import { cameraError } from '../../../src/renderer/views/predict/camera-errors.ts';
import {
  faceTitle,
  landmarksWithin,
  markedFaces,
  middleBox,
  pulled,
} from '../../../src/renderer/views/predict/faces.ts';
import { HEAT_SIDE, enlarged, heatColor, heatPixels } from '../../../src/renderer/views/predict/heat.ts';
import { leadingFirst, networksOfRun } from '../../../src/renderer/views/predict/networks.ts';
import { type ShelvedPicture, stillUseful } from '../../../src/renderer/views/predict/picture-shelf.ts';
import { predictSearchSchema } from '../../../src/renderer/views/predict/search.ts';

const picture = { width: 200, height: 100 };
const box: FaceBox = { x: 50, y: 20, width: 40, height: 40 };

test('a box that is moved stays in the picture, and keeps its size', () => {
  expect(pulled(box, 'move', { x: 10, y: 5 }, picture)).toEqual({ x: 60, y: 25, width: 40, height: 40 });
  expect(pulled(box, 'move', { x: 500, y: -500 }, picture)).toEqual({ x: 160, y: 0, width: 40, height: 40 });
});

test('a box that leaves the picture, as a detector may say, is not pushed back by a touch', () => {
  const outside = { x: -10, y: 70, width: 40, height: 40 };
  expect(pulled(outside, 'move', { x: 0, y: 0 }, picture)).toEqual(outside);
});

test('a corner moves its two sides alone, and never passes the other', () => {
  expect(pulled(box, 'se', { x: 10, y: -4 }, picture)).toEqual({ x: 50, y: 20, width: 50, height: 36 });
  expect(pulled(box, 'nw', { x: 10, y: -4 }, picture)).toEqual({ x: 60, y: 16, width: 30, height: 44 });
  expect(pulled(box, 'ne', { x: -500, y: 0 }, picture)).toEqual({ x: 50, y: 20, width: 8, height: 40 });
  expect(pulled(box, 'sw', { x: -500, y: 500 }, picture)).toEqual({ x: 0, y: 20, width: 90, height: 80 });
});

test('a box is offered in the middle where no face was found', () => {
  expect(middleBox(picture)).toEqual({ x: 70, y: 20, width: 60, height: 60 });
});

const point = { x: 0, y: 0 };
const landmarks: Landmarks = {
  rightEye: { x: 60, y: 30 },
  leftEye: { x: 80, y: 30 },
  nose: point,
  mouth: point,
  rightEar: point,
  leftEar: point,
};

test('landmarks go with a box that holds both eyes', () => {
  expect(landmarksWithin(landmarks, box)).toBe(landmarks);
  expect(landmarksWithin(landmarks, { ...box, x: 70 })).toBeNull();
  expect(landmarksWithin(null, box)).toBeNull();
});

function face(part: Partial<FacePrediction>): FacePrediction {
  const said = { class: 'happy', probability: 1, probabilities: { happy: 1 }, networks: [] };
  return { box, origin: 'detected', score: 0.98, landmarks, crop: null, ...said, ...part };
}

test('the other faces are asked about again as they were, a whole picture is not', () => {
  const other = { x: 0, y: 0, width: 30, height: 30 };
  expect(markedFaces([face({}), face({ box: other, landmarks: null })], 1, { ...other, x: 5 })).toEqual([
    { box, landmarks },
    { box: { ...other, x: 5 }, landmarks: null },
  ]);
  expect(markedFaces([face({ origin: 'picture' }), face({})], 1, box)).toHaveLength(1);
});

test('a face is named by its number among several and by how it was found', () => {
  expect(faceTitle([face({})], 0)).toBe('Face, found, 98 % sure');
  expect(faceTitle([face({}), face({ origin: 'marked', score: null })], 1)).toBe('Face 2 of 2, marked by you');
});

test('a map is enlarged in straight lines between the middles of its places', () => {
  expect([...enlarged([0, 4], 2, 1, 4).slice(0, 4)]).toEqual([0, 1, 3, 4]);
  expect([...enlarged([5], 1, 1, 2)]).toEqual([5, 5, 5, 5]);
});

test('heat is brighter and less transparent the higher it is', () => {
  const [low, high] = [heatColor(0), heatColor(1)];
  expect(low[3]).toBeLessThan(high[3]);
  expect(low[0] + low[1] + low[2]).toBeLessThan(high[0] + high[1] + high[2]);
  expect(heatColor(7)).toEqual(high);
});

test('a network that looked nowhere for a class has no heat', () => {
  const over = { x: 0, y: 0, side: 1, degrees: 0 };
  const maps: ActivationMaps = { width: 1, height: 2, byClass: { happy: [0, 2], sad: [0, 0] }, over };
  expect(heatPixels(maps, 'sad')).toBeNull();
  expect(heatPixels(maps, 'fear')).toBeNull();
  const pixels = heatPixels(maps, 'happy')!;
  expect([...pixels.slice(0, 4)]).toEqual(heatColor(0));
  expect([...pixels.slice(4 * HEAT_SIDE * (HEAT_SIDE - 1)).slice(0, 4)]).toEqual(heatColor(1));
});

test('a run is asked for the networks it trains: the baselines have no base, an average there is only with a decay', () => {
  const run = (config: object, evaluations: { network: 'finetuned' }[] = []) => ({
    config: trainingConfigSchema.parse(config),
    evaluations,
  });
  expect(networksOfRun(run({}))).toEqual(['base', 'adaptation']);
  expect(networksOfRun(run({ method: 'supervised' }))).toEqual(['adaptation']);
  expect(networksOfRun(run({ ema: 0.99 }, [{ network: 'finetuned' }]))).toEqual([
    'base',
    'adaptation',
    'ema',
    'finetuned',
  ]);
});

test('the network that leads stands in front; one that the run has not is asked alone', () => {
  expect(leadingFirst(['base', 'adaptation'], 'adaptation')).toEqual(['adaptation', 'base']);
  expect(leadingFirst(['base', 'adaptation'], undefined)).toEqual(['base', 'adaptation']);
  expect(leadingFirst(['base', 'adaptation'], 'ema')).toEqual(['ema']);
});

test('pictures are kept each once, the newest first, and files no longer than the host keeps them', () => {
  const day = 24 * 3_600_000;
  const shelved = (key: string, at: number, isFile: boolean): ShelvedPicture => ({
    key,
    picture: isFile ? { upload: key } : { image: 1 },
    title: key,
    file: isFile ? new Blob() : null,
    at,
  });
  const pictures = [
    shelved('old', 0, true),
    shelved('face 1', 0, false),
    shelved('new', day, true),
    shelved('new', 1, true),
  ];
  expect(stillUseful(pictures, day + 1).map(({ key, at }) => [key, at])).toEqual([
    ['new', day],
    ['face 1', 0],
  ]);
  const many = Array.from({ length: 40 }, (_, index) => shelved(`${index}`, index, false));
  expect(stillUseful(many, day)).toHaveLength(24);
});

test('what a camera refuses is told with what to do', () => {
  expect(cameraError('NotAllowedError').message).toBe('The camera was not allowed for this window.');
  expect(cameraError('NotFoundError').message).toBe('No camera was found on this machine.');
  expect(cameraError('NotReadableError').message).toContain('another program');
  expect(cameraError('OddError').message).toContain('OddError');
});

test('an address keeps what is valid and drops the rest', () => {
  expect(
    predictSearchSchema.parse({ run: 12, face: -3, network: 'teacher', look: 'picture', upload: '../etc' }),
  ).toEqual({
    run: '12',
    look: 'picture',
  });
});
