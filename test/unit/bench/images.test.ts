import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findJpegFiles } from '#main/bench/images.ts';
import { writePhotographs } from '#main/bench/photographs.ts';
import { decodeImage, probeImage } from '#main/imaging/decode.ts';

const folder = mkdtempSync(join(tmpdir(), 'face2exp-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (...path: string[]): string => {
  const file = join(folder, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  return file;
};

test('JPEG files are found below a folder in the order of names, as many as are wanted', async () => {
  const deep = write('set', 'a', 'b', '2.JPG');
  const late = write('set', 'z.jpeg');
  const early = write('set', 'a', 'a.jpg');
  write('set', 'notes.txt');
  write('set', 'a', 'picture.png');
  expect(await findJpegFiles(join(folder, 'set'), 10)).toEqual([early, deep, late]);
  expect(await findJpegFiles(join(folder, 'set'), 2)).toEqual([early, deep]);
});

test('a folder that is none, or has no JPEG file, is told', async () => {
  const file = write('plain.jpg');
  write('empty', 'notes.txt');
  await expect(findJpegFiles(file, 1)).rejects.toMatchObject({
    code: 'bad-input',
    message: `${file} is not a folder.`,
  });
  await expect(findJpegFiles(join(folder, 'empty'), 1)).rejects.toThrow('holds no JPEG file');
  await expect(findJpegFiles(join(folder, 'nowhere'), 1)).rejects.toMatchObject({ code: 'not-found' });
});

test('generated pictures are JPEG files as large as photographs, and each is another', async () => {
  mkdirSync(join(folder, 'made'));
  const [first, second] = await writePhotographs(join(folder, 'made'), 2, new AbortController().signal);
  expect(await probeImage(first!)).toEqual({ width: 640, height: 480, format: 'jpeg' });
  // A photograph takes 1.5 to 3 bits a pixel at this quality.
  const bitsPerPixel = (statSync(first!).size * 8) / (640 * 480);
  expect(bitsPerPixel).toBeGreaterThan(1.5);
  expect(bitsPerPixel).toBeLessThan(3);
  const [one, other] = await Promise.all([first, second].map((path) => decodeImage({ path: path!, encoding: 'file' })));
  expect(Buffer.compare(one!.data, other!.data)).not.toBe(0);
});

test('generating pictures can be stopped', async () => {
  const stopped = AbortSignal.abort(new Error('stopped'));
  await expect(writePhotographs(folder, 1, stopped)).rejects.toThrow('stopped');
});
