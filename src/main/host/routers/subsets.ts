import { z } from 'zod';
import { subsetImportSchema, subsetRequestSchema, subsetSchema } from '#shared/catalog.ts';
import { importSubset } from '../services/subset-import.ts';
import { procedure, router } from '../trpc.ts';

/** `NAME`, the newest version, or `NAME@VERSION`. */
const referenceSchema = z.object({ name: z.string() });

export const subsetsRouter = router({
  /** The newest version of every name. */
  list: procedure.output(z.array(subsetSchema)).query(({ ctx }) => ctx.studio.catalog.subsets.list()),
  versions: procedure
    .input(referenceSchema)
    .output(z.array(subsetSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.subsets.versions(input.name)),
  /** What each run learns from, the newest first: a subset, `NAME` or `NAME@VERSION`, or a source. */
  uses: procedure
    .output(z.array(z.object({ id: z.string(), name: z.string(), labeled: z.string() })))
    .query(({ ctx }) => ctx.studio.catalog.runs.labeledSets()),
  create: procedure
    .input(subsetRequestSchema)
    .output(subsetSchema)
    .mutation(({ ctx, input }) => {
      const subset = ctx.studio.catalog.subsets.create(input);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return subset;
    }),
  /** Keeps a csv of the released program as a subset. */
  import: procedure
    .input(subsetImportSchema)
    .output(subsetSchema)
    .mutation(async ({ ctx, input }) => {
      const subset = await importSubset(ctx.studio.catalog, input);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return subset;
    }),
  /** Puts the images of a subset that was split off back where they came from. */
  rejoin: procedure
    .input(referenceSchema)
    .output(z.object({ moved: z.number().int() }))
    .mutation(({ ctx, input }) => {
      const moved = ctx.studio.catalog.subsets.rejoin(input.name);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return { moved };
    }),
  /** Writes the subset as the csv the released program reads. */
  export: procedure
    .input(referenceSchema.extend({ file: z.string().min(1) }))
    .output(z.object({ file: z.string() }))
    .mutation(({ ctx, input }) => {
      ctx.studio.catalog.subsets.toCsv(input.name, input.file);
      return { file: input.file };
    }),
});
