import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { RandomStream } from '#shared/random.ts';
import { type AnalysisAnswer, type AnalysisItem, analyzeImage } from '#main/imaging/analysis.ts';
import { analyzeImages } from '#main/imaging/analysis-pool.ts';
import { decodeBytes } from '#main/imaging/decode.ts';
import { shrinkGrey, toGrey } from '#main/imaging/grey.ts';
import type { RgbImage } from '#main/imaging/image.ts';
import { hashDistance, perceptualHash } from '#main/imaging/perceptual-hash.ts';
import { measureImage, qualityFlags } from '#main/imaging/quality.ts';
import { GOLDEN_INPUTS, noise } from './support.ts';

/** @param level of each pixel, for all channels. */
function greyImage(width: number, height: number, level: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.fill(level(x, y), (y * width + x) * 3, (y * width + x + 1) * 3);
  }
  return { width, height, data };
}

/** Something with the large shapes of a photograph: blobs of light, the same for the same seed. */
function scene(width: number, height: number, seed: number): RgbImage {
  const stream = new RandomStream(seed, 'demo');
  const blobs = Array.from({ length: 12 }, () => [0, 0, 0, 0].map(() => stream.uniform()));
  return greyImage(width, height, (x, y) => {
    const light = blobs.reduce((sum, [left, top, size, level]) => {
      const far = Math.hypot(x / width - left!, y / height - top!) / (0.1 + 0.2 * size!);
      return sum + (level! - 0.5) * Math.exp(-far * far);
    }, 0.5);
    return Math.max(0, Math.min(255, light * 255));
  });
}

const encode = (image: RgbImage): Sharp =>
  sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });
const hashOf = (image: RgbImage) => perceptualHash(toGrey(image));

describe('measures', () => {
  test('a chessboard is half bright and as rich in contrast as can be', () => {
    const board = greyImage(10, 10, (x, y) => ((x + y) % 2) * 255);
    expect(measureImage(board)).toMatchObject({
      ...{ brightness: 127.5, contrast: 127.5, colourfulness: 0, width: 10, height: 10 },
      // Each Laplacian is ±4 · 255, as many of each sign.
      sharpness: 1020 ** 2,
    });
  });

  test('a slope has contrast but no edges; a single point has the variance that follows from the kernel', () => {
    expect(measureImage(greyImage(20, 20, (x) => 10 * x)).sharpness).toBe(0);
    // Of nine Laplacians one is -400, four are 100: mean 0.
    const point = measureImage(greyImage(5, 5, (x, y) => (x === 2 && y === 2 ? 100 : 0)));
    expect(point.sharpness).toBeCloseTo((400 ** 2 + 4 * 100 ** 2) / 9, 9);
    expect(measureImage(greyImage(2, 2, (x) => 255 * x)).sharpness).toBe(0);
  });

  test('pure red is as colourful as the paper has it, and as bright as its luma', () => {
    const red = { width: 4, height: 4, data: Uint8Array.from({ length: 48 }, (_, i) => (i % 3 === 0 ? 255 : 0)) };
    const { colourfulness, brightness, contrast } = measureImage(red);
    expect(colourfulness).toBeCloseTo(0.3 * Math.hypot(255, 127.5), 9);
    expect(brightness).toBe(76); // 0.299 · 255 = 76.2
    expect(contrast).toBe(0);
  });

  test('a large picture is as sharp as the same one made smaller', () => {
    const small = scene(96, 96, 5);
    const large = { width: 384, height: 384, data: new Uint8Array(384 * 384 * 3) };
    for (let pixel = 0; pixel < 384 * 384; pixel++) {
      const from = (Math.floor(Math.floor(pixel / 384) / 4) * 96 + Math.floor((pixel % 384) / 4)) * 3;
      large.data.set(small.data.subarray(from, from + 3), pixel * 3);
    }
    expect(measureImage(large).sharpness).toBeCloseTo(measureImage(small).sharpness, 4);
  });

  test('shrinking takes the mean of what each pixel covers, parts of pixels by their share', () => {
    const grey = { width: 3, height: 2, data: Uint8Array.of(0, 60, 240, 0, 60, 240) };
    // Two pixels of 1.5: (0 + 60/2) / 1.5 and (60/2 + 240) / 1.5.
    const shrunk = shrinkGrey(grey, 2, 1);
    expect([...shrunk.data].map((value) => Math.round(value * 1000))).toEqual([20_000, 180_000]);
    expect([...shrinkGrey(grey, 6, 4).data]).toEqual(Array.from({ length: 4 }, () => [0, 0, 60, 60, 240, 240]).flat());
  });
});

test('each flag is raised by the pictures it is for', () => {
  const flagsOf = (image: RgbImage) => qualityFlags(measureImage(image));
  const picture = scene(64, 64, 1);
  const changed = (change: (level: number) => number): RgbImage => ({ ...picture, data: picture.data.map(change) });
  const sharp = greyImage(64, 64, (x, y) => (((x >> 2) + (y >> 2)) % 2) * 200 + 20);
  expect(flagsOf(sharp)).toEqual([]);
  expect(flagsOf(greyImage(64, 64, (x, y) => ((x + y) % 2) * 60))).toEqual(['dark']);
  expect(flagsOf(greyImage(64, 64, (x, y) => 255 - ((x + y) % 2) * 60))).toEqual(['bright']);
  expect(flagsOf(greyImage(64, 64, (x, y) => 110 + ((x + y) % 2) * 20))).toEqual(['low-contrast']);
  expect(flagsOf(changed((level) => level))).toEqual(['blurred']);
  expect(flagsOf(greyImage(31, 64, (x, y) => ((x + y) % 2) * 200))).toEqual(['tiny']);
  expect(flagsOf(greyImage(64, 64, () => 128))).toEqual(['uniform']);
  expect(flagsOf(greyImage(20, 20, () => 0))).toEqual(['dark', 'tiny', 'uniform']);
});

describe('the perceptual hash', () => {
  /** The hash by its definition: every coefficient a double sum over the 32 × 32 pixels. */
  function hashByDefinition(image: RgbImage): string {
    const { data } = shrinkGrey(toGrey(image), 32, 32);
    const coefficients: number[] = [];
    for (let vertical = 1; vertical <= 8; vertical++) {
      for (let horizontal = 1; horizontal <= 8; horizontal++) {
        let sum = 0;
        for (let y = 0; y < 32; y++) {
          for (let x = 0; x < 32; x++) {
            const wave = Math.cos(((2 * x + 1) * horizontal * Math.PI) / 64);
            sum += data[y * 32 + x]! * wave * Math.cos(((2 * y + 1) * vertical * Math.PI) / 64);
          }
        }
        coefficients.push(sum);
      }
    }
    const [below, above] = coefficients.toSorted((one, other) => one - other).slice(31, 33);
    return coefficients.map((value) => (value > (below! + above!) / 2 ? '1' : '0')).join('');
  }

  test('is what its definition says', () => {
    for (let seed = 0; seed < 5; seed++) {
      const image = scene(70 + seed, 50, seed);
      const { high, low } = hashOf(image);
      const bits = [high, low].map((half) => half.toString(2).padStart(32, '0')).join('');
      expect(bits).toBe(hashByDefinition(image));
      expect(bits.replaceAll('0', '')).toHaveLength(32);
    }
  });

  test('is near for the same picture in another size, light and quality, and far for another picture', async () => {
    const picture = scene(200, 200, 3);
    const hash = hashOf(picture);
    const small = await decodeBytes(await encode(picture).resize(48, 48).png().toBuffer());
    const poor = await decodeBytes(await encode(picture).jpeg({ quality: 25 }).toBuffer());
    const dim = { ...picture, data: picture.data.map((level) => level * 0.7 + 10) };
    for (const same of [small, poor, dim]) expect(hashDistance(hash, hashOf(same))).toBeLessThanOrEqual(4);
    for (let seed = 10; seed < 30; seed++) {
      expect(hashDistance(hash, hashOf(scene(200, 200, seed)))).toBeGreaterThan(10);
    }
  });

  test('counts the bits of both halves', () => {
    expect(hashDistance({ high: 0xffffffff, low: 0 }, { high: 0, low: 0x80000001 })).toBe(34);
  });
});

test('the digest is of the pixels alone: not of the file, but of every one of them and of the shape', async () => {
  const image = greyImage(12, 8, (x, y) => 20 * x + y);
  const files = await Promise.all([
    encode(image).png().toBuffer(),
    encode(image).png({ compressionLevel: 1, palette: false }).toBuffer(),
    encode(image).toColourspace('b-w').png().toBuffer(),
    encode(image).tiff({ compression: 'lzw' }).toBuffer(),
  ]);
  const digests = await Promise.all(files.map(async (file) => analyzeImage(await decodeBytes(file)).digest));
  expect(new Set(digests)).toEqual(new Set([analyzeImage(image).digest]));
  expect(digests[0]).toMatch(/^[0-9a-f]{32}$/);
  const other = { ...image, data: image.data.with(50, image.data[50]! ^ 1) };
  const turned = { ...image, width: 8, height: 12 };
  expect(new Set([image, other, turned].map((one) => analyzeImage(one).digest)).size).toBe(3);
});

describe('many pictures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-analysis-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const names = ['jpeg444.jpg', 'jpeg-grey.jpg', 'png-palette.png', 'webp.webp', 'jpeg-cmyk.jpg', 'extreme-wide.png'];

  const lists = (): AnalysisItem[][] =>
    Array.from({ length: 9 }, (_, list) =>
      names.map((name, index) => ({
        id: list * 10 + index,
        reference: { path: join(GOLDEN_INPUTS, name), encoding: 'file' as const },
      })),
    );

  async function analyzeAll(workers: number, given = lists()): Promise<AnalysisAnswer[]> {
    const answers: AnalysisAnswer[] = [];
    const { signal } = new AbortController();
    for await (const some of analyzeImages(given.values(), { workers, signal })) answers.push(...some);
    return answers.sort((one, other) => one.id - other.id);
  }

  test('are found the same with threads as without', async () => {
    const alone = await analyzeAll(0);
    expect(alone.map(({ id }) => id)).toEqual(lists().flatMap((list) => list.map(({ id }) => id)));
    expect(new Set(alone.map((answer) => ('analysis' in answer ? answer.analysis.digest : ''))).size).toBe(6);
    expect(await analyzeAll(2)).toEqual(alone);
    expect(await analyzeAll(1, [])).toEqual([]);
  });

  test('bad ones among them are told, and the others are found', async () => {
    const missing = { id: 7, reference: { path: join(folder, 'gone.png'), encoding: 'file' as const } };
    for (const workers of [0, 1]) {
      const answers = await analyzeAll(workers, [[missing, ...lists()[0]!]]);
      expect(answers.filter((answer) => 'analysis' in answer)).toHaveLength(6);
      expect(answers.find(({ id }) => id === 7)).toEqual({
        id: 7,
        failure: { code: 'not-found', reason: expect.stringContaining('gone.png') as string },
      });
    }
  });

  test('end when a thread stops, with the picture it was at', async () => {
    const starting = once(process, 'worker') as Promise<[Worker]>;
    const analyzing = expect(analyzeAll(1)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/An analysis worker stopped .*jpeg444\.jpg/) as string,
    });
    const [worker] = await starting;
    await worker.terminate();
    await analyzing;
  });

  test('end with the signal, without taking what is left', async () => {
    const abort = new AbortController();
    const given = lists().values();
    const found = analyzeImages(given, { workers: 1, signal: abort.signal });
    await found.next();
    abort.abort(new Error('enough'));
    await expect(found.next()).rejects.toThrow('enough');
    expect([...given].length).toBeGreaterThan(4);
  });

  test('a picture that is noise has no flag', () => {
    expect(analyzeImage(noise(64, 64)).flags).toEqual([]);
  });
});
