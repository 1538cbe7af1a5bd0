import { z } from 'zod';
import { imageFilterSchema } from './filter.ts';
import { roleSchema, splitSchema } from './images.ts';

export const IMPORT_FORMATS = ['auto', 'folder', 'identity', 'fer2013'] as const;
export const importFormatSchema = z.enum(IMPORT_FORMATS);
export type ImportFormat = z.infer<typeof importFormatSchema>;

export const importRequestSchema = z.object({
  path: z.string().min(1),
  format: importFormatSchema.default('auto'),
  role: roleSchema.default('labeled'),
  /** Name of the source; the folder's name when left out. */
  source: z.string().min(1).optional(),
});
export type ImportRequest = z.infer<typeof importRequestSchema>;

export const importFailureSchema = z.object({ path: z.string(), reason: z.string() });
export type ImportFailure = z.infer<typeof importFailureSchema>;

/** `errors` holds the first 1,000 failures; all are in the catalog. */
export const importResultSchema = z.object({
  source: z.string(),
  format: z.string(),
  added: z.number().int(),
  skipped: z.number().int(),
  failed: z.number().int(),
  errors: z.array(importFailureSchema),
  seconds: z.number(),
});
export type ImportResult = z.infer<typeof importResultSchema>;

export const classCountsSchema = z.object({
  /** Images per class, in the order of `classes`. */
  counts: z.array(z.number().int()),
  /** All images of the split, the unlabeled ones included. */
  total: z.number().int(),
  /** Largest class over smallest non-empty class; null with fewer than two non-empty classes. */
  imbalanceRatio: z.number().nullable(),
  /** Effective number of samples per class (Cui et al. 2019, beta 0.9999). */
  effectiveNumber: z.array(z.number()),
});
export type ClassCounts = z.infer<typeof classCountsSchema>;

export const sourceStatsSchema = z.object({
  name: z.string(),
  root: z.string(),
  format: z.string(),
  role: roleSchema,
  total: z.number().int(),
  labeled: z.number().int(),
  identities: z.number().int(),
  failed: z.number().int(),
  splits: z.partialRecord(splitSchema, classCountsSchema),
});
export type SourceStats = z.infer<typeof sourceStatsSchema>;

export const catalogStatsSchema = z.object({
  classes: z.array(z.string()),
  images: z.number().int(),
  splits: z.partialRecord(splitSchema, classCountsSchema),
  sources: z.array(sourceStatsSchema),
  /**
   * Labeled-versus-unlabeled mismatch: share per class of the training split beside the share in the unlabeled images by their latest
   * pseudo labels; null until there are any.
   */
  mismatch: z
    .object({ labeledShare: z.array(z.number()), unlabeledShare: z.array(z.number()), totalVariation: z.number() })
    .nullable(),
});
export type CatalogStats = z.infer<typeof catalogStatsSchema>;

/** What is never torn apart by a draw: all images of a person are drawn together or not at all. */
export const GROUPINGS = ['identity'] as const;
export const groupingSchema = z.enum(GROUPINGS);
export type Grouping = z.infer<typeof groupingSchema>;

/** Splits that hold labeled images: a subset can be moved to one. */
export const labeledSplitSchema = splitSchema.exclude(['unlabeled']);

const subsetNameSchema = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => !name.includes('@'), 'has no @: that is for versions');

export const subsetRequestSchema = z
  .object({
    name: subsetNameSchema,
    /** Images to draw from; those without a label are left out. */
    filter: imageFilterSchema.default({ splits: ['train'] }),
    perClass: z.number().int().positive().optional(),
    fraction: z.number().gt(0).max(1).optional(),
    balanced: z.boolean().default(true),
    seed: z.number().int().nonnegative().default(0),
    together: z.array(groupingSchema).default([]),
    /** Moves what was drawn to this split, so that it is no longer part of the one it was drawn from. */
    splitOff: labeledSplitSchema.optional(),
  })
  .refine((request) => (request.perClass === undefined) !== (request.fraction === undefined), {
    message: 'Give either perClass or fraction.',
  });
export type SubsetRequest = z.infer<typeof subsetRequestSchema>;

/** A subset from a csv of the released program: rows are matched to images of the catalog by their path. */
export const subsetImportSchema = z.object({ name: subsetNameSchema, file: z.string().min(1) });

export const subsetSchema = z.object({
  name: z.string(),
  /** 1 for the first subset of that name. `NAME@2` is the second; `NAME` alone the newest. */
  version: z.number().int().positive(),
  /** What it was drawn from. */
  filter: imageFilterSchema,
  rule: z.string(),
  seed: z.number().int(),
  splitOff: labeledSplitSchema.nullable(),
  counts: z.array(z.number().int()),
  total: z.number().int(),
  /** Per class, how many images fewer there are than were asked for. */
  shortfall: z.array(z.number().int()),
  createdAt: z.string(),
});
export type Subset = z.infer<typeof subsetSchema>;

export const imageRowSchema = z.object({
  id: z.number().int(),
  source: z.string(),
  split: splitSchema,
  label: z.number().int().nullable(),
  identity: z.string().nullable(),
  path: z.string(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  excluded: z.boolean(),
});
export type ImageRow = z.infer<typeof imageRowSchema>;

export const imagePageSchema = z.object({ rows: z.array(imageRowSchema), nextCursor: z.number().int().nullable() });
export type ImagePage = z.infer<typeof imagePageSchema>;
