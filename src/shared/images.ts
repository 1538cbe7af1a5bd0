import { z } from 'zod';

/**
 * Where an image's bytes are. Source images stay where they are: most are files of their own; some are a stretch of a larger file (a row
 * of FER2013's csv, or, as a 'file-slice', the bytes of a JPEG or PNG inside a RecordIO file). `box` is a crop in pixels that may leave the image; outside is black.
 */
export const imageReferenceSchema = z.object({
  path: z.string(),
  encoding: z.enum(['file', 'fer2013-row', 'file-slice']).default('file'),
  /** Byte offset and length inside the file, for encodings other than 'file'. */
  offset: z.number().int().nonnegative().optional(),
  length: z.number().int().positive().optional(),
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).optional(),
});
export type ImageReference = z.infer<typeof imageReferenceSchema>;

export const SPLITS = ['train', 'validation', 'test', 'unlabeled'] as const;
export const splitSchema = z.enum(SPLITS);
export type Split = z.infer<typeof splitSchema>;

/** What the person says a source is for. `labeled` keeps a data set's own splits where it has them, else it becomes `train`. */
export const ROLES = ['labeled', 'unlabeled', 'validation', 'test'] as const;
export const roleSchema = z.enum(ROLES);
export type Role = z.infer<typeof roleSchema>;

/** One image as training, evaluation and pseudo-labeling see it: catalog id, place, and class index (-1 when not labeled). */
export const manifestImageSchema = z.object({
  id: z.number().int(),
  reference: imageReferenceSchema,
  label: z.number().int().min(-1),
  /** What it counts for when a run learns from it; 1 when left out. */
  weight: z.number().positive().optional(),
});
export type ManifestImage = z.infer<typeof manifestImageSchema>;
