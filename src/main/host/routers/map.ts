import { z } from 'zod';
import { jobSchema } from '#shared/jobs.ts';
import { mapRequestSchema, pickIdSchema, pickRequestSchema, pickSchema, roundMapSchema } from '#shared/map.ts';
import { procedure, router } from '../trpc.ts';

/** Maps of embeddings; their points travel as a binary document, see `http/maps.ts`. */
export const mapRouter = router({
  /** What there is of a round's map, and about how long making one takes. */
  state: procedure
    .input(z.object({ round: z.union([z.number().int().positive(), z.string().min(1)]) }))
    .output(roundMapSchema)
    .query(({ ctx, input }) => ctx.studio.maps.state(input.round)),
  /** Makes it anew, as a job. */
  make: procedure
    .input(mapRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.maps.make(input).job),
  /** Keeps images that were chosen as a queue of their own. */
  pick: procedure
    .input(pickRequestSchema)
    .output(pickSchema)
    .mutation(({ ctx, input }) => {
      const { id } = ctx.studio.catalog.rounds.get(input.round);
      return ctx.studio.reviews.queues.picks.keep(id, input.images);
    }),
  picked: procedure
    .input(z.object({ round: z.number().int().positive(), id: pickIdSchema }))
    .output(pickSchema)
    .query(async ({ ctx, input: { round, id } }) => {
      const { madeAt, images } = await ctx.studio.reviews.queues.picks.get(round, id);
      return { id, round, count: images.length, madeAt };
    }),
});
