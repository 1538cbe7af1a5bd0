import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type ImagePrediction, imagePredictionSchema } from '#shared/prediction.ts';
import { decodeImage } from '#main/imaging/decode.ts';
import { encodePng } from '#main/imaging/png.ts';
import { writeClassFolders } from '../fixtures/faces.ts';
import { drawnFace, placed } from '../unit/prediction/drawn-face.ts';
import { runCommand, runJson } from './command.ts';

/** `predict`, by real processes, with a small network that tells nothing apart and a detector that does. */

const RELEASED = join(import.meta.dirname, '..', 'goldens', 'checkpoints', 'released-zip.pth.tar');
const folder = mkdtempSync(join(tmpdir(), 'face2exp-predict-'));
const workspace = ['--workspace', join(folder, 'workspace')];
const model = ['--checkpoint', RELEASED, ...workspace];
/** Each command starts TensorFlow anew. */
const LIMIT = { timeout: 240_000 };
const photo = join(folder, 'photo.png');
const plain = join(folder, 'plain.png');

beforeAll(async () => {
  writeFileSync(photo, encodePng(placed(400, 260, [drawnFace(192), 150, 40])));
  writeFileSync(plain, encodePng(placed(80, 60)));
  await writeClassFolders(join(folder, 'labeled', 'train'), { perClass: 3, seed: 8 });
  await runJson('import', join(folder, 'labeled'), '--format', 'folder', '--source', 'faces', ...workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function predict(...parameters: string[]): Promise<ImagePrediction[]> {
  return z.array(imagePredictionSchema).parse(await runJson('predict', ...parameters, ...model));
}
const sumOf = (probabilities: Record<string, number>): number =>
  Object.values(probabilities).reduce((sum, probability) => sum + probability, 0);

test('a face is found, and networks are asked side by side where they looked', LIMIT, async () => {
  const sheet = join(folder, 'sheet.png');
  const [prediction] = await predict(
    ...[photo, '--detect', '--network', 'base', '--network', 'adaptation', '--explain', sheet],
  );
  expect(prediction).toMatchObject({ path: photo, width: 400, height: 260, network: 'base', notices: [] });
  const [face] = prediction!.faces;
  expect(face).toMatchObject({ origin: 'detected' });
  expect(Math.abs(face!.box.x + face!.box.width / 2 - 246)).toBeLessThan(25);
  expect(face!.landmarks!.rightEye.x).toBeLessThan(face!.landmarks!.leftEye.x);
  expect(face!.networks.map(({ network }) => network)).toEqual(['base', 'adaptation']);
  expect(face!.networks[0]).toMatchObject({ class: face!.class, probabilities: face!.probabilities });
  expect(face!.networks[1]!.probabilities).not.toEqual(face!.probabilities);
  for (const { probabilities, calibrated, maps, neighbors } of face!.networks) {
    expect(sumOf(probabilities)).toBeCloseTo(1, 6);
    expect({ calibrated, neighbors }).toEqual({ calibrated: null, neighbors: null });
    expect(Object.keys(maps!.byClass)).toEqual(Object.keys(probabilities));
    expect(maps!.byClass['sad']).toHaveLength(maps!.width * maps!.height);
  }
  // Two overlays in a row.
  const { width, height } = await decodeImage({ path: sheet, encoding: 'file' });
  expect(width).toBe(2 * height);
});

test('without a face the whole picture is taken, and says so', LIMIT, async () => {
  const [prediction] = await predict(plain, '--detect');
  expect(prediction!.notices).toEqual(['No face was found: the whole picture was taken as one.']);
  expect(prediction!.faces).toHaveLength(1);
  expect(prediction!.faces[0]).toMatchObject({
    origin: 'picture',
    crop: null,
    box: { x: 0, y: 0, width: 80, height: 60 },
  });
  const [unasked, evaluated] = await predict(plain, photo);
  expect(unasked!.notices).toEqual([]);
  expect(unasked!.faces).toEqual(prediction!.faces);
  const [notebook] = await predict(photo, '--notebook');
  expect(notebook!.faces[0]!.probabilities).not.toEqual(evaluated!.faces[0]!.probabilities);
});

test('a photograph that lies on its side is turned first', LIMIT, async () => {
  const turned = join(folder, 'turned.jpg');
  // Stored a quarter turn counter-clockwise, with the note to turn it back.
  await sharp(photo).rotate(-90).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toFile(turned);
  const [prediction] = await predict(turned, '--detect');
  expect(prediction).toMatchObject({ width: 400, height: 260 });
  expect(prediction!.faces[0]).toMatchObject({ origin: 'detected' });
});

test(
  'a folder is predicted picture by picture; a damaged one is told and does not stop the others',
  LIMIT,
  async () => {
    const pictures = join(folder, 'pictures');
    mkdirSync(join(pictures, 'more'), { recursive: true });
    copyFileSync(plain, join(pictures, 'a.png'));
    copyFileSync(photo, join(pictures, 'more', 'c.png'));
    writeFileSync(join(pictures, 'b.png'), Buffer.from(encodePng(placed(30, 30))).subarray(0, 90));
    const { code, stdout, stderr } = await runCommand('predict', pictures, '--json', ...model);
    expect(code).toBe(1);
    expect(stderr).toMatch(/b\.png/);
    const document = JSON.parse(stdout) as { path: string; faces: unknown[]; error?: { code: string } }[];
    expect(document.map(({ path }) => path)).toEqual(
      [['a.png'], ['b.png'], ['more', 'c.png']].map((names) => join(pictures, ...names)),
    );
    expect(document.map(({ faces }) => faces.length)).toEqual([1, 0, 1]);
    expect(document[1]!.error).toMatchObject({ code: 'corrupt' });
  },
);

test('the most alike labeled faces are found once their features are computed, and computed once', LIMIT, async () => {
  const class0 = join(folder, 'labeled', 'train', 'sad');
  const labeled = join(class0, readdirSync(class0)[0]!);
  const [prediction] = await predict(labeled, '--neighbors', 'train');
  const { neighbors } = prediction!.faces[0]!.networks[0]!;
  expect(neighbors).toHaveLength(8);
  expect(neighbors![0]).toMatchObject({ class: 'sad' });
  expect(neighbors![0]!.distance).toBeLessThan(1e-4);
  const features = join(folder, 'workspace', 'cache', 'features');
  const before = readdirSync(features, { recursive: true });
  await predict(labeled, '--neighbors', 'train');
  expect(readdirSync(features, { recursive: true })).toEqual(before);
});

test('a calibrated network tells its probabilities both ways', LIMIT, async () => {
  const network = join(folder, 'calibrated.pth.tar');
  copyFileSync(RELEASED, network);
  const scores = { nllBefore: 2, nllAfter: 1, eceBefore: 0.2, eceAfter: 0.1 };
  const fitted = { temperature: 3, network: 'base', step: 1200, split: 'validation', count: 70, ...scores };
  const networks = { base: { ...fitted, fittedAt: '2026-01-01T00:00:00.000Z' } };
  writeFileSync(`${network}.calibration.json`, JSON.stringify({ format: 1, networks }));
  const both = ['--network', 'base', '--network', 'adaptation'];
  const document = await runJson('predict', photo, '--checkpoint', network, ...both, ...workspace);
  const [base, adaptation] = z.array(imagePredictionSchema).parse(document)[0]!.faces[0]!.networks;
  expect(adaptation!.calibrated).toBeNull();
  expect(base!.calibrated).toMatchObject({ temperature: 3, split: 'validation' });
  const calibrated = base!.calibrated!.probabilities;
  expect(sumOf(calibrated)).toBeCloseTo(1, 9);
  // softmax(log p / 3): the odds of two classes are the cube root of what they were.
  const odds = (of: Record<string, number>): number => of['sad']! / of['happy']!;
  expect(odds(calibrated)).toBeCloseTo(Math.cbrt(odds(base!.probabilities)), 6);
});

test('what is wrong is said', LIMIT, async () => {
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['predict', join(folder, 'none.png'), ...model], 1, /no picture/],
    [['predict', photo, '--network', 'teacher', ...model], 2, /base, adaptation, ema, finetuned/],
    [['predict', photo, '--network', 'ema', ...model], 1, /ema/],
    [['predict', join(folder, 'labeled', 'train'), ...workspace], 2, /--run RUN or --checkpoint/],
    [['predict', photo, '--neighbors', 'test', ...model], 1, /no labeled images in the test split/],
  ];
  for (const [parameters, expected, sentence] of cases) {
    const { code, stderr } = await runCommand(...parameters);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(expected);
  }
});
