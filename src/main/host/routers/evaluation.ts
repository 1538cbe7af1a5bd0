import { z } from 'zod';
import {
  bootstrapChoiceSchema,
  compareRequestSchema,
  evaluateRequestSchema,
  evaluationIdSchema,
  evaluationRecordSchema,
  evaluationReportSchema,
  pairComparisonSchema,
  pairRequestSchema,
  runComparisonSchema,
  seedComparisonSchema,
  seedRequestSchema,
  temperatureSchema,
  wrongPageSchema,
  wrongRequestSchema,
} from '#shared/evaluation.ts';
import { jobSchema } from '#shared/jobs.ts';
import { evaluationSchema } from '#shared/training.ts';
import { procedure, router } from '../trpc.ts';

const byId = z.object({ id: evaluationIdSchema });

export const evaluationRouter = router({
  /** Scores a network on a split and keeps what it said about each image under the `id`. */
  evaluate: procedure
    .input(evaluateRequestSchema)
    .output(evaluationSchema.extend({ id: evaluationIdSchema }))
    .mutation(({ ctx, input }) => ctx.studio.evaluations.evaluate(input)),
  /** The same as a job, whose result is the same. */
  start: procedure
    .input(evaluateRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.evaluations.start(input)),
  /** One that is kept and still true of the network and the images as they are now; null when it must be made. */
  current: procedure
    .input(evaluateRequestSchema)
    .output(evaluationRecordSchema.nullable())
    .query(({ ctx, input }) => ctx.studio.evaluations.current(input)),
  /** Of a run, or of checkpoints of no run; the newest first. */
  list: procedure
    .input(z.object({ run: z.string().nullable() }))
    .output(z.array(evaluationRecordSchema))
    .query(({ ctx, input }) => ctx.studio.evaluations.list(input.run)),
  report: procedure
    .input(byId.extend(bootstrapChoiceSchema.shape))
    .output(evaluationReportSchema)
    .query(({ ctx, input: { id, ...bootstrap } }) => ctx.studio.evaluations.report(id, bootstrap)),
  /** The images it was wrong on, the surest mistakes first. */
  wrong: procedure
    .input(wrongRequestSchema)
    .output(wrongPageSchema)
    .query(({ ctx, input }) => ctx.studio.evaluations.wrong(input)),
  /** Fits a network's temperature on a validation split and keeps it beside the checkpoint. */
  calibrate: procedure
    .input(evaluateRequestSchema)
    .output(temperatureSchema)
    .mutation(({ ctx, input }) => ctx.studio.evaluations.calibrate(input)),
  /** The report as a page in one file. */
  page: procedure
    .input(byId.extend(bootstrapChoiceSchema.shape))
    .output(z.string())
    .query(({ ctx, input: { id, ...bootstrap } }) => ctx.studio.reports.evaluation(id, bootstrap)),
  /** Two evaluations that are kept, image by image, with McNemar's test. */
  pair: procedure
    .input(pairRequestSchema)
    .output(pairComparisonSchema)
    .query(({ ctx, input }) => ctx.studio.comparisons.pair(input)),
  /** Runs side by side; networks that were not evaluated on the split yet are evaluated. */
  compare: procedure
    .input(compareRequestSchema)
    .output(runComparisonSchema)
    .mutation(({ ctx, input }) => ctx.studio.comparisons.compare(input)),
  /** The same with the comparison as a page in one file. */
  comparePage: procedure
    .input(compareRequestSchema)
    .output(z.object({ page: z.string(), comparison: runComparisonSchema }))
    .mutation(({ ctx, input }) => ctx.studio.reports.comparison(input)),
  /** Runs that differ by their seed alone, together. */
  compareSeeds: procedure
    .input(seedRequestSchema)
    .output(seedComparisonSchema)
    .mutation(({ ctx, input }) => ctx.studio.comparisons.seeds(input)),
  compareSeedsPage: procedure
    .input(seedRequestSchema)
    .output(z.object({ page: z.string(), comparison: seedComparisonSchema }))
    .mutation(({ ctx, input }) => ctx.studio.reports.seeds(input)),
});
