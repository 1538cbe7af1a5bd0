import { z } from 'zod';
import { imageRowSchema } from './catalog.ts';
import { imageFilterSchema, labelSchema, qualitySchema, reviewStateSchema, sizeClassSchema } from './filter.ts';
import { splitSchema } from './images.ts';

/** By what an image is, whatever the filter. `path` is the order of sources, then of paths. Images without a label, an identity or a size come first. */
export const STORED_SORTS = ['id', 'path', 'label', 'identity', 'size'] as const;
/** By what the filter's round says. */
export const ROUND_SORTS = ['confidence', 'margin'] as const;
/** `similarity` is that to the filter's `similarTo`, the nearest first. An order that the filter does not have is refused. */
export const SORTS = [...STORED_SORTS, ...ROUND_SORTS, 'similarity'] as const;
export const sortSchema = z.enum(SORTS);
export type Sort = z.infer<typeof sortSchema>;

export const imageQuerySchema = z.object({
  filter: imageFilterSchema.default({}),
  sort: sortSchema.default('id'),
  descending: z.boolean().default(false),
  /** `nextCursor` of the page before, of the same filter and order. */
  cursor: z.string().max(20_000).nullable().default(null),
  limit: z.number().int().min(1).max(500).default(100),
});
export type ImageQueryRequest = z.infer<typeof imageQuerySchema>;

/**
 * A page never looks at more than a fixed number of images, so one may hold fewer rows than were asked for, or none, and still have a
 * `nextCursor`: the search goes on there. Null is the end.
 */
export const queryPageSchema = z.object({ rows: z.array(imageRowSchema), nextCursor: z.string().nullable() });
export type QueryPage = z.infer<typeof queryPageSchema>;

const countsOf = <Value extends z.ZodType>(value: Value) =>
  z.array(z.object({ value, count: z.number().int().nonnegative() }));

/** Bins of the spread of confidences and margins, of the same width from 0 to 1. */
export const SHARE_BINS = 20;
const binsSchema = z.array(z.number().int().nonnegative()).length(SHARE_BINS);

/** Each facet is counted under all other parts of the filter, so that it says what choosing another of its values would give. */
export const facetsSchema = z.object({
  /** Images of the whole filter. */
  total: z.number().int().nonnegative(),
  /** False: text or duplicates are found in more images than are counted, and all counts are of the first ones alone. */
  complete: z.boolean(),
  sources: countsOf(z.string()),
  splits: countsOf(splitSchema),
  labels: countsOf(labelSchema),
  sizes: countsOf(sizeClassSchema),
  /** An image may have several flags, and is then counted in each. */
  qualities: countsOf(qualitySchema),
  reviewed: countsOf(reviewStateSchema),
  excluded: countsOf(z.boolean()),
  /** What the filter's round says of them; null without a round. */
  round: z
    .object({
      id: z.number().int(),
      name: z.string(),
      source: z.string(),
      pseudoLabels: countsOf(z.number().int().nonnegative()),
      /** Images in each of `SHARE_BINS` bins from 0 to 1. */
      confidence: binsSchema,
      margin: binsSchema,
    })
    .nullable(),
});
export type Facets = z.infer<typeof facetsSchema>;
