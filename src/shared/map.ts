import { z } from 'zod';
import { classSchema, rankRequestSchema, roundReferenceSchema } from './review.ts';

/** Points that UMAP lays out, unless said otherwise: half a minute. The most it may: some minutes, and gigabytes of memory. */
export const USUAL_LANDMARKS = 20_000;
export const MOST_LANDMARKS = 50_000;
/** Faces that count as near to each one, unless said otherwise. */
export const USUAL_NEIGHBOURS = 15;

/** Makes the map of a round anew. The same numbers over the same embeddings give the same map. */
export const mapRequestSchema = z.object({
  round: roundReferenceSchema,
  /** Faces that UMAP lays out, at most; others are placed between those they are nearest to. */
  sample: z.number().int().min(100).max(MOST_LANDMARKS).default(USUAL_LANDMARKS),
  /** Faces that count as near to each one, itself included: few show small groups, many the large picture. */
  neighbours: z.number().int().min(3).max(50).default(USUAL_NEIGHBOURS),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
});
export type MapRequest = z.input<typeof mapRequestSchema>;

/** How a map was made; kept in its file. */
export const mapSettingsSchema = z.object({
  points: z.number().int(),
  /** Points that UMAP laid out. The others were placed at the weighted mean of the landmarks nearest to them. */
  landmarks: z.number().int(),
  sample: z.number().int(),
  neighbours: z.number().int(),
  epochs: z.number().int(),
  /** Numbers each embedding was reduced to before neighbours were looked for. */
  components: z.number().int(),
  minimumDistance: z.number(),
  seed: z.number().int(),
  seconds: z.number(),
  madeAt: z.string(),
});
export type MapSettings = z.infer<typeof mapSettingsSchema>;

/** What there is of a round's map. */
export const roundMapSchema = z.object({
  round: z.number().int(),
  /** What it is or would be made of: the round's own embeddings, or those of the newest round over the same source that has any. */
  embeddings: z
    .object({ round: z.number().int(), name: z.string(), points: z.number().int(), size: z.number().int() })
    .nullable(),
  map: mapSettingsSchema.nullable(),
  /** The embeddings are others than those it was made of. */
  isStale: z.boolean(),
  /** The job that makes it now. */
  job: z.number().int().nullable(),
  /** Seconds that the usual map takes, about; null without embeddings. */
  estimate: z.number().nullable(),
});
export type RoundMap = z.infer<typeof roundMapSchema>;

/** Stands for no class in the columns of a map. */
export const NO_CLASS = 8;

/**
 * The columns of a map as `/map/<round>` sends them, a safetensors document with these tensors, in ascending order of the images: `id` F64 [N],
 * `position` F32 [N×2], `confidence` F32 [N], and as U8 [N] `predicted` (class), `known` (the class the data set or a person says, or NO_CLASS;
 * what only the maker of drawn data knows is not told), `split` (index into SPLITS), `landmark` (1: laid out, 0: placed) and `decided` (1 where a
 * decision stands).
 */
export const MAP_COLUMNS = [
  'id',
  'position',
  'confidence',
  'predicted',
  'known',
  'split',
  'landmark',
  'decided',
] as const;

/** Images chosen on a map are kept as a queue of their own up to this many. */
export const MOST_PICKED = 100_000;

export const pickRequestSchema = z.object({
  round: z.number().int().positive(),
  images: z.array(z.number().int().positive()).min(1).max(MOST_PICKED),
});

/** A choice of images of a round that is kept to be looked through. */
export const pickSchema = z.object({
  id: z.string(),
  round: z.number().int(),
  count: z.number().int(),
  madeAt: z.string(),
});
export type PickedFaces = z.infer<typeof pickSchema>;
export const pickIdSchema = z.string().regex(/^[0-9a-f]{16}$/);

/** What the network finds alike, for a card. */
export const nearestRequestSchema = rankRequestSchema.extend({ image: z.number().int().positive() });
export type NearestRequest = z.input<typeof nearestRequestSchema>;

/** An image that the network finds alike. */
export const nearImageSchema = z.object({
  image: z.number().int(),
  /** The label in question of it, and whether that is its own. */
  label: classSchema,
  isGiven: z.boolean(),
  /** Between what the network's last layer saw: 1 less the cosine, 0 … 2. */
  distance: z.number(),
});
export type NearImage = z.infer<typeof nearImageSchema>;
