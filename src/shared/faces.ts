import { z } from 'zod';
import { duplicateKindSchema, imageAnalysisSchema, measureSchema } from './analysis.ts';
import { imageRowSchema } from './catalog.ts';
import { imageFilterSchema } from './filter.ts';
import { sortSchema } from './query.ts';

/** All images of a filter in some order, to be looked at anywhere in it. */
export const faceListSchema = z.object({
  filter: imageFilterSchema.default({}),
  sort: sortSchema.default('id'),
  descending: z.boolean().default(false),
});
export type FaceListRequest = z.infer<typeof faceListSchema>;

const positionSchema = z.number().int().nonnegative();
export const LARGEST_WINDOW = 500;

export const faceWindowRequestSchema = faceListSchema.extend({
  /** Position of the first row. */
  offset: positionSchema,
  limit: z.number().int().min(1).max(LARGEST_WINDOW),
});
export type FaceWindowRequest = z.infer<typeof faceWindowRequestSchema>;

/** Null where the rows were found before all images of the list were counted, which is only for a window at the beginning. */
export const faceWindowSchema = z.object({ rows: z.array(imageRowSchema), total: positionSchema.nullable() });
export type FaceWindow = z.infer<typeof faceWindowSchema>;

/** Images chosen one by one are named up to this many; more are chosen by a filter. */
export const MOST_CHOSEN = 100_000;

/** The images between two positions of a list, both included. */
export const faceRangeRequestSchema = faceListSchema.extend({ from: positionSchema, to: positionSchema });
export type FaceRangeRequest = z.infer<typeof faceRangeRequestSchema>;

const idsSchema = z.array(z.number().int().positive()).max(MOST_CHOSEN);

/** What a person selected: some images, or all that match a filter but a few. */
export const selectionSchema = z.union([
  z.object({ ids: idsSchema.min(1) }),
  z.object({ filter: imageFilterSchema, except: idsSchema.default([]) }),
]);
export type Selection = z.infer<typeof selectionSchema>;

/** A face that shows the same as another one. */
export const faceCopiesSchema = z.object({
  kind: duplicateKindSchema,
  group: z.number().int(),
  /** Images of the group, the face itself included. */
  size: z.number().int(),
  /** The others, the first of them. */
  rows: z.array(imageRowSchema),
});
export type FaceCopies = z.infer<typeof faceCopiesSchema>;

/** Everything that is known of one image. */
export const faceSchema = imageRowSchema.extend({
  /** Where its file is on the host's machine. */
  file: z.string(),
  analysis: imageAnalysisSchema.nullable(),
  /** Counts are in the order of VOTE_CHOICES. */
  votes: z.array(z.object({ origin: z.string(), counts: z.array(z.number().int()) })),
  copies: z.array(faceCopiesSchema),
});
export type Face = z.infer<typeof faceSchema>;

/**
 * What similar faces are found by: what the network of a round saw of them (cosine distance of the last layer, 0 … 2), or the perceptual hash of an
 * analysis (bits of 64 in which two differ).
 */
export const SIMILARITY_MEASURES = ['embeddings', 'hash'] as const;
export const similarFacesSchema = z.object({
  image: z.number().int(),
  measure: z.enum(SIMILARITY_MEASURES),
  /** Whose embeddings they are; null for hashes. */
  round: z.object({ id: z.number().int(), name: z.string() }).nullable(),
  /** Images that were compared, and how many of them are the nearest. */
  compared: z.number().int(),
  count: z.number().int(),
});
export type SimilarFaces = z.infer<typeof similarFacesSchema>;

/** How the measures of the analyzed images of a filter are spread. */
export const measureHistogramSchema = z.object({
  measure: measureSchema,
  /** One more than there are counts; what lies outside is in the first or last. */
  bounds: z.array(z.number()),
  counts: z.array(z.number().int()),
  mean: z.number(),
});
export type MeasureHistogram = z.infer<typeof measureHistogramSchema>;

/** A filter and an order under a name, as the window's address has them. */
export const savedViewSchema = z.object({
  name: z.string().trim().min(1).max(100),
  search: z.record(z.string().max(50), z.union([z.string().max(2_000), z.number(), z.boolean()])),
});
export type SavedView = z.infer<typeof savedViewSchema>;
