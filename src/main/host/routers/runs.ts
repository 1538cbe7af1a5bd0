import { z } from 'zod';
import { clusterRequestSchema, workerLoadSchema } from '#shared/cluster.ts';
import {
  badImageSchema,
  memorySampleSchema,
  runDetailSchema,
  runRequestSchema,
  runSummarySchema,
  stepMetricsSchema,
  tagRequestSchema,
  trialSchema,
} from '#shared/training.ts';
import { labelChangesRequestSchema, labelChangesSchema, reviewedLabelPageSchema } from '#shared/label-changes.ts';
import { reviewedPartSchema } from '#shared/reviewed-use.ts';
import { procedure, router } from '../trpc.ts';

const byId = z.object({ id: z.string() });

export const runsRouter = router({
  list: procedure.output(z.array(runSummarySchema)).query(({ ctx }) => ctx.studio.runs.list()),
  get: procedure
    .input(byId)
    .output(runDetailSchema)
    .query(({ ctx, input }) => ctx.studio.runs.get(input.id)),
  start: procedure
    .input(runRequestSchema)
    .output(runDetailSchema)
    .mutation(({ ctx, input }) => ctx.studio.runs.start(input)),
  /** Times a few steps of what `start` would train, and leaves nothing behind; takes some seconds, more for a large network. */
  trial: procedure
    .input(runRequestSchema)
    .output(trialSchema)
    .mutation(({ ctx, input, signal }) => ctx.studio.trials.time(input, signal)),
  /** Pauses at the next step boundary; everything needed to go on exactly is saved. */
  pause: procedure
    .input(byId)
    .output(runSummarySchema)
    .mutation(({ ctx, input }) => ctx.studio.runs.pause(input.id)),
  /** `cluster`: other workers than before, from here on. */
  resume: procedure
    .input(byId.extend({ cluster: clusterRequestSchema.optional() }))
    .output(runSummarySchema)
    .mutation(({ ctx, input }) => ctx.studio.runs.resume(input.id, input.cluster)),
  /** How the workers of a run on a cluster fare. */
  workers: procedure
    .input(byId)
    .output(z.array(workerLoadSchema))
    .query(({ ctx, input }) => ctx.studio.runs.workers(input.id)),
  /** Fine-tunes the best adaptation network so far and ends the run with it. */
  finetune: procedure
    .input(byId)
    .output(runSummarySchema)
    .mutation(({ ctx, input }) => ctx.studio.runs.finetune(input.id)),
  /** Ends the run for good; its checkpoints stay. */
  stop: procedure
    .input(byId)
    .output(runSummarySchema)
    .mutation(({ ctx, input }) => ctx.studio.runs.stop(input.id)),
  remove: procedure
    .input(byId)
    .output(z.object({ id: z.string() }))
    .mutation(async ({ ctx, input }) => {
      await ctx.studio.runs.remove(input.id);
      return input;
    }),
  /** The curves as an event file of TensorBoard's, in a folder of the host's machine. */
  exportCurves: procedure
    .input(byId.extend({ folder: z.string().min(1) }))
    .output(z.object({ path: z.string(), steps: z.number().int(), evaluations: z.number().int() }))
    .mutation(({ ctx, input }) => ctx.studio.runs.exportCurves(input.id, input.folder)),
  /** Gives a run tags, or takes them away. */
  tag: procedure
    .input(tagRequestSchema)
    .output(runSummarySchema)
    .mutation(({ ctx, input }) => ctx.studio.runs.changeTags(input)),
  /** How the labels of two runs differ: of their newest rounds, and those they were given. */
  labelChanges: procedure
    .input(labelChangesRequestSchema)
    .output(labelChangesSchema)
    .query(({ ctx, input }) => ctx.studio.labelChanges.between(input)),
  /** Which labels a run was given that a person had given or confirmed, image by image. */
  reviewedLabels: procedure
    .input(
      byId.extend({
        part: reviewedPartSchema.default('labeled'),
        afterImage: z.number().int().nonnegative().default(0),
        limit: z.number().int().min(1).max(10_000).default(200),
      }),
    )
    .output(reviewedLabelPageSchema)
    .query(({ ctx, input: { id, part, afterImage, limit } }) =>
      ctx.studio.labelChanges.reviewed(id, part, afterImage, limit),
    ),
  /** Memory the engine held, over the steps. */
  memory: procedure
    .input(byId.extend({ maximumPoints: z.number().int().min(2).max(100_000).default(1_000) }))
    .output(z.array(memorySampleSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.runs.memory(input.id, input.maximumPoints)),
  /** Images that could not be read and were left out, by their paths. */
  badImages: procedure
    .input(byId.extend({ limit: z.number().int().min(1).max(10_000).default(1_000) }))
    .output(z.array(badImageSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.runs.badImages(input.id, input.limit)),
  /** Step metrics after a step, evenly thinned to at most `maximumPoints`. */
  steps: procedure
    .input(
      byId.extend({
        afterStep: z.number().int().min(-1).default(-1),
        maximumPoints: z.number().int().min(2).max(100_000).default(2_000),
      }),
    )
    .output(z.array(stepMetricsSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.runs.steps(input.id, input)),
});
