import { z } from 'zod';
import { subsetRequestSchema, subsetSchema } from '#shared/catalog.ts';
import { procedure, router } from '../trpc.ts';

export const subsetsRouter = router({
  list: procedure.output(z.array(subsetSchema)).query(({ ctx }) => ctx.studio.catalog.subsets.list()),
  create: procedure
    .input(subsetRequestSchema)
    .output(subsetSchema)
    .mutation(({ ctx, input }) => {
      const subset = ctx.studio.catalog.subsets.create(input);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return subset;
    }),
  /** Writes the subset as the csv the released program reads. */
  export: procedure
    .input(z.object({ name: z.string(), file: z.string().min(1) }))
    .output(z.object({ file: z.string() }))
    .mutation(({ ctx, input }) => {
      ctx.studio.catalog.subsets.toCsv(input.name, input.file);
      return { file: input.file };
    }),
});
