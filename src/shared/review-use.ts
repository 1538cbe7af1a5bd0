import { z } from 'zod';
import { subsetSchema } from './catalog.ts';
import { classSchema, nameSchema, reviewerSchema, roundReferenceSchema, verdictSchema } from './review.ts';

/** What confident learning says of a labeled set as a whole. */
export const confidentReportSchema = z.object({
  round: z.number().int(),
  classes: z.array(z.string()),
  /** Images whose own label could be looked at. */
  images: z.number().int(),
  /** Labels it takes for wrong. */
  issues: z.number().int(),
  /** Their share by the joint: an estimate of all wrong labels. */
  estimatedShare: z.number(),
  thresholds: z.array(z.number()),
  /** [K×K] confident counts; rows are the given labels. */
  counts: z.array(z.array(z.number())),
});
export type ConfidentReport = z.infer<typeof confidentReportSchema>;

/** How far two reviewers agree on the images both decided; those either was unsure of are left out. */
export const agreementSchema = z.object({
  one: z.string(),
  other: z.string(),
  images: z.number().int(),
  unsure: z.number().int(),
  /** Share of the images with the same outcome. */
  observed: z.number().nullable(),
  /** Cohen's kappa with its 95 % interval; null where nothing was compared or only one outcome occurs. */
  kappa: z.number().nullable(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
  outcomes: z.array(z.string()),
  /** Rows: `one`. */
  matrix: z.array(z.array(z.number().int())),
  /** The first of them. */
  disagreements: z.array(z.object({ image: z.number().int(), one: z.string(), other: z.string() })),
});
export type Agreement = z.infer<typeof agreementSchema>;

export const decisionExportSchema = z.object({ file: z.string(), decisions: z.number().int() });

export const decisionImportRequestSchema = z.object({
  file: z.string().min(1),
  /** Lets the file win where it differs from what is decided here. */
  overwrite: z.boolean().default(false),
  /** Looks and tells, and changes nothing. */
  dryRun: z.boolean().default(false),
  /** Who imports, for rows that name no reviewer. */
  reviewer: reviewerSchema.optional(),
});

export const decisionConflictSchema = z.object({
  line: z.number().int(),
  image: z.number().int(),
  path: z.string(),
  here: z.object({ reviewer: z.string(), verdict: verdictSchema, label: classSchema.nullable() }),
  file: z.object({ reviewer: z.string(), verdict: verdictSchema, label: classSchema.nullable() }),
});
export type DecisionConflict = z.infer<typeof decisionConflictSchema>;

export const decisionImportSchema = z.object({
  added: z.number().int(),
  same: z.number().int(),
  overwritten: z.number().int(),
  /** Left as they are here, unless `overwrite` was asked for; the first 1,000. */
  conflicts: z.array(decisionConflictSchema),
  conflictCount: z.number().int(),
  /** Rows that mean no image or no decision; the first 1,000. */
  problems: z.array(z.object({ line: z.number().int(), reason: z.string() })),
  problemCount: z.number().int(),
});
export type DecisionImport = z.infer<typeof decisionImportSchema>;

/**
 * What may be known of a label: a person accepted or corrected it; nobody looked at it; a person could not tell; or it was a network's, of an image
 * that had none, and a person accepted or corrected that.
 */
export const REVIEW_WEIGHTS = ['reviewed', 'unreviewed', 'unsure', 'added'] as const;
export type ReviewWeight = (typeof REVIEW_WEIGHTS)[number];

/** A subset made of what was decided, for the next run. */
export const reviewedSubsetRequestSchema = z.object({
  name: z.string().min(1).max(200),
  /** Labeled images to begin from, with their labels: a subset, or a source's training images. None: the decided images alone. */
  base: z.string().min(1).optional(),
  /** Adds the images of unlabeled sources that were given a label. */
  addUnlabeled: z.boolean().default(true),
  /** Only decisions about this round, of what is added. */
  round: roundReferenceSchema.optional(),
  /** Leaves out what reviewers were unsure of. */
  dropUnsure: z.boolean().default(false),
  /** What images count for when a run learns from them: by what is known of their labels. 1 where nothing is said. */
  weights: z.partialRecord(z.enum(REVIEW_WEIGHTS), z.number().min(0.001).max(1000)).default({}),
  /** Also excludes the rejected images from the catalog, so that no source holds them; `exclude --undo` takes that back. */
  excludeRejected: z.boolean().default(false),
});
export type ReviewedSubsetRequest = z.input<typeof reviewedSubsetRequestSchema>;

export const reviewedSubsetSchema = z.object({
  subset: subsetSchema,
  /** Images of the base that came in as they were, with another label, and not at all. */
  kept: z.number().int(),
  relabeled: z.number().int(),
  leftOut: z.number().int(),
  added: z.number().int(),
  excluded: z.number().int(),
  /** The newest act of the log that it follows. */
  upTo: z.number().int(),
});
export type ReviewedSubset = z.infer<typeof reviewedSubsetSchema>;

/** Out-of-sample probabilities of a labeled set: each fold is labeled by a network that was trained on the others. */
export const crossfitRequestSchema = z.object({
  name: nameSchema.optional(),
  /** A subset, or a source whose training images are meant. */
  labeled: z.string().min(1),
  validation: z.string().default('validation'),
  folds: z.number().int().min(2).max(20).default(5),
  seed: z.number().int().nonnegative().default(0),
  /** Of each fold's run; what is left out has the training's own defaults. The method is supervised. */
  config: z.record(z.string(), z.unknown()).default({}),
});
export type CrossfitRequest = z.input<typeof crossfitRequestSchema>;
