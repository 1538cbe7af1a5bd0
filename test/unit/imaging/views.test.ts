import { describe, expect, test } from 'vitest';
import { centerCrop, crop, flipHorizontally, rotate } from '#main/imaging/geometry.ts';
import { eraseInto, normalizeInto } from '#main/imaging/normalize.ts';
import { randAugment } from '#main/imaging/randaugment.ts';
import { resizeShorterSide } from '#main/imaging/resize.ts';
import {
  evaluationView,
  labeledView,
  prepareForCache,
  shorterSideOf,
  strongView,
  weakView,
  type ViewSettings,
} from '#main/imaging/views.ts';
import { RandomStream } from '#shared/random.ts';
import { drawErasedRectangle } from '#main/imaging/geometry.ts';
import { noise } from './support.ts';

const settings: ViewSettings = { imageSize: 48, releaseCrop: false, randAugment: { count: 2, magnitude: 9 } };
const VALUES = 48 * 48 * 3;
const stream = (): RandomStream => new RandomStream(5, 'view-labeled', 2, 11);

function render(view: typeof weakView, image = noise(70, 90), given = settings): Float32Array {
  const output = new Float32Array(VALUES);
  view(image, given, stream(), output, 0);
  return output;
}

/** The crop of the views, step by step: 55 pixels = round(48 · 8 / 7), top, left, mirrored or not. */
function cropped(random: RandomStream): ReturnType<typeof noise> {
  const resized = resizeShorterSide(noise(70, 90), 55);
  const top = random.integer(resized.height - 48 + 1);
  const left = random.integer(resized.width - 48 + 1);
  const square = crop(resized, { top, left, width: 48, height: 48 });
  return random.chance(0.5) ? flipHorizontally(square) : square;
}

function normalized(image: ReturnType<typeof noise>): Float32Array {
  const output = new Float32Array(VALUES);
  normalizeInto(image, output, 0);
  return output;
}

describe('the shorter side before the crop', () => {
  test.each([
    [32, 37], // 36.6
    [48, 55], // 54.9
    [64, 73], // 73.1
    [112, 128],
    [160, 256],
    [224, 256],
    [256, 256],
    [280, 320],
  ])('%i → %i', (imageSize, shorterSide) => {
    expect(shorterSideOf({ imageSize, releaseCrop: false })).toBe(shorterSide);
  });

  test('is always 256 as released, which larger crops do not fit into', () => {
    expect(shorterSideOf({ imageSize: 48, releaseCrop: true })).toBe(256);
    expect(() => shorterSideOf({ imageSize: 257, releaseCrop: true })).toThrow(
      expect.objectContaining({ code: 'usage' }) as Error,
    );
  });
});

describe('views are the steps of the released program, in its order', () => {
  test('labeled: crop, flip, rotation, erasing before normalisation', () => {
    const random = stream();
    const turned = rotate(cropped(random), random.between(-5, 5));
    const expected = normalized(turned);
    eraseInto(expected, 0, 48, drawErasedRectangle(48, 48, random)!);
    expect(render(labeledView)).toEqual(expected);
  });

  test('weak: crop, flip', () => {
    expect(render(weakView)).toEqual(normalized(cropped(stream())));
  });

  test('strong: crop, flip, RandAugment', () => {
    const random = stream();
    const augmented = randAugment(cropped(random), { count: 2, magnitude: 9 }, random);
    expect(render(strongView)).toEqual(normalized(augmented));
    expect(render(strongView)).not.toEqual(render(weakView));
  });

  test('strong without RandAugment is a weak view', () => {
    expect(render(strongView, noise(70, 90), { ...settings, randAugment: null })).toEqual(render(weakView));
  });

  test('evaluation: the centre', () => {
    const output = new Float32Array(VALUES);
    evaluationView(noise(70, 90), settings, output, 0);
    expect(output).toEqual(normalized(centerCrop(resizeShorterSide(noise(70, 90), 55), 48)));
  });
});

test.each([
  ['a picture', noise(70, 90)],
  ['a picture ten times as long as high', noise(300, 30)],
])('%s prepared for the cache gives the same views', (_, image) => {
  const prepared = prepareForCache(image, settings);
  for (const view of [labeledView, weakView, strongView]) expect(render(view, prepared)).toEqual(render(view, image));
});

test('a view writes its slot alone', () => {
  const output = new Float32Array(3 * VALUES).fill(99);
  labeledView(noise(70, 90), settings, stream(), output, VALUES);
  expect(output.subarray(0, VALUES).every((value) => value === 99)).toBe(true);
  expect(output.subarray(VALUES, 2 * VALUES).some((value) => value === 99)).toBe(false);
  expect(output.subarray(2 * VALUES).every((value) => value === 99)).toBe(true);
});
