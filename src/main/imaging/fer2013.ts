import { StudioError } from '#shared/errors.ts';
import { CHANNELS, type RgbImage } from './image.ts';

const SIDE = 48;
const VALUE_COUNT = SIDE * SIDE;
const COMMA = 0x2c;
const SPACE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * One row of FER2013's csv, `emotion,pixels,Usage`: the pixels are 2,304 grey values 0 … 255 with spaces between them, row by row, 48 × 48.
 *
 * @param name where the row is, for messages. @throws StudioError `corrupt` when it is no such row.
 */
export function decodeFer2013Row(line: Buffer, name: string): RgbImage {
  const data = new Uint8Array(VALUE_COUNT * CHANNELS);
  let count = 0;
  let value = -1;
  const finishValue = (): void => {
    if (value < 0) return;
    if (value > 255) throw corrupt(name, `it has the value ${value}`);
    if (count < VALUE_COUNT) data.fill(value, count * CHANNELS, (count + 1) * CHANNELS);
    count += 1;
    value = -1;
  };
  for (let position = line.indexOf(COMMA) + 1; position < line.length; position++) {
    const byte = line[position]!;
    if (byte >= ZERO && byte <= NINE) value = Math.max(value, 0) * 10 + byte - ZERO;
    else if (byte === SPACE || byte === QUOTE) finishValue();
    else break;
  }
  finishValue();
  if (count !== VALUE_COUNT) throw corrupt(name, `it has ${count} of ${VALUE_COUNT} values`);
  return { width: SIDE, height: SIDE, data };
}

function corrupt(name: string, why: string): StudioError {
  return new StudioError('corrupt', `Not a row of FER2013's pixels, ${why}: ${name}.`, {
    hint: 'Import the csv again if it was changed since.',
  });
}
