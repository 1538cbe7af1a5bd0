import { z } from 'zod';
import { knownWorkerSchema, workerLookSchema } from '#shared/workers.ts';
import { procedure, router } from '../trpc.ts';

const addressSchema = knownWorkerSchema.pick({ address: true });

export const workersRouter = router({
  /** The workers the workspace knows, in the order they were added. */
  list: procedure.output(z.array(knownWorkerSchema)).query(({ ctx }) => ctx.studio.workers.list()),
  add: procedure
    .input(knownWorkerSchema)
    .output(z.array(knownWorkerSchema))
    .mutation(({ ctx, input }) => ctx.studio.workers.add(input)),
  /** By its address or its name. */
  remove: procedure
    .input(z.object({ worker: z.string() }))
    .output(z.array(knownWorkerSchema))
    .mutation(({ ctx, input }) => ctx.studio.workers.remove(input.worker)),
  /** Whether a worker is there, known or not, and what it computes with; one that works is left alone. */
  look: procedure
    .input(addressSchema)
    .output(workerLookSchema)
    .query(({ ctx, input }) => ctx.studio.workers.look(input.address)),
});
