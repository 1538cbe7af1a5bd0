import { z } from 'zod';
import { catalogStatsSchema, imagePageSchema, importFailureSchema, importRequestSchema } from '#shared/catalog.ts';
import { exportRequestSchema } from '#shared/export.ts';
import { imageFilterSchema } from '#shared/filter.ts';
import { jobSchema } from '#shared/jobs.ts';
import { facetsSchema, imageQuerySchema, queryPageSchema } from '#shared/query.ts';
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
  /** Images of any filter, in any order, a page at a time. */
  query: procedure
    .input(imageQuerySchema)
    .output(queryPageSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.query.page(input)),
  facets: procedure
    .input(z.object({ filter: imageFilterSchema.default({}) }).default({ filter: {} }))
    .output(facetsSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.query.facets(input.filter)),
  /** Takes images out of every count, page and draw, or back in. */
  setExcluded: procedure
    .input(z.object({ ids: z.array(z.number().int()).min(1).max(500), excluded: z.boolean() }))
    .output(z.object({ changed: z.number().int() }))
    .mutation(({ ctx, input }) => {
      const changed = ctx.studio.catalog.images.setExcluded(input.ids, input.excluded);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return { changed };
    }),
  /** Writes images of a filter or a subset, as a job. */
  export: procedure
    .input(exportRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.exports.start(input).job),
  /** Copies the catalog, as a job. */
  backup: procedure
    .input(z.object({ file: z.string().min(1).optional() }).default({}))
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.backups.start(input.file).job),
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
