import { z } from 'zod';
import { imageRowSchema } from './catalog.ts';
import { imageFilterSchema, qualityFlagSchema } from './filter.ts';
import { splitSchema } from './images.ts';

/** What can be told of a picture without knowing what it shows. */
export const imageMeasuresSchema = z.object({
  /** Mean and standard deviation of the luma, 0 … 255. */
  brightness: z.number(),
  contrast: z.number(),
  /** Variance of the Laplacian of the luma, the shorter side at most 96 pixels. */
  sharpness: z.number(),
  /** Hasler and Süsstrunk's: 0 for grey, above 60 for vivid pictures. */
  colourfulness: z.number(),
  /** Pixels, decoded. */
  width: z.number().int(),
  height: z.number().int(),
});
export type ImageMeasures = z.infer<typeof imageMeasuresSchema>;

/** One image's analysis; `hash` is its perceptual hash, 16 hexadecimal digits. */
export const imageAnalysisSchema = imageMeasuresSchema.extend({
  digest: z.string(),
  hash: z.string(),
  flags: z.array(qualityFlagSchema),
});
export type StoredAnalysis = z.infer<typeof imageAnalysisSchema>;

export const DUPLICATE_KINDS = ['exact', 'near'] as const;
export const duplicateKindSchema = z.enum(DUPLICATE_KINDS);
export type DuplicateKind = z.infer<typeof duplicateKindSchema>;

/**
 * Bits of 64 in which the hashes of two near duplicates may differ, unless another number is asked for. Of 24 pairs of FER2013 and LFW at each
 * distance all were one picture at 4 and 6, about three in four at 8, half at 10. Hashes without ties have 32 bits set, and differ in an even
 * number.
 */
export const DEFAULT_DISTANCE = 6;
export const LARGEST_DISTANCE = 16;
export const distanceSchema = z.number().int().min(0).max(LARGEST_DISTANCE);

export const analysisRequestSchema = z.object({
  /** One source only; all when left out. */
  source: z.string().min(1).optional(),
  /** For the search for near duplicates that follows. */
  distance: distanceSchema.optional(),
});
export type AnalysisRequest = z.infer<typeof analysisRequestSchema>;

/** What a search found, of the images that are not excluded. */
export const duplicateSummarySchema = z.object({
  kind: duplicateKindSchema,
  distance: z.number().int(),
  /** False: images were analyzed since. */
  isCurrent: z.boolean(),
  madeAt: z.string(),
  groups: z.number().int(),
  /** Images in those groups. */
  images: z.number().int(),
  /** Groups with images in several splits. */
  leaks: z.number().int(),
  /** Groups with images of several labels. */
  contradictions: z.number().int(),
});
export type DuplicateSummary = z.infer<typeof duplicateSummarySchema>;

export const analysisSummarySchema = z.object({
  /** Images of the catalog, the excluded ones included, and how many of them have an analysis. */
  images: z.number().int(),
  analyzed: z.number().int(),
  failed: z.number().int(),
  flags: z.array(z.object({ value: qualityFlagSchema, count: z.number().int() })),
  /** Null: there was no search of that kind yet. */
  exact: duplicateSummarySchema.nullable(),
  near: duplicateSummarySchema.nullable(),
});
export type AnalysisSummary = z.infer<typeof analysisSummarySchema>;

export const analysisResultSchema = z.object({
  analyzed: z.number().int(),
  /** Those that had an analysis. */
  skipped: z.number().int(),
  failed: z.number().int(),
  /** The first 1,000; all are in the catalog. */
  errors: z.array(z.object({ path: z.string(), reason: z.string() })),
  seconds: z.number(),
  imagesPerSecond: z.number().nullable(),
  summary: analysisSummarySchema,
});
export type AnalysisResult = z.infer<typeof analysisResultSchema>;

export const DUPLICATE_CHOICES = ['all', 'leaks', 'contradictions'] as const;
export const duplicateChoiceSchema = z.enum(DUPLICATE_CHOICES);
export type DuplicateChoice = z.infer<typeof duplicateChoiceSchema>;

export const duplicatePageRequestSchema = z.object({
  kind: duplicateKindSchema.default('exact'),
  choice: duplicateChoiceSchema.default('all'),
  cursor: z.object({ size: z.number().int(), id: z.number().int() }).nullable().default(null),
  limit: z.number().int().min(1).max(200).default(50),
});
export type DuplicatePageRequest = z.input<typeof duplicatePageRequestSchema>;

export const duplicateGroupSchema = z.object({
  id: z.number().int(),
  size: z.number().int(),
  isCrossing: z.boolean(),
  isContradicting: z.boolean(),
  /** The first members, by their ids; `members` pages through all. */
  members: z.array(imageRowSchema),
});
export type DuplicateGroup = z.infer<typeof duplicateGroupSchema>;

/** The largest groups first. */
export const duplicatePageSchema = z.object({
  groups: z.array(duplicateGroupSchema),
  nextCursor: z.object({ size: z.number().int(), id: z.number().int() }).nullable(),
});
export type DuplicatePage = z.infer<typeof duplicatePageSchema>;

export const duplicateMembersRequestSchema = z.object({
  group: z.number().int(),
  afterId: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(500).default(100),
});
export type DuplicateMembersRequest = z.input<typeof duplicateMembersRequestSchema>;

const reasonSchema = z.string().trim().min(1).max(1_000);

/**
 * Which images to exclude. Of a group that leaks, those of one split stay: of the split to keep, or, where the group has none there, of the
 * next in the order train, validation, test, unlabeled. Of one that contradicts itself all labeled ones go: which label is right is not known.
 */
export const exclusionRequestSchema = z
  .object({
    leaks: z.boolean().default(false),
    contradictions: z.boolean().default(false),
    kind: duplicateKindSchema.default('exact'),
    keep: splitSchema.default('train'),
    /** Only images that meet this too. */
    filter: imageFilterSchema.default({}),
    reason: reasonSchema,
  })
  .refine(({ leaks, contradictions, filter }) => leaks || contradictions || Object.keys(filter).length > 0, {
    message: 'Say which images: leaks, contradictions or a filter.',
  });
export type ExclusionRequest = z.infer<typeof exclusionRequestSchema>;

/** A row of the log. */
export const exclusionSchema = z.object({
  id: z.number().int(),
  /** False: these images came back. */
  excluded: z.boolean(),
  rule: z.string(),
  reason: z.string(),
  author: z.string(),
  /** Images it changed. */
  images: z.number().int(),
  /** The row it undid. */
  undoes: z.number().int().nullable(),
  isUndone: z.boolean(),
  madeAt: z.string(),
});
export type Exclusion = z.infer<typeof exclusionSchema>;

export const MEASURES = ['brightness', 'contrast', 'sharpness', 'colourfulness', 'size'] as const;
export const measureSchema = z.enum(MEASURES);
export type Measure = z.infer<typeof measureSchema>;

const sideSchema = z.object({ shares: z.array(z.number()), mean: z.number(), deviation: z.number() });

/** How one measure is spread over the labeled and the unlabeled faces. */
export const measureMismatchSchema = z.object({
  measure: measureSchema,
  /** Bounds of the bins, one more than there are bins; what lies outside is in the first or last. */
  bounds: z.array(z.number()),
  labeled: sideSchema,
  unlabeled: sideSchema,
  /** Half the sum of the differences of the shares: 0 for the same spread, 1 where nothing overlaps. */
  totalVariation: z.number(),
  /** Wasserstein-1 distance of the two histograms, in the measure's unit: how far the one must be moved to become the other. */
  wasserstein: z.number(),
  /** That in words. */
  words: z.string(),
});
export type MeasureMismatch = z.infer<typeof measureMismatchSchema>;

/** Labeled training images beside the unlabeled ones, of those that were analyzed. Empty where one side has none. */
export const dataMismatchSchema = z.object({
  labeled: z.number().int(),
  unlabeled: z.number().int(),
  measures: z.array(measureMismatchSchema),
});
export type DataMismatch = z.infer<typeof dataMismatchSchema>;
