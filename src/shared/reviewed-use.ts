import { z } from 'zod';

/** The parts of a run's data that have labels. */
export const REVIEWED_PARTS = ['labeled', 'validation'] as const;
export const reviewedPartSchema = z.enum(REVIEWED_PARTS);
export type ReviewedPart = z.infer<typeof reviewedPartSchema>;

const partUseSchema = z.object({
  /** Images whose label a person had given or confirmed. */
  images: z.number().int(),
  /** Of those, the ones whose label was wrong before. */
  relabeled: z.number().int(),
});

/** Which reviewed labels a run was given, in all. */
export const reviewedUseSchema = z.object({
  labeled: partUseSchema,
  validation: partUseSchema,
  /** The newest act of the log among them. */
  upTo: z.number().int(),
  reviewers: z.array(z.string()),
});
export type ReviewedUse = z.infer<typeof reviewedUseSchema>;

/** One reviewed label that a run was given. */
export const reviewedLabelSchema = z.object({
  image: z.number().int(),
  label: z.number().int(),
  /** The label that was judged; null where there was none. */
  from: z.number().int().nullable(),
  verdict: z.enum(['accept', 'relabel']),
  /** Number of the act in the log. */
  batch: z.number().int(),
  reviewer: z.string(),
  madeAt: z.string(),
});
export type ReviewedLabel = z.infer<typeof reviewedLabelSchema>;
