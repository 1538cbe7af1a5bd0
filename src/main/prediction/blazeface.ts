import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import { type FaceBox, LANDMARKS, type Landmarks, type Point } from '#shared/prediction.ts';
import type { StepDefinition } from '../tensorflow/capture/capture.ts';
import { imageFeed } from '../training/step.ts';

/**
 * BlazeFace (Bazarevsky et al., 2019, arXiv:1907.05047), MediaPipe's detector for cameras that see whole rooms, with the weights that the
 * npm package @vladmandic/human ships. A single pass over a square picture answers for 896 anchors: two at each cell of a 16 × 16 grid, six
 * at each of an 8 × 8 grid.
 */

/** Side of the picture the detector sees. */
export const DETECTOR_SIDE = 256;

const GRIDS = [
  { stride: 16, anchorsPerCell: 2, scores: 'fineScores', places: 'finePlaces' },
  { stride: 32, anchorsPerCell: 6, scores: 'coarseScores', places: 'coarsePlaces' },
] as const;

/** The graph's outputs, by what they are here. Each anchor has a score, and a place: middle, size and six points, in pixels from the anchor. */
const OUTPUTS = {
  fineScores: 'Identity:0',
  coarseScores: 'Identity_1:0',
  finePlaces: 'Identity_2:0',
  coarsePlaces: 'Identity_3:0',
} as const;
type DetectorOutput = keyof typeof OUTPUTS;
const OUTPUT_NAMES = Object.keys(OUTPUTS) as DetectorOutput[];

/** Numbers of one anchor's place. */
const PLACE_LENGTH = 4 + 2 * LANDMARKS.length;

/** A face in the picture the detector saw, in its pixels. */
export interface AnchoredFace {
  readonly box: FaceBox;
  readonly landmarks: Landmarks;
  /** 0 … 1. */
  readonly score: number;
}

/**
 * The detector as a step to capture, for one picture at a time.
 * @throws StudioError 'unavailable' when the package with the weights is not installed as it should be.
 */
export async function detectorStep(): Promise<StepDefinition<'images', DetectorOutput>> {
  const model = await tf.loadGraphModel({ load: readModel });
  return {
    name: 'detect-faces',
    variables: 'frozen',
    feeds: { images: imageFeed(1, DETECTOR_SIDE) },
    step: ({ images }) => {
      const found = model.execute(images!, Object.values(OUTPUTS)) as tf.Tensor[];
      return Object.fromEntries(OUTPUT_NAMES.map((name, index) => [name, found[index]!])) as Record<
        DetectorOutput,
        tf.Tensor
      >;
    },
  };
}

async function readModel(): Promise<tf.io.ModelArtifacts> {
  try {
    // The package exports its program alone; the weights lie beside it.
    const folder = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/human')), '..', 'models');
    const [text, weights] = await Promise.all([
      readFile(join(folder, 'blazeface.json'), 'utf8'),
      readFile(join(folder, 'blazeface.bin')),
    ]);
    const { modelTopology, weightsManifest, ...rest } = JSON.parse(text) as tf.io.ModelJSON;
    return {
      ...rest,
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: Uint8Array.from(weights).buffer,
    };
  } catch (error) {
    throw new StudioError('unavailable', 'The face detector is not installed.', {
      hint: 'Install the studio’s packages again: `npm ci`.',
      cause: error,
    });
  }
}

/** The faces of one pass with at least this score, one for each anchor that saw it. */
export function anchoredFaces(
  outputs: Readonly<Record<DetectorOutput, ArrayLike<number>>>,
  leastScore: number,
): AnchoredFace[] {
  const leastLogit = Math.log(leastScore / (1 - leastScore));
  return GRIDS.flatMap(({ stride, anchorsPerCell, scores, places }) => {
    const logits = Array.from(outputs[scores]);
    const numbers = outputs[places];
    const cells = DETECTOR_SIDE / stride;
    return logits.flatMap((logit, anchor): AnchoredFace[] => {
      if (!(logit >= leastLogit)) return [];
      const cell = Math.floor(anchor / anchorsPerCell);
      const place = (index: number): Point => ({
        x: ((cell % cells) + 0.5) * stride + numbers[anchor * PLACE_LENGTH + index]!,
        y: (Math.floor(cell / cells) + 0.5) * stride + numbers[anchor * PLACE_LENGTH + index + 1]!,
      });
      const middle = place(0);
      const width = numbers[anchor * PLACE_LENGTH + 2]!;
      const height = numbers[anchor * PLACE_LENGTH + 3]!;
      if (!(width > 0 && height > 0)) return [];
      const points = LANDMARKS.map((name, index) => [name, place(4 + 2 * index)] as const);
      return [
        {
          box: { x: middle.x - width / 2, y: middle.y - height / 2, width, height },
          landmarks: Object.fromEntries(points) as Landmarks,
          score: 1 / (1 + Math.exp(-logit)),
        },
      ];
    });
  });
}
