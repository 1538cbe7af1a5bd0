import { z } from 'zod';
import { jobSchema } from '#shared/jobs.ts';
import { imagePredictionSchema } from '#shared/prediction.ts';
import { neighborRequestSchema, predictRequestSchema } from '#shared/requests.ts';
import { procedure, router } from '../trpc.ts';
import { importedNetworks } from '../workspace.ts';

export const predictionRouter = router({
  predict: procedure
    .input(predictRequestSchema)
    .output(imagePredictionSchema)
    .mutation(({ ctx, input }) => ctx.studio.predictions.predict(input)),
  /** Computes what networks see of labeled images, to find neighbours among them, as a job. */
  indexNeighbors: procedure
    .input(neighborRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.predictions.indexNeighbors(input).job),
  /** Names of the networks that were imported from other programs: a request's `checkpoint` may be one. */
  importedNetworks: procedure.output(z.array(z.string())).query(({ ctx }) => importedNetworks(ctx.studio.workspace)),
});
