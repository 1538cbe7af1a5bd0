import { z } from 'zod';
import { splitSchema } from './images.ts';
import { markedFaceSchema, neighborPlaceSchema } from './prediction.ts';
import { networkSchema } from './training.ts';

/** Where a trained network comes from: a run of this workspace, or a checkpoint folder or file. */
export const modelRequestSchema = z
  .object({
    run: z.string().optional(),
    checkpoint: z.string().optional(),
    /** The network that validation chose, when left out. */
    network: networkSchema.optional(),
  })
  .refine((model) => (model.run === undefined) !== (model.checkpoint === undefined), {
    message: 'Name either a run or a checkpoint.',
  });
export type ModelRequest = z.infer<typeof modelRequestSchema>;

/** A picture to predict: of the catalog, uploaded by the window, or (from the command line and the desktop shell) a file. */
export const pictureSchema = z.union([
  z.object({ image: z.number().int() }),
  z.object({ upload: z.string().regex(/^[A-Za-z0-9_-]{10,64}$/) }),
  z.object({ path: z.string().min(1) }),
]);
export type Picture = z.infer<typeof pictureSchema>;

export const predictRequestSchema = z.object({
  model: modelRequestSchema,
  picture: pictureSchema,
  /** To ask side by side; the model's own when left out. */
  networks: z.array(networkSchema).min(1).optional(),
  /** Look for faces; or take the whole picture as one; or these, as somebody marked or corrected them. */
  faces: z.union([z.enum(['picture', 'detect']), z.array(markedFaceSchema).min(1).max(100)]).default('picture'),
  /** Prepare faces as the released notebook does: without the margin that evaluation cuts away. */
  notebook: z.boolean().default(false),
  /** Tell where each network looked. */
  explain: z.boolean().default(false),
  /** Tell the labeled images that each network finds most alike; their features must have been computed. */
  neighbors: neighborPlaceSchema.optional(),
});
export type PredictRequest = z.infer<typeof predictRequestSchema>;

/** Computes what networks see of labeled images, to find neighbours among them. */
export const neighborRequestSchema = z.object({
  model: modelRequestSchema,
  networks: z.array(networkSchema).min(1).optional(),
  place: neighborPlaceSchema,
});
export type NeighborRequest = z.infer<typeof neighborRequestSchema>;

export const imagePageRequestSchema = z.object({
  source: z.string().optional(),
  split: splitSchema.optional(),
  label: z.number().int().min(0).max(7).optional(),
  afterId: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(500).default(100),
});

export const workspaceInfoSchema = z.object({
  directory: z.string(),
  name: z.string(),
  version: z.string(),
  images: z.number().int(),
  /** Null until the TensorFlow runtime is set up. */
  runtime: z.object({ version: z.string(), device: z.string(), deviceName: z.string() }).nullable(),
  /** What was found half done when the host started, as sentences. */
  notices: z.array(z.string()),
});
export type WorkspaceInfo = z.infer<typeof workspaceInfoSchema>;
