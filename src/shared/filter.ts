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
