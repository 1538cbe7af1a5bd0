import { CHANNELS, type RgbImage } from './image.ts';

/** Operations that look each value up in a table: what Pillow's `ImageOps` does with `Image.point`. */

/** A table of 256 values for each of red, green and blue. */
export type ChannelTables = readonly [red: Uint8Array, green: Uint8Array, blue: Uint8Array];

/** One function of the level, for all channels alike. */
export function pointTable(valueOf: (level: number) => number): ChannelTables {
  const table = Uint8Array.from({ length: 256 }, (_, level) => valueOf(level));
  return [table, table, table];
}

export function applyTables(image: RgbImage, [red, green, blue]: ChannelTables): RgbImage {
  const { width, height, data: source } = image;
  const data = new Uint8Array(source.length);
  for (let i = 0; i < source.length; i += CHANNELS) {
    data[i] = red[source[i]!]!;
    data[i + 1] = green[source[i + 1]!]!;
    data[i + 2] = blue[source[i + 2]!]!;
  }
  return { width, height, data };
}

/** Stretches each channel so that its darkest value becomes 0 and its lightest 255. */
export function autoContrastTables(image: RgbImage): ChannelTables {
  return tablesOf(image, (histogram) => {
    const darkest = histogram.findIndex((count) => count > 0);
    const lightest = histogram.findLastIndex((count) => count > 0);
    if (lightest <= darkest) return identityTable();
    const scale = 255 / (lightest - darkest);
    const offset = -darkest * scale;
    return tableOf((level) => Math.trunc(level * scale + offset));
  });
}

/** Spreads the values of each channel so that the histogram becomes as even as whole steps allow. */
export function equalizeTables(image: RgbImage): ChannelTables {
  return tablesOf(image, (histogram) => {
    const lightest = histogram.findLastIndex((count) => count > 0);
    const total = histogram.reduce((sum, count) => sum + count, 0);
    // A channel of a single value leaves nothing here, and so step 0, which Pillow too takes for "as it is".
    const step = Math.floor((total - histogram[lightest]!) / 255);
    if (step === 0) return identityTable();
    let sum = Math.floor(step / 2);
    return tableOf((level) => {
      const value = Math.floor(sum / step);
      sum += histogram[level]!;
      return value;
    });
  });
}

/** A table for each channel, from its histogram of 256 counts. */
function tablesOf(image: RgbImage, tableFrom: (histogram: Uint32Array) => Uint8Array): ChannelTables {
  const red = new Uint32Array(256);
  const green = new Uint32Array(256);
  const blue = new Uint32Array(256);
  const { data } = image;
  for (let i = 0; i < data.length; i += CHANNELS) {
    red[data[i]!]!++;
    green[data[i + 1]!]!++;
    blue[data[i + 2]!]!++;
  }
  return [tableFrom(red), tableFrom(green), tableFrom(blue)];
}

function identityTable(): Uint8Array {
  return tableOf((level) => level);
}

/** Values outside 0 … 255 are held at the ends. */
function tableOf(valueOf: (level: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => Math.min(255, Math.max(0, valueOf(level))));
}
