import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomStream } from '#shared/random.ts';
import type { RgbImage } from '../imaging/image.ts';
import { encodeJpeg } from '../imaging/jpeg.ts';

/** A common size of pictures that faces are cut out of. */
const WIDTH = 640;
const HEIGHT = 480;
const CHANNELS = 3;
const QUALITY = 88;
/** Cells of the coarsest layer of noise along the picture's width. */
const COARSEST_CELLS = 2;
const OCTAVES = 9;
/**
 * Strength of each layer of noise, by that of the one before. Natural pictures have about the same contrast at every scale (Field 1987), of
 * which lenses take some from the finest; at this value the files have the size of photographs.
 */
const PERSISTENCE = 0.75;
/** Of the coarsest layer, at which the sum of all stays within about -1 … 1. */
const STRENGTH = 0.25;
/** Levels of 255 that the sums stand for; colours vary less than brightness. */
const BRIGHTNESS = 320;
const TINT = 120;

/**
 * Writes pictures that cost a decoder what photographs do, JPEG files with the detail of natural scenes at every scale; nothing is to be
 * seen in them.
 *
 * @param directory where they go. @returns their paths.
 */
export async function writePhotographs(directory: string, count: number, signal: AbortSignal): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    signal.throwIfAborted();
    const path = join(directory, `${index}.jpg`);
    await writeFile(path, await encodeJpeg(photograph(index), QUALITY));
    paths.push(path);
  }
  return paths;
}

/** Noise of every scale, in brightness and, weaker, in each colour. */
function photograph(index: number): RgbImage {
  const stream = new RandomStream(0, 'demo', 0, index);
  const brightness = fractalNoise(stream, OCTAVES);
  const tints = Array.from({ length: CHANNELS }, () => fractalNoise(stream, OCTAVES - 2));
  const data = new Uint8Array(WIDTH * HEIGHT * CHANNELS);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    for (const [channel, tint] of tints.entries()) {
      const value = 128 + BRIGHTNESS * brightness[pixel]! + TINT * tint[pixel]!;
      data[pixel * CHANNELS + channel] = Math.min(255, Math.max(0, value));
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}

/** Sum of layers of smooth noise, each with twice the detail of the one before; about -1 … 1. */
function fractalNoise(stream: RandomStream, octaves: number): Float32Array {
  const sum = new Float32Array(WIDTH * HEIGHT);
  for (let octave = 0; octave < octaves; octave++) {
    addSmoothNoise(sum, stream, COARSEST_CELLS * 2 ** octave, STRENGTH * PERSISTENCE ** octave);
  }
  return sum;
}

/** Random values at the corners of square cells, bilinear in between. @param cells along the width. */
function addSmoothNoise(sum: Float32Array, stream: RandomStream, cells: number, strength: number): void {
  const stride = cells + 2;
  const rows = Math.ceil((cells * HEIGHT) / WIDTH) + 2;
  const corners = Float32Array.from({ length: stride * rows }, () => stream.between(-1, 1));
  for (let y = 0; y < HEIGHT; y++) {
    const row = (y * cells) / WIDTH;
    const top = Math.floor(row) * stride;
    const down = row % 1;
    for (let x = 0; x < WIDTH; x++) {
      const column = (x * cells) / WIDTH;
      const corner = top + Math.floor(column);
      const right = column % 1;
      const above = corners[corner]! * (1 - right) + corners[corner + 1]! * right;
      const below = corners[corner + stride]! * (1 - right) + corners[corner + stride + 1]! * right;
      sum[y * WIDTH + x]! += strength * (above * (1 - down) + below * down);
    }
  }
}
