import { z } from 'zod';
import { jobSchema } from './jobs.ts';

/** What the host tells every window. Events tell that something changed; the window asks for what it shows. */
export const studioEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('runs.changed'), run: z.string() }),
  /** New step metrics or evaluations exist up to `step`. */
  z.object({ type: z.literal('runs.progress'), run: z.string(), step: z.number().int() }),
  z.object({ type: z.literal('jobs.changed'), job: jobSchema }),
  z.object({ type: z.literal('catalog.changed') }),
  /** Somebody decided, undid or redid something of these images; null where they are many. */
  z.object({ type: z.literal('decisions.changed'), images: z.array(z.number().int()).nullable() }),
  /** A round of pseudo labels came, changed or went. */
  z.object({ type: z.literal('rounds.changed') }),
  z.object({ type: z.literal('notice'), level: z.enum(['info', 'warning', 'error']), message: z.string() }),
]);
export type StudioEvent = z.infer<typeof studioEventSchema>;
