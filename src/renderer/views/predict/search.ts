import { z } from 'zod';
import { networkSchema } from '#shared/training.ts';

/** A name that is a number reaches us as one. */
const textSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch(undefined);

/** What one asks, as an address says it: a run, or a checkpoint's file, folder or name. */
export const modelSearchSchema = z.object({
  run: textSchema,
  checkpoint: textSchema,
  network: networkSchema.optional().catch(undefined),
});

/** A picture, who is asked about it, and how. */
export const predictSearchSchema = modelSearchSchema.extend({
  /** A face of the catalog. */
  face: z.number().int().positive().optional().catch(undefined),
  /** A picture of the person's own, as the host named it. */
  upload: z
    .string()
    .regex(/^[A-Za-z0-9_-]{10,64}$/)
    .optional()
    .catch(undefined),
  /** Whether faces are looked for; left out: in one's own pictures, not in the catalog's, which are faces already. */
  look: z.enum(['faces', 'picture']).optional().catch(undefined),
  /** Faces are prepared as in the released notebook. */
  notebook: z.literal(true).optional().catch(undefined),
});
export type PredictSearch = z.infer<typeof predictSearchSchema>;
