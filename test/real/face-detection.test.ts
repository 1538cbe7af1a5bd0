import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeImage } from '#main/imaging/decode.ts';
import { createFaceDetector, type DetectedFace } from '#main/prediction/face-detector.ts';
import { loadTensorFlow } from '#main/tensorflow/runtime.ts';
import { graphExecutor, type StepExecutor } from '#main/training/executor.ts';

/** Every face of LFW (deep-funneled: the person is in the middle of the picture), by the detector alone. */

const lfw = join(process.env['FACE2EXP_REAL_DATA'] ?? '', 'lfw-deepfunneled');
/** The square in the middle that the person's face fills, pixels. */
const CENTRAL_SIDE = 116;
let executor: StepExecutor;

beforeAll(async () => {
  executor = graphExecutor((await loadTensorFlow()).library);
});
afterAll(() => executor.close());

test('at least 98 % of all 13,233 images of LFW have a face in the middle', { timeout: 1_800_000 }, async () => {
  const detector = await createFaceDetector(executor);
  const people = readdirSync(lfw).toSorted();
  const paths = people.flatMap((person) => readdirSync(join(lfw, person)).map((file) => join(lfw, person, file)));
  expect(paths).toHaveLength(13_233);

  let found = 0;
  const begun = performance.now();
  for (const path of paths) {
    const image = await decodeImage({ path, encoding: 'file' });
    const faces = await detector.detect(image);
    const start = { x: (image.width - CENTRAL_SIDE) / 2, y: (image.height - CENTRAL_SIDE) / 2 };
    if (faces.some((face) => overlaps(face, start))) found += 1;
  }
  const imagesPerSecond = (paths.length * 1000) / (performance.now() - begun);
  console.log(`${found} of ${paths.length} with a face in the middle, ${imagesPerSecond.toFixed(1)} images/s.`);
  expect(found / paths.length).toBeGreaterThanOrEqual(0.98);
});

function overlaps({ box }: DetectedFace, start: { x: number; y: number }): boolean {
  const acrossColumns = box.x < start.x + CENTRAL_SIDE && box.x + box.width > start.x;
  return acrossColumns && box.y < start.y + CENTRAL_SIDE && box.y + box.height > start.y;
}
