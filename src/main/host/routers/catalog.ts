import { z } from 'zod';
import { catalogStatsSchema, imagePageSchema, importFailureSchema, importRequestSchema } from '#shared/catalog.ts';
import { jobSchema } from '#shared/jobs.ts';
import { imagePageRequestSchema } from '#shared/requests.ts';
import { procedure, router } from '../trpc.ts';

export const catalogRouter = router({
  stats: procedure
    .input(z.object({ source: z.string().optional() }).default({}))
    .output(catalogStatsSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.stats(input)),
  images: procedure
    .input(imagePageRequestSchema)
    .output(imagePageSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.images.page(input)),
  /** Files an import of this source rejected. */
  importErrors: procedure
    .input(z.object({ source: z.string() }))
    .output(z.array(importFailureSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.importErrors.list(input.source)),
  /** Starts an import; it goes on as a job. */
  import: procedure
    .input(importRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.imports.start(input).job),
  /** Draws the demo's faces and imports them, as a job; with `train` it then makes a subset and starts a run. */
  demo: procedure
    .input(z.object({ seed: z.number().int().nonnegative().default(0), train: z.boolean().default(false) }))
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.demo.start(input).job),
});
