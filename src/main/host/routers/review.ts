import { z } from 'zod';
import { jobSchema } from '#shared/jobs.ts';
import { nearImageSchema, nearestRequestSchema } from '#shared/map.ts';
import {
  auditAnswerRequestSchema,
  auditImageSchema,
  auditReportSchema,
  auditRequestSchema,
  decideRequestSchema,
  decisionBatchSchema,
  imageDecisionSchema,
  logRequestSchema,
  queueListSchema,
  queuePageSchema,
  queueRequestSchema,
  rankRequestSchema,
  reviewStatsSchema,
  suspicionSchema,
  turnRequestSchema,
  weightsSchema,
  reviewActionSchema,
  reviewKeysSchema,
  keySchema,
} from '#shared/review.ts';
import {
  agreementSchema,
  confidentReportSchema,
  decisionExportSchema,
  decisionImportRequestSchema,
  decisionImportSchema,
  crossfitRequestSchema,
  reviewedSubsetRequestSchema,
  reviewedSubsetSchema,
} from '#shared/review-use.ts';
import { procedure, router } from '../trpc.ts';

const byReviewer = z.object({ reviewer: z.string().min(1).optional() }).default({});
const byName = z.object({ name: z.string() });
const allWeightsSchema = z.record(suspicionSchema, z.number());

export const reviewRouter = router({
  /** The queues of a round with their counts. Ranks it first: seconds for a large round. */
  queues: procedure
    .input(rankRequestSchema)
    .output(queueListSchema)
    .query(({ ctx, input }) => ctx.studio.reviews.queues.list(input)),
  /** Images of one queue with the reasons in sentences, the most suspicious first. */
  queue: procedure
    .input(queueRequestSchema)
    .output(queuePageSchema)
    .query(({ ctx, input }) => ctx.studio.reviews.queues.page(input)),
  /** What the network finds alike to an image, the nearest first; null without embeddings. */
  nearest: procedure
    .input(nearestRequestSchema)
    .output(z.array(nearImageSchema).nullable())
    .query(({ ctx, input }) => ctx.studio.reviews.queues.nearest(input)),
  /** What confident learning says of a labeled set as a whole. */
  confident: procedure
    .input(rankRequestSchema)
    .output(confidentReportSchema)
    .query(({ ctx, input }) => ctx.studio.reviews.queues.confident(input)),
  weights: procedure.output(allWeightsSchema).query(({ ctx }) => ctx.studio.reviews.queues.weights),
  setWeights: procedure
    .input(weightsSchema)
    .output(allWeightsSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.queues.setWeights(input)),
  /** Keeps a verdict on one image or many as one act. */
  decide: procedure
    .input(decideRequestSchema)
    .output(decisionBatchSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.decide(input)),
  /** Takes the reviewer's newest act that stands back. */
  undo: procedure
    .input(turnRequestSchema.default({}))
    .output(decisionBatchSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.undo(input)),
  redo: procedure
    .input(turnRequestSchema.default({}))
    .output(decisionBatchSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.redo(input)),
  /** Acts, the newest first. */
  log: procedure
    .input(logRequestSchema.omit({ image: true }).prefault({}))
    .output(z.array(decisionBatchSchema))
    .query(({ ctx, input: { beforeId, limit } }) =>
      ctx.studio.catalog.decisions.list({ limit, ...(beforeId !== undefined && { beforeId }) }),
    ),
  /** All that was decided of one image, the oldest first. */
  history: procedure
    .input(z.object({ image: z.number().int() }))
    .output(z.array(imageDecisionSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.decisions.history(input.image)),
  stats: procedure
    .input(byReviewer)
    .output(reviewStatsSchema)
    .query(({ ctx, input }) => ctx.studio.reviews.stats(input.reviewer)),
  reviewers: procedure.output(z.array(z.string())).query(({ ctx }) => ctx.studio.catalog.decisions.reviewers()),
  /** Cohen's kappa of two reviewers; `file`: the other one's decisions are in a file that was not imported. */
  agreement: procedure
    .input(z.object({ one: z.string().min(1), other: z.string().min(1), file: z.string().min(1).optional() }))
    .output(agreementSchema)
    .query(({ ctx, input }) => ctx.studio.reviews.agreement(input.one, input.other, input.file)),
  /** Writes what every reviewer said last of each image, as csv. */
  export: procedure
    .input(z.object({ file: z.string().min(1) }))
    .output(decisionExportSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.exportDecisions(input.file)),
  /** Takes decisions from a csv; what is decided otherwise here is told, and left unless it may be overwritten. */
  import: procedure
    .input(decisionImportRequestSchema)
    .output(decisionImportSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.importDecisions(input)),
  /** A frozen subset of what was decided, for the next run. */
  subset: procedure
    .input(reviewedSubsetRequestSchema)
    .output(reviewedSubsetSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.subset(input)),
  /** Draws a blind audit. */
  startAudit: procedure
    .input(auditRequestSchema)
    .output(auditReportSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.audits.start(input)),
  audits: procedure.output(z.array(auditReportSchema)).query(({ ctx }) => ctx.studio.reviews.audits.list()),
  audit: procedure
    .input(byName)
    .output(auditReportSchema)
    .query(({ ctx, input }) => ctx.studio.reviews.audits.report(input.name)),
  /** The next image of an audit, without its label; null when all are judged. */
  auditNext: procedure
    .input(byName)
    .output(auditImageSchema.nullable())
    .query(({ ctx, input }) => ctx.studio.reviews.audits.next(input.name)),
  /** Tells no more than how far the audit is: whether the label was right must not be known while it goes on. */
  auditAnswer: procedure
    .input(auditAnswerRequestSchema)
    .output(z.object({ decision: z.number().int(), next: auditImageSchema.nullable() }))
    .mutation(({ ctx, input }) => {
      const { id } = ctx.studio.reviews.answer(input);
      return { decision: id, next: ctx.studio.reviews.audits.next(input.name) };
    }),
  /** Out-of-sample labels of a labeled set, as a job. */
  crossfit: procedure
    .input(crossfitRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.crossfit(input).job),
  keys: procedure.output(reviewKeysSchema).query(({ ctx }) => ctx.studio.reviews.keys),
  setKeys: procedure
    .input(z.partialRecord(reviewActionSchema, keySchema))
    .output(reviewKeysSchema)
    .mutation(({ ctx, input }) => ctx.studio.reviews.setKeys(input)),
  resetKeys: procedure.output(reviewKeysSchema).mutation(({ ctx }) => ctx.studio.reviews.resetKeys()),
});
