import { z } from 'zod';
import { imageFilterSchema } from './filter.ts';
import type { ImageReference, Split } from './images.ts';

export const EXPORT_FORMATS = ['csv', 'jsonl', 'parquet', 'folders', 'coco', 'datasheet'] as const;
export const exportFormatSchema = z.enum(EXPORT_FORMATS);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** Formats that make a folder; the others make one file. */
export const FOLDER_FORMATS: readonly ExportFormat[] = ['folders', 'datasheet'];

export const exportRequestSchema = z
  .object({
    /** The file or folder to make. A file of that name is replaced; a folder must not be there yet, or be empty. */
    target: z.string().min(1),
    format: exportFormatSchema,
    filter: imageFilterSchema.default({}),
    /** A subset, `NAME` or `NAME@VERSION`, with the labels it froze; takes no filter beside it. */
    subset: z.string().min(1).optional(),
    /** Images chosen one by one, in place of a filter. */
    ids: z.array(z.number().int().positive()).min(1).max(100_000).optional(),
    /** Images of the filter that were taken out one by one. */
    except: z.array(z.number().int().positive()).max(100_000).optional(),
    /** Class folders: copies of the files instead of hard links. */
    copy: z.boolean().default(false),
  })
  .refine(
    ({ subset, ids, filter }) =>
      Number(subset !== undefined) + Number(ids !== undefined) + Number(Object.keys(filter).length > 0) < 2,
    {
      message: 'Give either a subset, a filter or ids',
    },
  );
export type ExportRequest = z.infer<typeof exportRequestSchema>;

export const exportResultSchema = z.object({
  target: z.string(),
  format: exportFormatSchema,
  images: z.number().int(),
  seconds: z.number(),
  /** What was done otherwise than asked, as sentences. */
  notes: z.array(z.string()),
});
export type ExportResult = z.infer<typeof exportResultSchema>;

/** An image as exports see it. */
export interface ExportedImage {
  readonly id: number;
  readonly source: string;
  readonly split: Split;
  /** Class index; null where there is none. */
  readonly label: number | null;
  readonly identity: string | null;
  /** Its path is absolute. */
  readonly reference: ImageReference;
  /** Pixels. */
  readonly width: number | null;
  readonly height: number | null;
  readonly excluded: boolean;
}

export const backupResultSchema = z.object({ file: z.string() });
export type BackupResult = z.infer<typeof backupResultSchema>;
