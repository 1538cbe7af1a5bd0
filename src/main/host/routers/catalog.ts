import { z } from 'zod';
import {
  analysisRequestSchema,
  analysisSummarySchema,
  dataMismatchSchema,
  distanceSchema,
  duplicateMembersRequestSchema,
  duplicatePageRequestSchema,
  duplicatePageSchema,
  exclusionRequestSchema,
  exclusionSchema,
  imageAnalysisSchema,
} from '#shared/analysis.ts';
import {
  catalogStatsSchema,
  statsRequestSchema,
  subsetNameSchema,
  subsetSchema,
  imagePageSchema,
  importFailureSchema,
  importPreviewSchema,
  importRequestSchema,
} from '#shared/catalog.ts';
import { exportRequestSchema } from '#shared/export.ts';
import {
  faceListSchema,
  faceRangeRequestSchema,
  faceSchema,
  faceWindowRequestSchema,
  faceWindowSchema,
  measureHistogramSchema,
  savedViewSchema,
  selectionSchema,
  similarFacesSchema,
} from '#shared/faces.ts';
import { imageFilterSchema } from '#shared/filter.ts';
import { jobSchema } from '#shared/jobs.ts';
import { facetsSchema, imageQuerySchema, queryPageSchema } from '#shared/query.ts';
import { imagePageRequestSchema } from '#shared/requests.ts';
import { faceOf } from '../services/face-details.ts';
import { removeView, saveView, savedViews } from '../services/saved-views.ts';
import { addToSubset, excludeSelected } from '../services/selections.ts';
import { removeSource } from '../services/source-removal.ts';
import { procedure, router } from '../trpc.ts';

export const catalogRouter = router({
  stats: procedure
    .input(statsRequestSchema.default({}))
    .output(catalogStatsSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.stats(input)),
  images: procedure
    .input(imagePageRequestSchema)
    .output(imagePageSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.images.page(input)),
  /** Images of any filter, in any order, a page at a time. */
  query: procedure
    .input(imageQuerySchema)
    .output(queryPageSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.query.page(input)),
  /** Images of any filter, in any order, at any place of it. */
  window: procedure
    .input(faceWindowRequestSchema)
    .output(faceWindowSchema)
    .query(({ ctx, input }) => ctx.studio.faces.window(input)),
  /** Where an image is among those of a filter; null when it is not there. */
  position: procedure
    .input(faceListSchema.extend({ id: z.number().int() }))
    .output(z.number().int().nullable())
    .query(({ ctx, input: { id, ...list } }) => ctx.studio.faces.position(list, id)),
  /** Ids of the images between two places. */
  range: procedure
    .input(faceRangeRequestSchema)
    .output(z.array(z.number().int()))
    .query(({ ctx, input }) => ctx.studio.faces.range(input)),
  /** Everything that is known of one image. */
  face: procedure
    .input(z.object({ id: z.number().int() }))
    .output(faceSchema)
    .query(({ ctx, input }) => faceOf(ctx.studio.catalog, input.id)),
  /** How brightness, contrast, sharpness, colour and size of the images of a filter are spread, of those that were analyzed. */
  measures: procedure
    .input(z.object({ filter: imageFilterSchema.default({}) }).default({ filter: {} }))
    .output(z.array(measureHistogramSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.mismatch.histograms(input.filter)),
  /** Takes what was selected out of every count, page and draw, or back in, in one step that can be undone; null when nothing changed. */
  excludeSelected: procedure
    .input(z.object({ selection: selectionSchema, excluded: z.boolean(), reason: z.string().trim().min(1).max(1_000) }))
    .output(exclusionSchema.nullable())
    .mutation(({ ctx, input }) => {
      const exclusion = excludeSelected(ctx.studio.catalog, input);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return exclusion;
    }),
  /** Makes another version of a subset with what was selected, or a new subset of it. */
  addToSubset: procedure
    .input(z.object({ selection: selectionSchema, name: subsetNameSchema }))
    .output(subsetSchema)
    .mutation(({ ctx, input }) => {
      const subset = addToSubset(ctx.studio.catalog, input);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return subset;
    }),
  /** Removes a source with all that is known of its images, as a job; the files stay. */
  removeSource: procedure
    .input(z.object({ name: z.string().min(1) }))
    .output(jobSchema)
    .mutation(({ ctx, input }) => removeSource(ctx.studio.catalog, ctx.studio.jobs, input.name)),
  views: procedure.output(z.array(savedViewSchema)).query(({ ctx }) => savedViews(ctx.studio.catalog)),
  saveView: procedure
    .input(savedViewSchema)
    .output(z.array(savedViewSchema))
    .mutation(({ ctx, input }) => saveView(ctx.studio.catalog, input)),
  removeView: procedure
    .input(savedViewSchema.pick({ name: true }))
    .output(z.array(savedViewSchema))
    .mutation(({ ctx, input }) => removeView(ctx.studio.catalog, input.name)),
  /** How the faces most like one are found: by which measure, among how many. */
  similar: procedure
    .input(z.object({ filter: imageFilterSchema.refine(({ similarTo }) => similarTo !== undefined, 'Name an image.') }))
    .output(similarFacesSchema)
    .query(({ ctx, input }) => ctx.studio.similar.describe(input.filter)),
  facets: procedure
    .input(z.object({ filter: imageFilterSchema.default({}) }).default({ filter: {} }))
    .output(facetsSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.query.facets(input.filter)),
  /** Takes images out of every count, page and draw, or back in; the log keeps it. */
  setExcluded: procedure
    .input(
      z.object({
        ids: z.array(z.number().int()).min(1).max(500),
        excluded: z.boolean(),
        reason: z.string().trim().min(1).max(1_000).default('none given'),
      }),
    )
    .output(z.object({ changed: z.number().int() }))
    .mutation(({ ctx, input }) => {
      const changed = ctx.studio.analysis.setExcluded(input.ids, input.excluded, input.reason);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return { changed };
    }),
  /** Excludes leaks, contradictions or the images of a filter in one step; null when there is nothing to exclude. */
  exclude: procedure
    .input(exclusionRequestSchema)
    .output(exclusionSchema.nullable())
    .mutation(({ ctx, input }) => {
      const exclusion = ctx.studio.analysis.exclude(input);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return exclusion;
    }),
  /** Takes back the newest exclusion that stands; with an id only if it is that one. */
  undoExclusion: procedure
    .input(z.object({ id: z.number().int().optional() }).default({}))
    .output(exclusionSchema)
    .mutation(({ ctx, input }) => {
      const exclusion = ctx.studio.analysis.undoExclusion(input.id);
      ctx.studio.events.publish({ type: 'catalog.changed' });
      return exclusion;
    }),
  /** What was excluded and taken back, the newest first. */
  exclusions: procedure
    .input(
      z
        .object({ beforeId: z.number().int().optional(), limit: z.number().int().min(1).max(500).default(100) })
        .default({ limit: 100 }),
    )
    .output(z.array(exclusionSchema))
    .query(({ ctx, input: { beforeId, limit } }) =>
      ctx.studio.catalog.exclusions.list({ limit, ...(beforeId !== undefined && { beforeId }) }),
    ),
  /** Looks at images that were not yet looked at, and searches for duplicates, as a job. */
  analyze: procedure
    .input(analysisRequestSchema.default({}))
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.analysis.start(input).job),
  /** Searches for near duplicates with another distance, as a job. */
  searchNear: procedure
    .input(z.object({ distance: distanceSchema }))
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.analysis.searchNear(input.distance).job),
  analysisSummary: procedure.output(analysisSummarySchema).query(({ ctx }) => ctx.studio.analysis.summary()),
  /** One image's analysis; null when it has none. */
  imageAnalysis: procedure
    .input(z.object({ id: z.number().int() }))
    .output(imageAnalysisSchema.nullable())
    .query(({ ctx, input }) => ctx.studio.catalog.analyses.find(input.id) ?? null),
  /** Groups of duplicates, the largest first, with their first members. */
  duplicates: procedure
    .input(duplicatePageRequestSchema.prefault({}))
    .output(duplicatePageSchema)
    .query(({ ctx, input }) => {
      const { duplicates, query } = ctx.studio.catalog;
      return duplicates.page(input, (ids) => query.rows(ids));
    }),
  /** All members of one group, a page at a time. */
  duplicateMembers: procedure
    .input(duplicateMembersRequestSchema)
    .output(imagePageSchema)
    .query(({ ctx, input }) => {
      const { duplicates, query } = ctx.studio.catalog;
      return duplicates.members(input, (ids) => query.rows(ids));
    }),
  /** How brightness, contrast, sharpness, colour and size of labeled and unlabeled faces differ. */
  mismatch: procedure
    .input(z.object({ labeled: imageFilterSchema.optional(), unlabeled: imageFilterSchema.optional() }).default({}))
    .output(dataMismatchSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.mismatch.compare(input.labeled, input.unlabeled)),
  /** Writes images of a filter or a subset, as a job. */
  export: procedure
    .input(exportRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.exports.start(input).job),
  /** Copies the catalog, as a job. */
  backup: procedure
    .input(z.object({ file: z.string().min(1).optional() }).default({}))
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.backups.start(input.file).job),
  /** Files an import of this source rejected, a page at a time, by their paths. */
  importErrors: procedure
    .input(z.object({ source: z.string(), afterPath: z.string().default('') }))
    .output(z.array(importFailureSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.importErrors.list(input.source, input)),
  /** What an import would do, from a look at its first images. */
  importPreview: procedure
    .input(importRequestSchema)
    .output(importPreviewSchema)
    .query(({ ctx, input }) => ctx.studio.imports.preview(input)),
  /** Starts an import; it goes on as a job. */
  import: procedure
    .input(importRequestSchema)
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.imports.start(input).job),
  /** Draws the demo's faces and imports them, as a job; with `train` it then makes a subset and starts a run. */
  demo: procedure
    .input(z.object({ seed: z.number().int().nonnegative().default(0), train: z.boolean().default(false) }))
    .output(jobSchema)
    .mutation(({ ctx, input }) => ctx.studio.demo.start(input).job),
});
