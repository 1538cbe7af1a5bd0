import { z } from 'zod';
import { networkSchema } from './training.ts';

export const facePredictionSchema = z.object({
  /** Pixels of the picture as shown; the whole image where no detection was asked for. */
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
  class: z.string(),
  probability: z.number(),
  /** By class name. */
  probabilities: z.record(z.string(), z.number()),
});
export const imagePredictionSchema = z.object({
  path: z.string(),
  network: networkSchema,
  step: z.number().int(),
  faces: z.array(facePredictionSchema),
  milliseconds: z.number(),
});
export type ImagePrediction = z.infer<typeof imagePredictionSchema>;
