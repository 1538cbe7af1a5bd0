import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rotate } from '#main/imaging/geometry.ts';
import { blackImage } from '#main/imaging/image.ts';
import { encodePng } from '#main/imaging/png.ts';
import { createFaceDetector, type DetectedFace, type FaceDetector } from '#main/prediction/face-detector.ts';
import { cropOf, rollOf, USUAL_FRAMING } from '#main/prediction/face-crop.ts';
import { framingOf, measureFraming } from '#main/prediction/framing.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { graphExecutor, type StepExecutor } from '#main/training/executor.ts';
import { drawnFace, placed } from './drawn-face.ts';

let executor: StepExecutor;
let detector: FaceDetector;
beforeAll(async () => {
  executor = graphExecutor((await loadTensorFlow()).library);
  detector = await createFaceDetector(executor);
});
const folder = mkdtempSync(join(tmpdir(), 'face2exp-detector-'));
afterAll(async () => {
  await executor.close();
  rmSync(folder, { recursive: true });
});

const middle = (box: { x: number; y: number; width: number; height: number }): [number, number] => [
  box.x + box.width / 2,
  box.y + box.height / 2,
];

describe('the face detector', () => {
  test('finds a face where it is, in pixels of the picture, whatever the picture’s shape', async () => {
    const face = drawnFace(192);
    const [alone] = await detector.detect(face);
    expect(alone!.score).toBeGreaterThan(0.7);
    for (const [width, height, left, top] of [
      [400, 260, 150, 40],
      [250, 420, 30, 200],
    ] as const) {
      const faces = await detector.detect(placed(width, height, [face, left, top]));
      expect(faces).toHaveLength(1);
      const [x, y] = middle(faces[0]!.box);
      const [aloneX, aloneY] = middle(alone!.box);
      expect(Math.abs(x - left - aloneX)).toBeLessThan(20);
      expect(Math.abs(y - top - aloneY)).toBeLessThan(20);
      expect(faces[0]!.box.width / alone!.box.width).toBeCloseTo(1, 0);
    }
  });

  test('tells right from left, and how far a face is turned', async () => {
    const [upright] = await detector.detect(drawnFace(192));
    const { rightEye, leftEye, nose, mouth } = upright!.landmarks;
    // The person's right eye is on the left of the picture.
    expect(rightEye.x).toBeLessThan(nose.x);
    expect(leftEye.x).toBeGreaterThan(nose.x);
    expect(mouth.y).toBeGreaterThan(nose.y);
    // Pillow's rotation is counter-clockwise for positive angles.
    const [clockwise] = await detector.detect(rotate(drawnFace(192), -20));
    const [counterClockwise] = await detector.detect(rotate(drawnFace(192), 20));
    expect(rollOf(clockwise!.landmarks)).toBeGreaterThan(5);
    expect(rollOf(counterClockwise!.landmarks)).toBeLessThan(-5);
  });

  test('finds a face that is small in a large picture, by looking at its parts', async () => {
    const faces = await detector.detect(placed(1600, 1200, [drawnFace(96), 1200, 500]));
    expect(faces).toHaveLength(1);
    const [x, y] = middle(faces[0]!.box);
    expect(Math.hypot(x - 1248, y - 548)).toBeLessThan(30);
  });

  test('finds several faces, each once, the largest first', async () => {
    const faces = await detector.detect(placed(640, 300, [drawnFace(128), 470, 120], [drawnFace(224), 60, 40]));
    expect(faces).toHaveLength(2);
    expect(faces[0]!.box.width).toBeGreaterThan(faces[1]!.box.width);
    expect(middle(faces[0]!.box)[0]).toBeLessThan(320);
    expect(middle(faces[1]!.box)[0]).toBeGreaterThan(320);
  });

  test('finds none where there is none, in a picture of one pixel too', async () => {
    const stripes = blackImage(300, 200);
    stripes.data.forEach((_, index) => (stripes.data[index] = Math.floor(index / 30) % 2 === 0 ? 40 : 200));
    expect(await detector.detect(stripes)).toEqual([]);
    expect(await detector.detect(blackImage(1, 1))).toEqual([]);
    expect(await detector.detect(blackImage(2000, 3))).toEqual([]);
  });

  test('a face is cut out as it lies in the pictures a network learned from', async () => {
    const [face] = await detector.detect(placed(500, 400, [drawnFace(192), 200, 100]));
    const framing = { faceSide: 0.5, x: 0.4, y: 0.6, upright: false };
    const crop = cropOf(face!, framing);
    expect(face!.box.width / crop.side).toBeCloseTo(0.5, 2);
    const [x, y] = middle(face!.box);
    expect((x - (crop.x - crop.side / 2)) / crop.side).toBeCloseTo(0.4, 5);
    expect((y - (crop.y - crop.side / 2)) / crop.side).toBeCloseTo(0.6, 5);
  });

  test('a run’s labeled pictures tell how faces lie in what it learned from, and are looked at once', async () => {
    const run = join(folder, 'run');
    mkdirSync(run);
    const path = join(run, 'face.png');
    writeFileSync(path, encodePng(placed(300, 300, [drawnFace(192), 100, 90])));
    const picture = { id: 1, label: 0, reference: { path, encoding: 'file' } };
    writeFileSync(join(run, 'manifest.json'), JSON.stringify({ labeled: [picture, picture] }));
    const cache = join(folder, 'cache');
    const framing = await framingOf(join(run, 'best'), { detector, cache });
    const [{ box }] = (await detector.detect(placed(300, 300, [drawnFace(192), 100, 90]))) as [DetectedFace];
    expect(framing.faceSide).toBeCloseTo(Math.max(box.width, box.height) / 300, 5);
    expect(framing.x).toBeCloseTo(middle(box)[0] / 300, 5);
    expect(framing.y).toBeCloseTo(middle(box)[1] / 300, 5);
    const [kept] = readdirSync(join(cache, 'framings'));
    expect(JSON.parse(readFileSync(join(cache, 'framings', kept!), 'utf8'))).toEqual(framing);
    expect(await framingOf(join(folder, 'no-run', 'best'), { detector, cache })).toEqual(USUAL_FRAMING);
  });

  test('pictures that cannot be read, or show no faces, leave the usual framing', async () => {
    expect(await measureFraming([{ path: '/nowhere/a.png', encoding: 'file' }], detector)).toEqual(USUAL_FRAMING);
    expect(await measureFraming([], detector)).toEqual(USUAL_FRAMING);
  });
});
