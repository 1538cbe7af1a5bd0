import { z } from 'zod';
import { jobSchema } from '#shared/jobs.ts';
import {
  distributionSchema,
  feedbackBatchSchema,
  feedbackExtremeSchema,
  flippedPageSchema,
  flippedRequestSchema,
  flipsSchema,
  labelRequestSchema,
  pseudoLabelSchema,
  roundCalibrationSchema,
  roundFileRequestSchema,
  roundHistogramSchema,
  roundProblemSchema,
  roundSchema,
  thresholdPreviewSchema,
} from '#shared/rounds.ts';
import { procedure, router } from '../trpc.ts';

const byId = z.object({ id: z.number().int() });
const thresholdSchema = z.number().min(0).max(1);

export const roundsRouter = router({
  /** The newest first. */
  list: procedure
    .input(z.object({ source: z.string().optional(), run: z.string().optional() }).default({}))
    .output(z.array(roundSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.rounds.list(input)),
  get: procedure
    .input(byId)
    .output(roundSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.rounds.get(input.id)),
  /** By its number or its name. */
  find: procedure
    .input(z.object({ round: z.string() }))
    .output(roundSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.named(input.round)),
  /** The first of what could not be labeled. */
  problems: procedure
    .input(byId)
    .output(z.array(roundProblemSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.rounds.problems(input.id)),
  /** Labels a source with a network, as a job; the same request continues what was interrupted. */
  label: procedure
    .input(labelRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.rounds.label(input).job),
  /** Makes a round of a file of the host's machine, as a job. */
  importFile: procedure
    .input(roundFileRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.rounds.importFile(input).job),
  remove: procedure
    .input(byId)
    .output(byId)
    .mutation(({ ctx, input }) => {
      ctx.studio.rounds.remove(input.id);
      return input;
    }),
  /** How labels went from class to class between two rounds. */
  flips: procedure
    .input(z.object({ from: z.number().int(), to: z.number().int() }))
    .output(flipsSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.audit.flips(input.from, input.to)),
  /** The images behind a cell of that matrix, or behind all flips. */
  flipped: procedure
    .input(flippedRequestSchema)
    .output(flippedPageSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.audit.flipped(input)),
  /** What every round said of an image, the first round first. */
  timeline: procedure
    .input(z.object({ image: z.number().int() }))
    .output(z.array(pseudoLabelSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.pseudoLabels.ofImage(input.image)),
  /** What a round said of some images. */
  labels: procedure
    .input(byId.extend({ images: z.array(z.number().int()).max(1_000) }))
    .output(z.array(pseudoLabelSchema.extend({ image: z.number().int() })))
    .query(({ ctx, input }) => ctx.studio.catalog.pseudoLabels.of(input.id, input.images)),
  histogram: procedure
    .input(byId.extend({ bins: z.number().int().min(1).max(200).default(50) }))
    .output(roundHistogramSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.audit.histogram(input.id, input.bins)),
  calibration: procedure
    .input(byId)
    .output(roundCalibrationSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.audit.calibration(input.id)),
  /** What thresholds would accept: one for each class of the round, or one for all. */
  thresholds: procedure
    .input(byId.extend({ thresholds: z.array(thresholdSchema).min(1).max(8) }))
    .output(thresholdPreviewSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.audit.thresholds(input.id, input.thresholds)),
  /** Labeled faces beside the round's labels. */
  distribution: procedure
    .input(byId)
    .output(distributionSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.audit.distribution(input.id)),
  /** The steps of a run whose feedback was the strongest. */
  feedbackExtremes: procedure
    .input(z.object({ run: z.string() }))
    .output(z.array(feedbackExtremeSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.runs.feedbackExtremes(input.run)),
  /** The batch behind one of them, image by image. */
  feedbackBatch: procedure
    .input(z.object({ run: z.string(), step: z.number().int() }))
    .output(feedbackBatchSchema)
    .query(({ ctx, input }) => ctx.studio.rounds.feedbackBatch(input.run, input.step)),
});
