import { z } from 'zod';
import { EXPRESSIONS } from './expressions.ts';
import { splitSchema } from './images.ts';

/** Classes of the shorter side in pixels; the bounds are the usual sizes of FER2013, aligned faces and networks' inputs. */
export const SIZE_CLASSES = ['unknown', 'below-48', '48-111', '112-223', 'from-224'] as const;
export const sizeClassSchema = z.enum(SIZE_CLASSES);
export type SizeClass = z.infer<typeof sizeClassSchema>;

export const EXCLUDED_CHOICES = ['no', 'only', 'any'] as const;
export const excludedChoiceSchema = z.enum(EXCLUDED_CHOICES);
export type ExcludedChoice = z.infer<typeof excludedChoiceSchema>;

/** What may be wrong with a picture; the order is that of the bits in the catalog. */
export const QUALITY_FLAGS = ['dark', 'bright', 'low-contrast', 'blurred', 'tiny', 'uniform'] as const;
export const qualityFlagSchema = z.enum(QUALITY_FLAGS);
export type QualityFlag = z.infer<typeof qualityFlagSchema>;

/** `unknown`: not analyzed yet. `good`: no flag. */
export const QUALITIES = ['unknown', 'good', ...QUALITY_FLAGS] as const;
export const qualitySchema = z.enum(QUALITIES);
export type Quality = z.infer<typeof qualitySchema>;

/** Images in groups of duplicates, by the last search of exact or of near ones. */
export const DUPLICATE_FILTERS = [
  'exact',
  'near',
  'exact-leak',
  'near-leak',
  'exact-contradiction',
  'near-contradiction',
] as const;
export const duplicateFilterSchema = z.enum(DUPLICATE_FILTERS);
export type DuplicateFilter = z.infer<typeof duplicateFilterSchema>;

/**
 * What people decided of an image: the newest decision that stands, whoever made it. The order is that of the numbers in `image.reviewed`.
 * `undecided`: there is none. `accepted`: its label was right. `relabeled`: another is. `rejected`: it is of no use. `unsure`: nobody can tell.
 */
export const REVIEW_STATES = ['undecided', 'accepted', 'relabeled', 'rejected', 'unsure'] as const;
export const reviewStateSchema = z.enum(REVIEW_STATES);
export type ReviewState = z.infer<typeof reviewStateSchema>;

const shareSchema = z.number().min(0).max(1);
/** Shares from `from` on to below `to`; a `to` of 1 includes 1. */
export const shareRangeSchema = z
  .object({ from: shareSchema, to: shareSchema })
  .refine(({ from, to }) => from < to || (from === 1 && to === 1), { message: 'begins at or behind its end' });
export type ShareRange = z.infer<typeof shareRangeSchema>;

/**
 * The bounds that shares are compared with: as float32, which is what rounds keep, so that a confidence that was written as 0.95 is not below 0.95.
 * Without an end where the range includes 1.
 */
export function comparedRange({ from, to }: ShareRange): ShareRange {
  return { from: Math.fround(from), to: to === 1 ? Infinity : Math.fround(to) };
}

/** A text is looked up by its runs of three characters: a shorter one has none. */
export const SHORTEST_TEXT = 3;

/** Images that `similarTo` is met by: so many, the nearest. */
export const SIMILAR_FACES = 500;

const classIndexSchema = z
  .number()
  .int()
  .min(0)
  .max(EXPRESSIONS.length - 1);
/** A class index, or null for the images without a label. */
export const labelSchema = classIndexSchema.nullable();

/**
 * Which images: those that meet every part that is given, and of each list at least one of its values. `pseudoLabels`, `confidence` and `margin`
 * are what the round says of an image, and need one.
 */
export const imageFilterSchema = z
  .object({
    sources: z.array(z.string()).optional(),
    splits: z.array(splitSchema).optional(),
    labels: z.array(labelSchema).optional(),
    sizes: z.array(sizeClassSchema).optional(),
    qualities: z.array(qualitySchema).optional(),
    /** What people decided of it. */
    reviewed: z.array(reviewStateSchema).optional(),
    /** Number or name of a round of pseudo labels: images that it labeled. */
    round: z.string().min(1).optional(),
    /** Classes that the round gave. */
    pseudoLabels: z.array(classIndexSchema).optional(),
    /** Probability of that class. */
    confidence: shareRangeSchema.optional(),
    /** How far the next class is behind. */
    margin: shareRangeSchema.optional(),
    duplicates: duplicateFilterSchema.optional(),
    /** Images that look most like this one, itself included; see `SIMILAR_FACES`. */
    similarTo: z.number().int().positive().optional(),
    /** `no` when left out. */
    excluded: excludedChoiceSchema.optional(),
    /** Part of the path below the source's root, or of the identity. The case of the letters A to Z does not matter. */
    text: z
      .string()
      .max(500)
      .refine((text) => [...text].length >= SHORTEST_TEXT, `takes at least ${SHORTEST_TEXT} characters`)
      .optional(),
  })
  .refine(
    ({ round, pseudoLabels, confidence, margin }) =>
      round !== undefined || (pseudoLabels === undefined && confidence === undefined && margin === undefined),
    { message: 'say which round the pseudo labels, confidence or margin are of', path: ['round'] },
  );
export type ImageFilter = z.infer<typeof imageFilterSchema>;
