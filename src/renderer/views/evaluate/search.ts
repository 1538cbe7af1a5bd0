import { z } from 'zod';
import { evaluationIdSchema } from '#shared/evaluation.ts';
import { modelSearchSchema } from '../predict/search.ts';

/** A name that is a number reaches us as one. */
const textSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch(undefined);

export const EVALUATED_SPLITS = ['test', 'validation', 'train'] as const;
export type EvaluatedSplit = (typeof EVALUATED_SPLITS)[number];

/** The evaluation that is shown, what it is compared with and which of its faces; and what would be evaluated next. */
export const evaluateSearchSchema = modelSearchSchema.extend({
  split: z.enum(EVALUATED_SPLITS).optional().catch(undefined),
  source: textSchema,
  id: evaluationIdSchema.optional().catch(undefined),
  against: evaluationIdSchema.optional().catch(undefined),
  /** Class names: of the faces that are listed, what they are and what they were taken for. */
  label: textSchema,
  predicted: textSchema,
});
export type EvaluateSearch = z.infer<typeof evaluateSearchSchema>;
