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

/** A text is looked up by its runs of three characters: a shorter one has none. */
export const SHORTEST_TEXT = 3;

/** A class index, or null for the images without a label. */
export const labelSchema = z
  .number()
  .int()
  .min(0)
  .max(EXPRESSIONS.length - 1)
  .nullable();

/** Which images: those that meet every part that is given, and of each list at least one of its values. */
export const imageFilterSchema = z.object({
  sources: z.array(z.string()).optional(),
  splits: z.array(splitSchema).optional(),
  labels: z.array(labelSchema).optional(),
  sizes: z.array(sizeClassSchema).optional(),
  qualities: z.array(qualitySchema).optional(),
  duplicates: duplicateFilterSchema.optional(),
  /** `no` when left out. */
  excluded: excludedChoiceSchema.optional(),
  /** Part of the path below the source's root, or of the identity. The case of the letters A to Z does not matter. */
  text: z
    .string()
    .max(500)
    .refine((text) => [...text].length >= SHORTEST_TEXT, `takes at least ${SHORTEST_TEXT} characters`)
    .optional(),
});
export type ImageFilter = z.infer<typeof imageFilterSchema>;
