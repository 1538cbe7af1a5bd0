import { z } from 'zod';
import { keptErrorSchema } from './kept-error.ts';

export const JOB_KINDS = [
  'demo',
  'import',
  'train',
  'evaluate',
  'setup',
  'export',
  'backup',
  'analyze',
  'remove',
  'pseudo-label',
  'map',
] as const;
export const jobKindSchema = z.enum(JOB_KINDS);
export type JobKind = z.infer<typeof jobKindSchema>;

export const JOB_STATUSES = ['queued', 'running', 'paused', 'interrupted', 'finished', 'cancelled', 'failed'] as const;
export const jobStatusSchema = z.enum(JOB_STATUSES);
export type JobStatus = z.infer<typeof jobStatusSchema>;

/** Long work, as a row of the catalog: what, how far, how fast, and how it ended. */
export const jobSchema = z.object({
  id: z.number().int(),
  kind: jobKindSchema,
  title: z.string(),
  status: jobStatusSchema,
  /** In `unit`s; `total` is null while it is not known. */
  done: z.number(),
  total: z.number().nullable(),
  unit: z.string(),
  /** Units a second over the last few seconds, and the estimate that follows. */
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  message: z.string(),
  error: keptErrorSchema.nullable(),
  /** The run this job belongs to, if any. */
  run: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Job = z.infer<typeof jobSchema>;
