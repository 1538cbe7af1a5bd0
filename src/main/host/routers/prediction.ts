import { imagePredictionSchema } from '#shared/prediction.ts';
import { evaluateRequestSchema, predictRequestSchema } from '#shared/requests.ts';
import { evaluationSchema } from '#shared/training.ts';
import { procedure, router } from '../trpc.ts';

export const predictionRouter = router({
  predict: procedure
    .input(predictRequestSchema)
    .output(imagePredictionSchema)
    .mutation(({ ctx, input }) => ctx.studio.predictions.predict(input)),
  evaluate: procedure
    .input(evaluateRequestSchema)
    .output(evaluationSchema)
    .mutation(({ ctx, input }) => ctx.studio.predictions.evaluate(input)),
});
