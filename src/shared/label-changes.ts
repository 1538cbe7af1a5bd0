import { z } from 'zod';
import { imageRowSchema } from './catalog.ts';
import { reviewedLabelSchema } from './reviewed-use.ts';
import { flipsSchema, roundSchema } from './rounds.ts';

/** A reviewed label with its image; null where that is gone from the catalog. */
export const reviewedLabelRowSchema = reviewedLabelSchema.extend({ row: imageRowSchema.nullable() });
export const reviewedLabelPageSchema = z.object({
  labels: z.array(reviewedLabelRowSchema),
  /** The image to go on after; null at the end. */
  nextAfterImage: z.number().int().nullable(),
});
export type ReviewedLabelPage = z.infer<typeof reviewedLabelPageSchema>;

/** The newest rounds of two runs over one source, of the same network where both have one. */
export const roundChangesSchema = z.object({
  source: z.string(),
  from: roundSchema.pick({ id: true, name: true, network: true, step: true }),
  to: roundSchema.pick({ id: true, name: true, network: true, step: true }),
  flips: flipsSchema,
});
export type RoundChanges = z.infer<typeof roundChangesSchema>;

/** An image that two runs were given with different labels. */
export const changedLabelSchema = z.object({
  image: z.number().int(),
  from: z.number().int(),
  to: z.number().int(),
  /** The decision behind the difference, as the run that was given the reviewed label recorded it; null where neither label was reviewed. */
  decision: reviewedLabelSchema.omit({ image: true, label: true }).nullable(),
  /** Null where it is gone from the catalog. */
  row: imageRowSchema.nullable(),
});
export type ChangedLabel = z.infer<typeof changedLabelSchema>;

/** How the labels that two runs were given differ. */
export const fixedChangesSchema = z.object({
  /** The labeled sets, as they were pinned. */
  from: z.object({ labeled: z.string(), images: z.number().int() }),
  to: z.object({ labeled: z.string(), images: z.number().int() }),
  classes: z.array(z.string()),
  /** Images both were given, and those only one was. */
  both: z.number().int(),
  onlyFrom: z.number().int(),
  onlyTo: z.number().int(),
  /** Of both, the ones with another label; of those, the ones that a recorded decision explains. */
  changed: z.number().int(),
  decided: z.number().int(),
  /** [K×K] of both: rows are labels of the first run, columns of the second. */
  matrix: z.array(z.array(z.number().int())),
  /** The first of the changed ones, by the numbers of the images. */
  images: z.array(changedLabelSchema),
});
export type FixedChanges = z.infer<typeof fixedChangesSchema>;

/** Changed images that are told of each pair of runs. */
export const CHANGED_IMAGES = 500;

export const labelChangesRequestSchema = z.object({
  first: z.string().min(1),
  second: z.string().min(1),
  /** Changed images to tell. */
  limit: z.number().int().min(0).max(10_000).default(CHANGED_IMAGES),
});
export type LabelChangesRequest = z.input<typeof labelChangesRequestSchema>;

/** Two runs by their labels: what they said of unlabeled faces, and what they were given. */
export const labelChangesSchema = z.object({
  first: z.string(),
  second: z.string(),
  /** One for each source of which both have a round. */
  rounds: z.array(roundChangesSchema),
  fixed: fixedChangesSchema,
});
export type LabelChanges = z.infer<typeof labelChangesSchema>;
