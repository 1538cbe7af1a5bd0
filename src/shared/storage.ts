import { z } from 'zod';

/** What a workspace takes on the disk, and what lies in it that can be put back. */
export const storageSchema = z.object({
  /** The largest first. */
  parts: z.array(
    z.object({
      /** File or folder of the workspace. */
      name: z.string(),
      bytes: z.number().int(),
      files: z.number().int(),
      /** What may be deleted while no studio is open, and is made again. */
      disposable: z.boolean(),
    }),
  ),
  bytes: z.number().int(),
  /** Bytes that are still free where it lies. */
  free: z.number().int(),
  /** Backups in the workspace's own folder of them, the newest first. */
  backups: z.array(z.object({ file: z.string(), bytes: z.number().int(), writtenAt: z.string() })),
});
export type Storage = z.infer<typeof storageSchema>;

/** A sentence for each problem; none when the catalog is sound. */
export const catalogCheckSchema = z.object({ problems: z.array(z.string()), milliseconds: z.number() });
