import { createHash } from 'node:crypto';
import type { ImageMeasures } from '#shared/analysis.ts';
import { StudioError, type StudioErrorCode } from '#shared/errors.ts';
import type { QualityFlag } from '#shared/filter.ts';
import type { ImageReference } from '#shared/images.ts';
import { decodeImage } from './decode.ts';
import { toGrey } from './grey.ts';
import type { RgbImage } from './image.ts';
import { type PerceptualHash, perceptualHash } from './perceptual-hash.ts';
import { measureImage, qualityFlags } from './quality.ts';

/** What one look at a picture tells. */
export interface ImageAnalysis extends ImageMeasures {
  /** The same for the same pixels, in whatever format they were kept: half of a SHA-256, in hexadecimal. */
  readonly digest: string;
  readonly hash: PerceptualHash;
  readonly flags: readonly QualityFlag[];
}

/** A picture of the catalog that is to be looked at. */
export interface AnalysisItem {
  readonly id: number;
  readonly reference: ImageReference;
}

export type AnalysisAnswer =
  | { readonly id: number; readonly analysis: ImageAnalysis }
  | { readonly id: number; readonly failure: { readonly code: StudioErrorCode; readonly reason: string } };

/** Characters of a digest in hexadecimal: 128 bits, far more than any number of pictures can bring together by chance. */
const DIGEST_LENGTH = 32;

/** Looks at a decoded picture. */
export function analyzeImage(image: RgbImage): ImageAnalysis {
  const grey = toGrey(image);
  const measures = measureImage(image, grey);
  return { ...measures, digest: pixelDigest(image), hash: perceptualHash(grey), flags: qualityFlags(measures) };
}

/** Decodes and looks at some pictures. A bad one is told in its answer; faults of the studio throw. */
export async function analyzeItems(items: readonly AnalysisItem[]): Promise<AnalysisAnswer[]> {
  const answers: AnalysisAnswer[] = [];
  for (const { id, reference } of items) answers.push({ id, ...(await analyzeReference(reference)) });
  return answers;
}

async function analyzeReference(
  reference: ImageReference,
): Promise<{ analysis: ImageAnalysis } | { failure: { code: StudioErrorCode; reason: string } }> {
  try {
    return { analysis: analyzeImage(await decodeImage(reference, { blockingRead: true })) };
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    return { failure: { code: error.code, reason: error.message } };
  }
}

function pixelDigest({ width, height, data }: RgbImage): string {
  const size = new Uint32Array([width, height]);
  return createHash('sha256').update(size).update(data).digest('hex').slice(0, DIGEST_LENGTH);
}
