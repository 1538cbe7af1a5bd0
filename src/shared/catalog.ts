import { z } from 'zod';
import { imageFilterSchema, qualitySchema } from './filter.ts';
import { roleSchema, splitSchema } from './images.ts';

export const IMPORT_FORMATS = [
  'auto',
  'folder',
  'identity',
  'csv',
  'manifest',
  'affectnet',
  'raf-db',
  'fer2013',
  'ferplus',
  'ck-plus',
  'recordio',
  'huggingface',
] as const;
export const importFormatSchema = z.enum(IMPORT_FORMATS);
export type ImportFormat = z.infer<typeof importFormatSchema>;

export const importRequestSchema = z.object({
  path: z.string().min(1),
  format: importFormatSchema.default('auto'),
  role: roleSchema.default('labeled'),
  /** Name of the source; the folder's name when left out. */
  source: z.string().min(1).optional(),
  /** What a column of a manifest holds, by the column's name; remembered for the source. */
  columns: z.record(z.string(), z.string()).optional(),
  /** Class by the name it has in the data, null to leave its images out; remembered for the source. */
  classes: z.record(z.string(), z.string().nullable()).optional(),
  /** The folder a list's paths are below; looked for when left out. Remembered for the source. */
  images: z.string().min(1).optional(),
  /** Keeps copies of the images in the workspace. */
  copy: z.boolean().optional(),
  /** The source was moved here: its images are looked for at the new place before it goes on. */
  relink: z.boolean().optional(),
});
export type ImportRequest = z.infer<typeof importRequestSchema>;

/** What a path may hold, how sure that is (0 … 1), and why. */
export const formatCandidateSchema = z.object({ format: z.string(), confidence: z.number(), reason: z.string() });
export type FormatCandidate = z.infer<typeof formatCandidateSchema>;

/** How votes went that were joined to a source. */
export const voteSummarySchema = z.object({
  /** Images with votes. */
  joined: z.number().int(),
  /** Rows of votes without an image in the source. */
  unmatched: z.number().int(),
  /** Images with votes whose most voted choice is their label; of several choices, the one that stands first in the list of votes counts. */
  agreeing: z.number().int(),
  /** Images where several choices have the most votes. */
  tied: z.number().int(),
  unknown: z.number().int(),
  nonFace: z.number().int(),
});
export type VoteSummary = z.infer<typeof voteSummarySchema>;

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
  /** Images that are in order and not used, such as AffectNet's "no face", by what they are. */
  leftOut: z.array(z.object({ what: z.string(), count: z.number().int() })),
  /** What the path was taken for and why, and what else it may be, the likeliest first. */
  explanation: z.object({ reason: z.string(), others: z.array(formatCandidateSchema) }),
  seconds: z.number(),
  votes: voteSummarySchema.optional(),
  /** Where the source was before, if it was linked again. */
  relinkedFrom: z.string().optional(),
});
export type ImportResult = z.infer<typeof importResultSchema>;

/** What an import would do, from a look at its first images. */
export const importPreviewSchema = z.object({
  source: z.string(),
  /** What the images' paths are below; null where they are not to be found. */
  root: z.string().nullable(),
  format: z.string(),
  reason: z.string(),
  others: z.array(formatCandidateSchema),
  /** About how many images there are, where that is known. */
  total: z.number().int().nullable(),
  /** Columns and first rows, long fields cut, where the path is a list. */
  table: z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.string())) }).nullable(),
  /** Names that are no classes, with how many images have them: the import takes none until each is given a class or left out. */
  unknownClasses: z.array(z.object({ name: z.string(), count: z.number().int() })),
  /** Why the import would not begin, such as no column of paths. */
  problem: z
    .object({ message: z.string(), hint: z.string().optional(), commandLine: z.string().optional() })
    .nullable(),
  samples: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('image'),
        path: z.string(),
        label: z.number().int().nullable(),
        split: splitSchema,
        identity: z.string().nullable(),
        width: z.number().int(),
        height: z.number().int(),
      }),
      z.object({ kind: z.literal('rejected'), path: z.string(), reason: z.string() }),
    ]),
  ),
});
export type ImportPreview = z.infer<typeof importPreviewSchema>;

export const classCountsSchema = z.object({
  /** Images per class, in the order of `classes`. */
  counts: z.array(z.number().int()),
  /** Each class's part of the labeled images; 0 where there are none. */
  shares: z.array(z.number()),
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

/**
 * Classes of labeled and unlabeled faces: the share of each among the labeled training images beside its share in a round of pseudo labels.
 * Lists are in the order of the classes.
 */
export const classMismatchSchema = z.object({
  round: z.object({ id: z.number().int(), name: z.string(), source: z.string() }),
  labeledCounts: z.array(z.number().int()),
  labeledShare: z.array(z.number()),
  pseudoCounts: z.array(z.number().int()),
  /** Of the round's labels. */
  unlabeledShare: z.array(z.number()),
  /** `unlabeledShare` less `labeledShare`. */
  differences: z.array(z.number()),
  /** Half the sum of the differences: 0 for the same shares, 1 where no class is in both. */
  totalVariation: z.number(),
});
export type ClassMismatch = z.infer<typeof classMismatchSchema>;

/** Which source's numbers; all when left out. `round`: number or name of the round beside the labels; the newest when left out. */
export const statsRequestSchema = z.object({ source: z.string().optional(), round: z.string().min(1).optional() });
export type StatsRequest = z.infer<typeof statsRequestSchema>;

export const catalogStatsSchema = z.object({
  classes: z.array(z.string()),
  images: z.number().int(),
  splits: z.partialRecord(splitSchema, classCountsSchema),
  sources: z.array(sourceStatsSchema),
  /** Null until there is a round of pseudo labels. */
  mismatch: classMismatchSchema.nullable(),
});
export type CatalogStats = z.infer<typeof catalogStatsSchema>;

/**
 * What is never torn apart by a draw: all images of a person, or all copies of an image (exact and near ones, as the last searches found
 * them), are drawn together or not at all.
 */
export const GROUPINGS = ['identity', 'duplicates'] as const;
export const groupingSchema = z.enum(GROUPINGS);
export type Grouping = z.infer<typeof groupingSchema>;

/** Splits that hold labeled images: a subset can be moved to one. */
export const labeledSplitSchema = splitSchema.exclude(['unlabeled']);

export const subsetNameSchema = z
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
  /** What an analysis found wrong; `good` alone where it found nothing, `unknown` alone where there was none. */
  qualities: z.array(qualitySchema),
  excluded: z.boolean(),
  /** What the round of the filter says of it; left out where no round was asked for. */
  pseudo: z.object({ label: z.number().int(), confidence: z.number(), margin: z.number() }).optional(),
  /** How far it is from the face that similar ones were asked for, in the measure's unit; left out where none was. */
  distance: z.number().optional(),
});
export type ImageRow = z.infer<typeof imageRowSchema>;

export const imagePageSchema = z.object({ rows: z.array(imageRowSchema), nextCursor: z.number().int().nullable() });
export type ImagePage = z.infer<typeof imagePageSchema>;
